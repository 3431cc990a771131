// SPDX-License-Identifier: GPL-2.0-only
/* crit x mems: the executable and the mappings of each task. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x.h"
#include "libimg/vma.h"

#define MAP_GROWS_DOWN 0x100u

/* Shared objects get numbers in the order in which they are met: their ids mean nothing to people. */
struct numbers {
	uint64_t *ids;
	size_t n;
};

static size_t number_of(struct numbers *s, uint64_t id)
{
	uint64_t *p;

	for (size_t i = 0; i < s->n; i++) {
		if (s->ids[i] == id)
			return i + 1;
	}
	p = reallocarray(s->ids, s->n + 1, sizeof(*p));
	if (!p)
		return 0;
	s->ids = p;
	s->ids[s->n++] = id;
	return s->n;
}

/* What a mapping is of: its name, and the file's id. */
static void add_object(struct json_object *row, const struct checkpoint *c, const VmaEntry *v, struct numbers *s)
{
	const char *object = v->status & VMA_SYSVIPC	 ? "ips" :
			     v->status & VMA_ANON_SHARED ? "shmem" :
			     v->status & VMA_SOCKET	 ? "packet" :
							   NULL;
	const char *kind = v->status & VMA_STACK     ? "[stack]" :
			   v->status & VMA_VSYSCALL  ? "[vsyscall]" :
			   v->status & VMA_VDSO	     ? "[vdso]" :
			   v->flags & MAP_GROWS_DOWN ? "[stack?]" :
						       NULL;
	_cleanup_free_ char *name = NULL;

	if (object) {
		if (asprintf(&name, "%s[%zx]", object, number_of(s, v->shmid)) < 0)
			name = NULL;
		row_uint(row, "shmid", v->shmid);
	} else if (v->status & VMA_FILE) {
		name = mapped_file_name(c, v);
		row_uint(row, "file_id", v->shmid);
	} else if (kind) {
		name = strdup(kind);
	}
	if (name)
		row_text(row, "name", name);
}

static int put_mapping(const struct checkpoint *c, struct rows *r, uint32_t pid, const VmaEntry *v, struct numbers *s,
		       struct err *e)
{
	struct json_object *row = row_of_task(pid);

	row_hex(row, "start", v->start);
	row_hex(row, "end", v->end);
	row_uint(row, "size", v->end - v->start);
	row_flags(row, "prot", NAMES_MMAP_PROT, v->prot);
	row_flags(row, "flags", NAMES_MMAP_FLAGS, v->flags);
	row_flags(row, "status", NAMES_MMAP_STATUS, v->status);
	row_hex(row, "pgoff", v->pgoff);
	add_object(row, c, v, s);
	if (v->has_madv)
		row_hex(row, "madv", v->madv);
	if (v->has_fdflags)
		row_flags(row, "fdflags", NAMES_RFILE_FLAGS, v->fdflags);
	if (v->has_locked_on_fault)
		row_bool(row, "locked_on_fault", v->locked_on_fault);
	return rows_put(r, row, e);
}

/* What is known of the memory as a whole. */
static int put_memory(const struct checkpoint *c, struct rows *r, uint32_t pid, const MmEntry *mm, struct err *e)
{
	struct json_object *row = row_of_task(pid);
	_cleanup_free_ char *exe = file_name(c, FD_TYPES__REG, mm->exe_file_id);
	MmEntry alone = *mm;

	alone.n_vmas = 0; /* they have rows of their own */
	if (exe)
		row_text(row, "exe", exe);
	row_message(row, "mm", &alone);
	return rows_put(r, row, e);
}

static int put_task_rows(struct checkpoint *c, struct rows *r, uint32_t pid, struct numbers *s, struct err *e)
{
	MmEntry *mm;
	int rc;

	if (checkpoint_mm(c, pid, &mm, e))
		return -1;
	if (!mm) /* a dead task */
		return rows_put(r, row_of_task(pid), e);
	rc = put_memory(c, r, pid, mm, e);
	for (size_t i = 0; !rc && i < mm->n_vmas; i++)
		rc = put_mapping(c, r, pid, mm->vmas[i], s, e);
	img_free(mm);
	return rc;
}

static int mems_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	struct numbers s = { 0 };
	int rc = checkpoint_files(c, e);

	for (size_t i = 0; !rc && i < c->nr_tasks; i++)
		rc = put_task_rows(c, r, c->tasks[i]->pid, &s, e);
	free(s.ids);
	return rc;
}

static bool has(struct json_object *row, const char *key, const char *flag)
{
	return strstr(row_get_text(row, key), flag);
}

static void mapping_text(struct json_object *row)
{
	char range[64];

	snprintf(range, sizeof(range), "%08" PRIx64 "-%08" PRIx64, row_get_uint(row, "start"),
		 row_get_uint(row, "end"));
	printf("\t%-36s%c%c%c", range, has(row, "prot", "PROT_READ") ? 'r' : '-',
	       has(row, "prot", "PROT_WRITE") ? 'w' : '-', has(row, "prot", "PROT_EXEC") ? 'x' : '-');
	if (row_has(row, "name")) {
		putchar(' ');
		/* That of a memfd is no file of the name space; CRIU's tool does not look further. */
		put_text(has(row, "status", "VMA_AREA_MEMFD") ? "unknown path" : row_get_text(row, "name"));
	}
	if (row_has(row, "file_id")) {
		if (row_get_uint(row, "pgoff"))
			printf(" + 0x%" PRIx64, row_get_uint(row, "pgoff"));
		if (has(row, "status", "VMA_FILE_SHARED"))
			printf(" (s)");
	}
	printf("%s\n", has(row, "status", "VMA_AREA_REGULAR") ? "" : " *");
}

static void mems_text(struct json_object *row, struct json_object *before)
{
	put_task(row, before);
	if (row_has(row, "start")) {
		mapping_text(row);
	} else if (row_has(row, "exe")) {
		printf("\t%-36s    ", "exe");
		put_text(row_get_text(row, "exe"));
		putchar('\n');
	}
}

const struct view view_mems = {
	.name = "mems",
	.rows = mems_rows,
	.text = mems_text,
};
