// SPDX-License-Identifier: GPL-2.0-only
/* What the views of crit x share: files, addresses and signals by name, and text for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/colour.h"
#include "crit/x.h"
#include "libimg/vma.h"

void row_file(struct json_object *row, const struct checkpoint *c, FdTypes type, uint32_t id)
{
	const ProtobufCEnumValue *t = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, (int)type);
	_cleanup_free_ char *name = file_name(c, type, id);

	row_text(row, "type", t ? t->name : "?");
	row_uint(row, "id", id);
	if (name)
		row_text(row, "name", name);
}

char *mapped_file_name(const struct checkpoint *c, const VmaEntry *v)
{
	const MemfdInodeEntry *memfd;
	char *name;

	if (!(v->status & VMA_MEMFD))
		return file_name(c, FD_TYPES__REG, (uint32_t)v->shmid);
	memfd = checkpoint_memfd(c, (uint32_t)v->shmid);
	if (!memfd)
		return file_name(c, FD_TYPES__MEMFD, (uint32_t)v->shmid);
	return asprintf(&name, "memfd:%s", memfd->name) < 0 ? NULL : name;
}

static const VmaEntry *mapping_of(const MmEntry *mm, uint64_t addr)
{
	for (size_t i = 0; mm && i < mm->n_vmas; i++) {
		if (mm->vmas[i]->start <= addr && addr < mm->vmas[i]->end)
			return mm->vmas[i];
	}
	return NULL;
}

/* Of a mapping that is of no file. The bits for stack and heap are not set by every dumper. */
static const char *anonymous_name(const MmEntry *mm, const VmaEntry *v)
{
	if (v->status & VMA_VDSO)
		return "[vdso]";
	if (v->status & VMA_VSYSCALL)
		return "[vsyscall]";
	if (v->status & VMA_STACK || (v->start <= mm->mm_start_stack && mm->mm_start_stack < v->end))
		return "[stack]";
	if (v->status & VMA_HEAP || (v->start < mm->mm_brk && v->end > mm->mm_start_brk))
		return "[heap]";
	return "[anonymous]";
}

void row_place(struct json_object *row, const char *key, const struct checkpoint *c, const MmEntry *mm, uint64_t addr)
{
	const VmaEntry *v = mapping_of(mm, addr);
	_cleanup_free_ char *name = NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t offset;

	if (!v)
		return;
	offset = addr - v->start + (v->status & VMA_FILE ? v->pgoff : 0);
	name = v->status & VMA_FILE ? mapped_file_name(c, v) : strdup(anonymous_name(mm, v));
	if (!name || asprintf(&text, "%s + 0x%" PRIx64, name, offset) < 0) {
		text = NULL;
		return;
	}
	row_text(row, key, text);
}

static void add_exit_code(struct json_object *row, const TaskCoreEntry *tc)
{
	if (tc->exit_code & 0x7f)
		row_uint(row, "killed_by", tc->exit_code & 0x7f);
	else
		row_uint(row, "exit_status", tc->exit_code >> 8 & 0xff);
}

void row_state(struct json_object *row, const TaskCoreEntry *tc)
{
	static const char *const names[] = { NULL, "alive", "dead", "stopped" };

	if (tc->task_state && tc->task_state < ARRAY_SIZE(names))
		row_text(row, "state", names[tc->task_state]);
	else
		row_uint(row, "state", tc->task_state);
	if (tc->task_state == TASK_DEAD)
		add_exit_code(row, tc);
}

void row_ended(struct json_object *row, const TaskCoreEntry *tc)
{
	row_text(row, "state", "ended");
	add_exit_code(row, tc);
}

/* --- signals ---------------------------------------------------------------------------------------------------- */

static const char *const common_signals[] = {
	[1] = "HUP", "INT",  "QUIT", "ILL",    "TRAP",	 "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
	"USR2",	     "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
	"URG",	     "XCPU", "XFSZ", "VTALRM", "PROF",	 "WINCH", "IO",	  "PWR",  "SYS",
};

static const char *const mips_signals[] = {
	[1] = "HUP", "INT",  "QUIT", "ILL",  "TRAP", "ABRT",   "EMT",  "FPE",  "KILL",	"BUS", "SEGV",
	"SYS",	     "PIPE", "ALRM", "TERM", "USR1", "USR2",   "CHLD", "PWR",  "WINCH", "URG", "IO",
	"STOP",	     "TSTP", "CONT", "TTIN", "TTOU", "VTALRM", "PROF", "XCPU", "XFSZ",
};

/* The C library keeps the first two real-time signals for itself. */
#define RTMIN 34u

const char *signal_name(CoreEntry__March arch, uint32_t signo, char *buf, size_t size)
{
	const char *const *names = arch == CORE_ENTRY__MARCH__MIPS ? mips_signals : common_signals;

	if (signo && signo < ARRAY_SIZE(common_signals))
		snprintf(buf, size, "SIG%s", names[signo]);
	else if (signo == RTMIN)
		snprintf(buf, size, "SIGRTMIN");
	else if (signo > RTMIN)
		snprintf(buf, size, "SIGRTMIN+%u", signo - RTMIN);
	else
		snprintf(buf, size, "%u", signo);
	return buf;
}

void row_signals(struct json_object *row, const char *key, CoreEntry__March arch, uint64_t mask)
{
	struct json_object *list = row_list(row, key);
	char name[32];

	for (uint32_t i = 0; i < 64; i++) {
		if (mask >> i & 1)
			list_text(list, signal_name(arch, i + 1, name, sizeof(name)));
	}
}

/* --- for people ------------------------------------------------------------------------------------------------- */

void put_quoted(const char *s)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */

	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p >= 7 && *p <= 13)
			printf("\\%c", letters[*p - 7]);
		else if (*p < ' ' || *p == 0x7f)
			printf("\\x%02x", *p);
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* the control characters of Unicode */
			printf("\\x%02x\\x%02x", p[0], p[1]), p++;
		else
			putchar(*p);
	}
}

void put_list(struct json_object *row, const char *key, const char *separator)
{
	for (size_t i = 0; i < row_get_nr(row, key); i++) {
		fputs(separator, stdout);
		put_quoted(json_object_get_string(row_get_at(row, key, i)));
	}
}

void put_task(struct json_object *row, struct json_object *before)
{
	if (row_new_task(row, before))
		printf("%s%" PRIu64 "%s\n", colour(COLOUR_HEAD), row_get_uint(row, "pid"), colour(COLOUR_NONE));
}
