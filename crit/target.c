// SPDX-License-Identifier: GPL-2.0-only
/* Tasks and addresses as the command line names them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/target.h"
#include "libimg/vma.h"

/* All of a text as a number; base 0: as C writes it, but a leading 0 alone does not make it octal. */
static bool whole_number(const char *text, int base, uint64_t *ret)
{
	char *end;

	if (base == 0)
		base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
	/* strtoull takes blanks and signs as well. */
	if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return !errno && end != text && !*end;
}

const PstreeEntry *target_task(const struct checkpoint *c, const char *pid, struct err *e)
{
	uint64_t n;

	if (!whole_number(pid, 10, &n)) {
		err_set(e, 0, "\"%s\" is no process id", pid);
		return NULL;
	}
	for (size_t i = 0; i < c->nr_tasks; i++) {
		if (c->tasks[i]->pid == n)
			return c->tasks[i];
	}
	err_set(e, 0, "%s has no process %s", source_path(c->source), pid);
	err_hint(e, "\"crit x %s ps\" lists those that it has", source_path(c->source));
	return NULL;
}

int target_memory(const struct checkpoint *c, const char *pid, const PstreeEntry **task_ret, struct memory **ret,
		  struct err *e)
{
	const PstreeEntry *task = target_task(c, pid, e);

	if (!task || memory_open(ret, c->source, task->pid, e))
		return -1;
	if (!*ret)
		return err_set(e, 0, "process %u is dead (a zombie): it has no memory", task->pid);
	*task_ret = task;
	return 0;
}

int target_size(const char *text, uint64_t *ret, struct err *e)
{
	static const char units[] = "kMG";
	_cleanup_free_ char *digits = strdup(text);
	size_t len = strlen(text);
	unsigned int shift = 0;
	const char *unit;

	if (!digits)
		return err_nomem(e, "the arguments");
	unit = len ? strchr(units, text[len - 1]) : NULL;
	if (unit && *unit) {
		digits[len - 1] = '\0';
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (!whole_number(digits, 0, ret) || *ret > UINT64_MAX >> shift)
		return err_set(e, 0, "\"%s\" is no number of bytes", text);
	*ret <<= shift;
	return 0;
}

const RegFileEntry *target_file(const struct checkpoint *c, const VmaEntry *v)
{
	if (!(v->status & VMA_FILE) || v->status & VMA_MEMFD || v->shmid > UINT32_MAX)
		return NULL;
	return (const RegFileEntry *)checkpoint_file(c, FD_TYPES__REG, (uint32_t)v->shmid);
}

/* The kernel's own mappings, and what is shared without a file. */
static const char *special_name(const struct memory *m, const VmaEntry *v)
{
	static const struct {
		uint32_t status;
		const char *name;
	} names[] = {
		{ VMA_VDSO, "[vdso]" },		 { VMA_VVAR, "[vvar]" },     { VMA_VSYSCALL, "[vsyscall]" },
		{ VMA_UPROBES, "[uprobes]" },	 { VMA_MEMFD, "[memfd]" },   { VMA_SYSVIPC, "[shm]" },
		{ VMA_ANON_SHARED, "[shared]" }, { VMA_SOCKET, "[socket]" }, { VMA_AIORING, "[aio]" },
	};
	const MmEntry *mm = memory_mm(m);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (v->status & names[i].status)
			return names[i].name;
	}
	if (v->status & VMA_STACK || (v->start <= mm->mm_start_stack && mm->mm_start_stack < v->end))
		return "[stack]";
	if (v->status & VMA_HEAP || (v->start < mm->mm_brk && v->end > mm->mm_start_brk && !(v->status & VMA_FILE)))
		return "[heap]";
	return v->status & VMA_FILE ? "[unknown file]" : "";
}

const char *target_mapping(const struct checkpoint *c, const struct memory *m, const VmaEntry *v, char *buf,
			   size_t size)
{
	const RegFileEntry *f = target_file(c, v);
	const MemfdInodeEntry *memfd = NULL;

	if (v->status & VMA_MEMFD && v->shmid <= UINT32_MAX)
		memfd = checkpoint_memfd(c, (uint32_t)v->shmid);
	if (memfd && !strcmp(memfd->name, "/dev/zero")) /* what anonymous shared memory is kept as */
		snprintf(buf, size, "[shared]");
	else if (memfd)
		snprintf(buf, size, "memfd:%s", memfd->name);
	else
		snprintf(buf, size, "%s", f ? f->name : special_name(m, v));
	return buf;
}

/* Is a mapping called so? Of a path, the last part is enough. */
static bool has_name(const char *is, const char *wanted)
{
	const char *slash = strrchr(is, '/');

	return !strcmp(is, wanted) || (slash && !strcmp(slash + 1, wanted));
}

static bool find_by_name(const struct checkpoint *c, const struct memory *m, const char *name, uint64_t *ret)
{
	char buf[MAPPING_NAME_MAX];
	size_t nr;
	VmaEntry *const *vmas = memory_vmas(m, &nr);

	for (size_t i = 0; *name && i < nr; i++) {
		if (!has_name(target_mapping(c, m, vmas[i], buf, sizeof(buf)), name))
			continue;
		*ret = vmas[i]->start;
		return true;
	}
	return false;
}

int target_address(const struct checkpoint *c, const struct memory *m, const char *text, uint64_t *ret, struct err *e)
{
	_cleanup_free_ char *name = strdup(text);
	uint64_t offset = 0;
	char *plus;

	if (!name)
		return err_nomem(e, "the arguments");
	if (whole_number(text, 0, ret) || whole_number(text, 16, ret) || find_by_name(c, m, name, ret))
		return 0;
	plus = strrchr(name, '+');
	if (plus) {
		*plus = '\0';
		if (whole_number(plus + 1, 0, &offset) && find_by_name(c, m, name, ret)) {
			if (*ret > UINT64_MAX - offset)
				return err_set(e, 0, "%s is beyond the end of the address space", text);
			*ret += offset;
			return 0;
		}
	}
	err_set(e, 0, "\"%s\" is neither an address nor the name of a mapping", text);
	return err_hint(e, "\"crit x %s mems\" lists the mappings", source_path(c->source));
}
