// SPDX-License-Identifier: GPL-2.0-only
/* crit x threads: what every thread was doing, how it is scheduled, what confines it, and its registers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x.h"

/* Where the registers of a CPU are in the core, and which of them are the program counter and the stack pointer. */
struct cpu {
	CoreEntry__March arch;
	size_t info; /* offset of the pointer to its thread_info in CoreEntry */
	const char *ip, *sp;
	int sp_index; /* -1: the register is no element of a list */
};

static const struct cpu cpus[] = {
	{ CORE_ENTRY__MARCH__X86_64, offsetof(CoreEntry, thread_info), "ip", "sp", -1 },
	{ CORE_ENTRY__MARCH__ARM, offsetof(CoreEntry, ti_arm), "pc", "sp", -1 },
	{ CORE_ENTRY__MARCH__AARCH64, offsetof(CoreEntry, ti_aarch64), "pc", "sp", -1 },
	{ CORE_ENTRY__MARCH__PPC64, offsetof(CoreEntry, ti_ppc64), "nip", "gpr", 1 },
	{ CORE_ENTRY__MARCH__S390, offsetof(CoreEntry, ti_s390), "psw_addr", "gprs", 15 },
	{ CORE_ENTRY__MARCH__MIPS, offsetof(CoreEntry, ti_mips), "cp0_epc", "r29", -1 },
	{ CORE_ENTRY__MARCH__LOONGARCH64, offsetof(CoreEntry, ti_loongarch64), "pc", "regs", 3 },
	{ CORE_ENTRY__MARCH__RISCV64, offsetof(CoreEntry, ti_riscv64), "pc", "sp", -1 },
};

static const char *const syscalls[] = {
#define SYSCALL(nr, name) [nr] = #name,
#include "crit/x-syscalls.def"
#undef SYSCALL
};

/* --- rows ------------------------------------------------------------------------------------------------------- */

/*
 * The system call that the thread was in: what our images note, or the kernel's own register for it. Where the result register has
 * the call's number the call is made again; otherwise it is over, with that result.
 */
static void add_syscall(struct json_object *row, const CoreEntry *core)
{
	const ThreadCoreEntry *t = core->thread_core;
	bool x86 = core->mtype == CORE_ENTRY__MARCH__X86_64 && core->thread_info;
	const UserX86RegsEntry *regs = x86 ? core->thread_info->gpregs : NULL;
	struct json_object *object;
	uint64_t nr;

	if (t->has_restart_nr)
		nr = t->restart_nr;
	else if (regs && (int64_t)regs->orig_ax >= 0)
		nr = regs->orig_ax;
	else
		return;
	object = row_object(row, "syscall");
	row_uint(object, "nr", nr);
	if (regs && !(regs->has_mode && regs->mode == USER_X86_REGS_MODE__COMPAT) && nr < ARRAY_SIZE(syscalls) &&
	    syscalls[nr])
		row_text(object, "name", syscalls[nr]);
	if (t->has_restart_left_ns)
		row_uint(object, "left_ns", t->restart_left_ns);
	if (regs && !t->has_restart_nr && regs->ax != nr)
		row_int(object, "result", (int64_t)regs->ax);
}

static uint64_t element(struct json_object *regs, const char *key, int index)
{
	struct json_object *v = index < 0 ? row_get(regs, key) : row_get_at(regs, key, (size_t)index);

	return v ? strtoull(json_object_get_string(v), NULL, 0) : 0;
}

/* All registers, as crit show has them; program counter and stack pointer once more under their own keys. */
static void add_cpu(struct json_object *row, const struct checkpoint *c, const CoreEntry *core, const MmEntry *mm)
{
	const ProtobufCEnumValue *name =
		protobuf_c_enum_descriptor_get_value(&core_entry__march__descriptor, (int)core->mtype);
	const struct cpu *cpu = NULL;
	const void *info;
	struct json_object *regs;

	row_text(row, "arch", name ? name->name : "?");
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		if (cpus[i].arch == core->mtype)
			cpu = &cpus[i];
	}
	info = cpu ? *(const void *const *)((const char *)core + cpu->info) : NULL;
	if (!info)
		return;
	row_message(row, "cpu", info);
	regs = json_object_object_get(row_get(row, "cpu"), "gpregs");
	if (!regs)
		return;
	row_hex(row, "ip", element(regs, cpu->ip, -1));
	row_place(row, "at", c, mm, element(regs, cpu->ip, -1));
	row_hex(row, "sp", element(regs, cpu->sp, cpu->sp_index));
	row_place(row, "stack", c, mm, element(regs, cpu->sp, cpu->sp_index));
}

