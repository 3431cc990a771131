// SPDX-License-Identifier: GPL-2.0-only
/* crit x ns: the namespaces of all tasks: who is in which, and which of them the tree does not share with the dumper. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x-ns.h"

static const struct {
	const char *name;
	size_t has, id; /* offsets in TaskKobjIdsEntry */
	uint32_t clone_flag;
} kinds[NS_KINDS] = {
#define KIND(ID, field, flag)                                                  \
	[NS_##ID] = { #field, offsetof(TaskKobjIdsEntry, has_##field##_ns_id), \
		      offsetof(TaskKobjIdsEntry, field##_ns_id), flag }
	KIND(PID, pid, CLONE_NEWPID),	       KIND(NET, net, CLONE_NEWNET),
	KIND(IPC, ipc, CLONE_NEWIPC),	       KIND(UTS, uts, CLONE_NEWUTS),
	KIND(MNT, mnt, CLONE_NEWNS),	       KIND(USER, user, CLONE_NEWUSER),
	KIND(CGROUP, cgroup, CLONE_NEWCGROUP), KIND(TIME, time, 0x80 /* CLONE_NEWTIME */),
#undef KIND
};

/* A task in a namespace, or (pid 0) a descriptor that stands for one. */
struct member {
	enum ns_kind kind;
	uint32_t id, pid;
};

struct members {
	struct member *list;
	size_t nr;
};

static int add_member(struct members *m, enum ns_kind kind, uint32_t id, uint32_t pid, struct err *e)
{
	if (!(m->nr & (m->nr - 1))) {
		struct member *p = reallocarray(m->list, m->nr ? 2 * m->nr : 1, sizeof(*p));

		if (!p)
			return err_nomem(e, "namespaces");
		m->list = p;
	}
	m->list[m->nr++] = (struct member){ kind, id, pid };
	return 0;
}

/* The id of one kind; false: it is not known. */
static bool id_of(const TaskKobjIdsEntry *ids, enum ns_kind kind, uint32_t *ret)
{
	const char *base = (const char *)ids;

	*ret = *(const uint32_t *)(base + kinds[kind].id);
	return *(const protobuf_c_boolean *)(base + kinds[kind].has);
}

static int add_task(struct checkpoint *c, struct members *m, uint32_t pid, struct err *e)
{
	CoreEntry *core;
	int rc = 0;

	if (checkpoint_core(c, pid, true, &core, e))
		return -1;
	for (unsigned int k = 0; !rc && core->ids && k < NS_KINDS; k++) {
		uint32_t id;

		if (id_of(core->ids, (enum ns_kind)k, &id))
			rc = add_member(m, (enum ns_kind)k, id, pid, e);
	}
	img_free(core);
	return rc;
}

/* Namespaces that are only held open by a descriptor. */
static int add_files(const struct checkpoint *c, struct members *m, struct err *e)
{
	for (size_t i = 0; i < c->nr_files; i++) {
		const NsFileEntry *f = c->files[i].entry;

		if (c->files[i].type != FD_TYPES__NS || !f)
			continue;
		for (unsigned int k = 0; k < NS_KINDS; k++) {
			if (kinds[k].clone_flag == f->ns_cflag && add_member(m, (enum ns_kind)k, f->ns_id, 0, e))
				return -1;
		}
	}
	return 0;
}

static int by_kind_and_id(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* One namespace: the members [first, last). */
static int put_namespace(struct checkpoint *c, struct rows *r, const struct member *first, const struct member *last,
			 struct err *e)
{
	struct json_object *row = json_object_new_object();
	struct json_object *pids;
	uint32_t host;

	row_text(row, "ns", kinds[first->kind].name);
	row_uint(row, "id", first->id);
	if (c->has_host && id_of(&c->host, first->kind, &host))
		row_bool(row, "new", host != first->id);
	pids = row_list(row, "pids");
	for (const struct member *m = first; m < last; m++) {
		if (m->pid)
			list_add(pids, json_object_new_uint64(m->pid));
	}
	if (!first->pid)
		row_bool(row, "held_open", true);
	if (ns_details(c, first->kind, first->id, row, e)) {
		json_object_put(row);
		return -1;
	}
	return rows_put(r, row, e);
}

static int put_all(struct checkpoint *c, struct rows *r, struct members *m, struct err *e)
{
	if (m->nr)
		qsort(m->list, m->nr, sizeof(*m->list), by_kind_and_id);
	for (size_t i = 0, end; i < m->nr; i = end) {
		for (end = i; end < m->nr && m->list[end].kind == m->list[i].kind && m->list[end].id == m->list[i].id;)
			end++;
		if (put_namespace(c, r, m->list + i, m->list + end, e))
			return -1;
	}
	return 0;
}

static int ns_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	struct members m = { 0 };
	int rc = checkpoint_files(c, e);

	for (size_t i = 0; !rc && i < c->nr_tasks; i++)
		rc = add_task(c, &m, c->tasks[i]->pid, e);
	if (!rc)
		rc = add_files(c, &m, e);
	if (!rc)
		rc = put_all(c, r, &m, e);
	if (!rc && !r->nr)
		rows_note(r, "the images do not say in which namespaces the tasks were");
	free(m.list);
	return rc;
}

static void ns_text(struct json_object *row, struct json_object *before)
{
	printf("%-8s%6" PRIu64 "  %-5s", row_get_text(row, "ns"), row_get_uint(row, "id"),
	       !row_has(row, "new")	? "" :
	       row_get_bool(row, "new") ? "new" :
					  "host");
	if (row_get_nr(row, "pids"))
		printf("  pids");
	put_list(row, "pids", " ");
	if (row_has(row, "held_open"))
		printf("  held open by a descriptor");
	putchar('\n');
	ns_put_details(row);
}

const struct view view_ns = {
	.name = "ns",
	.rows = ns_rows,
	.text = ns_text,
};
