// SPDX-License-Identifier: GPL-2.0-only
/* crit report: descriptors, sockets, namespaces and mounts: the rows of the views as tables. */
#include <inttypes.h>
#include <string.h>

#include "base/guard.h"
#include "crit/report.h"

/* Rows in all of one section, and descriptors of one task; the views of crit x have the rest. */
#define ROWS_MAX	20000
#define DESCRIPTORS_MAX 400
#define OPEN_TASKS_MAX	4

static void put_cell(FILE *out, const char *attributes, const char *text)
{
	fprintf(out, "<td%s%s>", *attributes ? " " : "", attributes);
	html_text(out, text);
	fputs("</td>", out);
}

static void put_code(FILE *out, const char *attributes, const char *text)
{
	fprintf(out, "<td%s%s><code>", *attributes ? " " : "", attributes);
	html_text(out, text);
	fputs("</code></td>", out);
}

static void put_more(FILE *out, size_t columns, const char *view)
{
	fprintf(out,
		"<tr><td colspan=%zu class=soft>More than are shown here: <code>crit x DIR %s</code> lists all.</td></tr>\n",
		columns, view);
}

/* --- descriptors ------------------------------------------------------------------------------------------------ */

static void put_position(FILE *out, struct json_object *file)
{
	if (file && row_get_uint(file, "pos"))
		fprintf(out, "at <span class=n>%" PRIu64 "</span>", row_get_uint(file, "pos"));
}

static void begin_task(struct report *r, uint32_t pid)
{
	const struct report_task *t = report_find(r, pid);
	FILE *out = r->out;

	fprintf(out, "<details id=f%u%s><summary><b>%u ", pid,
		r->nr_tasks <= OPEN_TASKS_MAX || t == r->tasks ? " open" : "", pid);
	html_text(out, t ? t->comm : "");
	fputs("</b><span>", out);
	html_count(out, t ? t->nr_fds : 0);
	fprintf(out,
		" descriptor%s</span></summary><div class=scroll><table><thead><tr><th class=r>FD</th><th>Object</th>"
		"<th class=wide>Type</th><th class=wide>Flags</th><th class=\"r wide\">Position</th></tr></thead>\n<tbody>\n",
		t && t->nr_fds == 1 ? "" : "s");
	r->rows = 0;
}

static void put_descriptor(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	struct json_object *file = row_get(row, "file");
	FILE *out = r->out;
	char fd[32];

	if (row_new_task(row, before)) {
		if (before)
			fputs("</tbody></table></div></details>\n", out);
		begin_task(r, (uint32_t)row_get_uint(row, "pid"));
	}
	if (!row_has(row, "name") || r->rows > DESCRIPTORS_MAX)
		return;
	if (row_has(row, "fd") && r->rows++ == DESCRIPTORS_MAX) {
		put_more(out, 5, "fds");
		return;
	}
	snprintf(fd, sizeof(fd), "%" PRIu64, row_get_uint(row, "fd"));
	fputs("<tr>", out);
	put_cell(out, "class=\"r m\"", row_has(row, "fd") ? fd : row_get_text(row, "dir"));
	put_code(out, "class=f", row_get_text(row, "name"));
	put_cell(out, "class=\"soft wide\"", row_get_text(row, "type"));
	fputs("<td class=\"l soft wide\"><code>", out);
	html_text(out, file && row_has(file, "flags") ? row_get_text(file, "flags") : "");
	fputs(row_get_bool(row, "cloexec") ? "</code> <span class=pill>cloexec</span></td><td class=\"r soft wide\">" :
					     "</code></td><td class=\"r soft wide\">",
	      out);
	put_position(out, file);
	fputs("</td></tr>\n", out);
}

int report_descriptors(struct report *r, struct err *e)
{
	fputs("<section id=files><h2>Descriptors</h2>\n<p class=note>What each task has open, its working and its root "
	      "directory.</p>\n",
	      r->out);
	if (report_rows(r, &view_fds, put_descriptor, e))
		return -1;
	fputs(r->nr_tasks ? "</tbody></table></div></details>\n</section>\n" : "</section>\n", r->out);
	return 0;
}

/* --- sockets ---------------------------------------------------------------------------------------------------- */

static void put_end(FILE *out, struct json_object *row, const char *addr, const char *port)
{
	if (row_has(row, addr)) {
		bool six = strchr(row_get_text(row, addr), ':');

		fputs(six ? "[" : "", out);
		html_text(out, row_get_text(row, addr));
		fputs(six ? "]" : "", out);
	}
	if (row_has(row, port))
		fprintf(out, ":%" PRIu64, row_get_uint(row, port));
}

static void put_holders(FILE *out, struct json_object *row)
{
	size_t nr = row_get_nr(row, "held_by");

	for (size_t i = 0; i < nr && i < 8; i++) {
		struct json_object *h = row_get_at(row, "held_by", i);

		fprintf(out, "%s<a href=\"#f%" PRIu64 "\">%" PRIu64 "</a>/%" PRIu64, i ? ", " : "",
			row_get_uint(h, "pid"), row_get_uint(h, "pid"), row_get_uint(h, "fd"));
	}
	if (nr > 8)
		fprintf(out, " and %zu more", nr - 8);
}