static void add_scheduling(struct json_object *row, const ThreadCoreEntry *t)
{
	static const char *const policies[] = { "OTHER", "FIFO", "RR", "BATCH", "4", "IDLE", "DEADLINE", "EXT" };

	if (t->has_sched_policy && t->sched_policy < ARRAY_SIZE(policies))
		row_text(row, "policy", policies[t->sched_policy]);
	else if (t->has_sched_policy)
		row_uint(row, "policy", t->sched_policy);
	if (t->has_sched_prio)
		row_uint(row, "priority", t->sched_prio);
	if (t->has_sched_nice)
		row_int(row, "nice", t->sched_nice);
}

/* "0-3,8": the CPUs of a mask. */
static void add_affinity(struct json_object *row, const ThreadCoreEntry *t)
{
	size_t bits = t->has_cpu_affinity ? 8 * t->cpu_affinity.len : 0, used = 0;
	char buf[512] = "";

	for (size_t i = 0; i < bits && used + 32 < sizeof(buf); i++) {
		size_t first = i;

		while (i < bits && t->cpu_affinity.data[i / 8] >> (i % 8) & 1)
			i++;
		if (i == first)
			continue;
		used += (size_t)snprintf(buf + used, sizeof(buf) - used, "%s%zu", used ? "," : "", first);
		if (i - first > 1)
			used += (size_t)snprintf(buf + used, sizeof(buf) - used, "-%zu", i - 1);
	}
	if (bits)
		row_text(row, "cpus", buf);
}

static void add_seccomp(struct json_object *row, const CoreEntry *core)
{
	const ThreadCoreEntry *t = core->thread_core;
	const TaskCoreEntry *tc = core->tc;
	bool old = !t->has_seccomp_mode && tc && tc->has_old_seccomp_mode;
	const ProtobufCEnumValue *name;

	if (!t->has_seccomp_mode && !old)
		return;
	name = protobuf_c_enum_descriptor_get_value(&seccomp_mode__descriptor,
						    (int)(old ? tc->old_seccomp_mode : t->seccomp_mode));
	row_text(row, "seccomp", name ? name->name : "?");
	if (old ? tc->has_old_seccomp_filter : t->has_seccomp_filter)
		row_uint(row, "seccomp_filter", old ? tc->old_seccomp_filter : t->seccomp_filter);
}

static int put_thread(struct checkpoint *c, void *arg, uint32_t pid, uint32_t tid, const MmEntry *mm, struct err *e)
{
	struct rows *r = arg;
	struct json_object *row;
	ThreadCoreEntry rest;
	CoreEntry *core;
	const char *comm;

	if (checkpoint_core(c, tid, tid == pid, &core, e))
		return -1;
	row = row_of_task(pid);
	row_uint(row, "tid", tid);
	if (!core) {
		row_text(row, "missing", "no image of this thread");
		return rows_put(r, row, e);
	}
	rest = *core->thread_core;
	comm = rest.comm ? rest.comm : tid == pid && core->tc ? core->tc->comm : NULL;
	if (comm)
		row_text(row, "comm", comm);
	if (core->tc && core->tc->leader_ended)
		row_ended(row, core->tc);
	else if (core->tc)
		row_state(row, core->tc);
	if (!core->tc ||
	    (core->tc->task_state != TASK_DEAD && !core->tc->leader_ended)) { /* registers of the dead mean nothing */
		add_syscall(row, core);
		add_scheduling(row, &rest);
		add_affinity(row, &rest);
		add_seccomp(row, core);
		add_cpu(row, c, core, mm);
		rest.signals_p = NULL; /* crit x signals has them */
		row_message(row, "thread", &rest);
	}
	img_free(core);
	return rows_put(r, row, e);
}

static int threads_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	return checkpoint_files(c, e) ? -1 : checkpoint_each_thread(c, put_thread, r, e);
}

/* --- for people ------------------------------------------------------------------------------------------------- */

static void put_register(const char *name, const char *value, unsigned int *column)
{
	printf("%s%-8s ", *column ? "  " : "\n\t\t", name);
	printf(*column == 3 ? "%s" : "%-18s", value);
	*column = (*column + 1) % 4;
}

static void put_registers(struct json_object *regs)
{
	unsigned int column = 0;
	char name[32];

	json_object_object_foreach(regs, key, v)
	{
		if (!json_object_is_type(v, json_type_array)) {
			put_register(key, json_object_get_string(v), &column);
			continue;
		}
		for (size_t i = 0; i < json_object_array_length(v); i++) {
			snprintf(name, sizeof(name), "%s%zu", key, i);
			put_register(name, json_object_get_string(json_object_array_get_idx(v, i)), &column);
		}
	}
}

static void put_syscall(struct json_object *call)
{
	printf("\n\t\t%s ", row_has(call, "result") ? "returning from" : "in");
	if (row_has(call, "name"))
		printf("%s(2)", row_get_text(call, "name"));
	else
		printf("system call %" PRIu64, row_get_uint(call, "nr"));
	if (row_has(call, "result"))
		printf(" = %" PRId64, row_get_int(call, "result"));
	if (row_has(call, "left_ns"))
		printf(", %.3f s left of its timeout", (double)row_get_uint(call, "left_ns") / 1e9);
}

static void put_scheduling(struct json_object *row)
{
	if (row_has(row, "policy"))
		printf("  %s", row_get_text(row, "policy"));
	if (row_get_uint(row, "priority"))
		printf(" priority %" PRIu64, row_get_uint(row, "priority"));
	if (row_has(row, "nice"))
		printf("  nice %" PRId64, row_get_int(row, "nice"));
	if (row_has(row, "cpus"))
		printf("  CPUs %s", row_get_text(row, "cpus"));
	if (row_has(row, "seccomp") && strcmp(row_get_text(row, "seccomp"), "disabled"))
		printf("  seccomp %s", row_get_text(row, "seccomp"));
	if (row_has(row, "seccomp_filter"))
		printf(" %" PRIu64, row_get_uint(row, "seccomp_filter"));
}

static void threads_text(struct json_object *row, struct json_object *before)
{
	struct json_object *cpu = row_get(row, "cpu");

	put_task(row, before);
	printf("\t%7" PRIu64 "  ", row_get_uint(row, "tid"));
	put_quoted(row_has(row, "comm") ? row_get_text(row, "comm") : "?");
	if (row_has(row, "missing"))
		printf("  (%s)", row_get_text(row, "missing"));
	if (row_has(row, "state"))
		printf("  %s", row_get_text(row, "state"));
	if (row_has(row, "exit_status"))
		printf(", exit status %" PRIu64, row_get_uint(row, "exit_status"));
	if (row_has(row, "killed_by"))
		printf(", killed by signal %" PRIu64, row_get_uint(row, "killed_by"));
	put_scheduling(row);
	if (row_has(row, "syscall"))
		put_syscall(row_get(row, "syscall"));
	if (row_has(row, "ip")) {
		printf("\n\t\tat %s ", row_get_text(row, "ip"));
		put_quoted(row_get_text(row, "at"));
		printf("\n\t\tstack pointer %s ", row_get_text(row, "sp"));
		put_quoted(row_get_text(row, "stack"));
	}
	if (cpu && row_has(cpu, "gpregs"))
		put_registers(row_get(cpu, "gpregs"));
	putchar('\n');
}

const struct view view_threads = {
	.name = "threads",
	.rows = threads_rows,
	.text = threads_text,
};