static void put_queue(FILE *out, struct json_object *row)
{
	fputs("<td class=\"r wide\">", out);
	if (row_get_uint(row, "recv_queue"))
		html_size(out, row_get_uint(row, "recv_queue"));
	fputs("</td><td class=\"r wide\">", out);
	if (row_get_uint(row, "send_queue"))
		html_size(out, row_get_uint(row, "send_queue"));
	fputs("</td>", out);
}

static void put_socket(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	struct json_object *peer = row_get(row, "peer");
	bool local = !strcmp(row_get_text(row, "family"), "UNIX");
	FILE *out = r->out;

	if (!before)
		fputs("<div class=card><table><thead><tr><th>Family</th><th class=wide>Type</th><th>State</th><th>Local</th>"
		      "<th>Peer</th><th class=\"r wide\">Received</th><th class=\"r wide\">To send</th><th>Task/FD</th></tr>"
		      "</thead>\n<tbody>\n",
		      out);
	if (r->rows++ >= ROWS_MAX)
		return;
	fputs("<tr>", out);
	put_cell(out, "class=l", row_get_text(row, "family"));
	put_cell(out, "class=\"l wide\"", row_get_text(row, row_has(row, "protocol") ? "protocol" : "type"));
	put_cell(out, "class=\"l soft\"", row_get_text(row, "state"));
	fputs("<td class=e><code>", out);
	if (local && row_has(row, "name"))
		html_text(out, row_get_text(row, "name"));
	else if (local)
		fprintf(out, "[%" PRIu64 "]", row_get_uint(row, "ino"));
	else
		put_end(out, row, "local_addr", "local_port");
	fputs("</code></td><td class=e><code>", out);
	if (peer)
		fprintf(out, "[%" PRIu64 "] ", row_get_uint(peer, "ino"));
	if (peer)
		html_text(out, row_get_text(peer, "name"));
	else if (row_get_uint(row, "remote_port"))
		put_end(out, row, "remote_addr", "remote_port");
	fputs("</code></td>", out);
	put_queue(out, row);
	fputs("<td class=\"l m\">", out);
	put_holders(out, row);
	fputs("</td></tr>\n", out);
}

int report_sockets(struct report *r, struct err *e)
{
	r->rows = 0;
	fputs("<section id=sockets><h2>Sockets</h2>\n", r->out);
	if (report_rows(r, &view_sk, put_socket, e))
		return -1;
	if (r->rows > ROWS_MAX)
		put_more(r->out, 8, "sk");
	fputs(r->rows ? "</tbody></table></div></section>\n" : "<p class=note>No task has a socket.</p></section>\n",
	      r->out);
	return 0;
}

/* --- namespaces and mounts -------------------------------------------------------------------------------------- */

static void put_namespace(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	size_t nr = row_get_nr(row, "pids");
	FILE *out = r->out;

	if (!before)
		fputs("<div class=card><table><thead><tr><th>Namespace</th><th class=r>Id</th><th>Tasks</th></tr>"
		      "</thead>\n<tbody>\n",
		      out);
	r->rows++;
	fputs("<tr>", out);
	fputs("<td class=l>", out);
	html_text(out, row_get_text(row, "ns"));
	if (row_has(row, "new"))
		fprintf(out, " <span class=pill>%s</span>", row_get_bool(row, "new") ? "its own" : "the host's");
	fprintf(out, "</td><td class=r>%" PRIu64 "</td><td class=\"f m\">", row_get_uint(row, "id"));
	if (nr > 1 && nr == r->nr_tasks)
		fputs("all", out);
	for (size_t i = 0; i < nr && i < 24 && !(nr > 1 && nr == r->nr_tasks); i++)
		fprintf(out, "%s%" PRIu64, i ? " " : "", json_object_get_uint64(row_get_at(row, "pids", i)));
	if (nr > 24 && nr != r->nr_tasks)
		fprintf(out, " and %zu more", nr - 24);
	fputs("</td></tr>\n", out);
}

static void put_mount(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	FILE *out = r->out;

	if (!before)
		fputs("<h3>Mounts</h3><div class=card><table><thead><tr><th>Mount point</th><th>Type</th><th>Source</th>"
		      "<th class=wide>Root</th><th class=wide>Flags</th><th class=wide>Options</th></tr></thead>\n<tbody>\n",
		      out);
	if (r->rows++ >= ROWS_MAX)
		return;
	fputs("<tr>", out);
	put_code(out, "class=f", row_get_text(row, "mountpoint"));
	put_cell(out, "class=l", row_get_text(row, "fstype"));
	put_code(out, "", row_get_text(row, "source"));
	put_code(out, "class=wide", row_get_text(row, "root"));
	put_cell(out, "class=\"soft wide\"", row_get_text(row, "flags"));
	put_code(out, "class=\"soft wide\"", row_get_text(row, "options"));
	fputs("</tr>\n", out);
}

int report_namespaces(struct report *r, struct err *e)
{
	r->rows = 0;
	fputs("<section id=namespaces><h2>Namespaces</h2>\n", r->out);
	if (report_rows(r, &view_ns, put_namespace, e))
		return -1;
	fputs(r->rows ? "</tbody></table></div>\n" : "<p class=note>The images name none.</p>\n", r->out);
	r->rows = 0;
	if (report_rows(r, &view_mounts, put_mount, e))
		return -1;
	if (r->rows > ROWS_MAX)
		put_more(r->out, 6, "mounts");
	fputs(r->rows ? "</tbody></table></div></section>\n" :
			"<p class=note>The tasks have no mount namespace of their own.</p></section>\n",
	      r->out);
	return 0;
}
