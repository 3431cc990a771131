// SPDX-License-Identifier: GPL-2.0-only
/* crit x signals: what is pending, blocked, ignored and caught, alternate stacks, and the timers that send signals. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x.h"

#define KILL 9u
#define STOP 19u

/* --- rows ------------------------------------------------------------------------------------------------------- */

static int32_t word(const ProtobufCBinaryData *b, size_t at)
{
	int32_t v = 0;

	if (at + sizeof(v) <= b->len)
		memcpy(&v, b->data + at, sizeof(v));
	return v;
}

/* A siginfo_t. Who sent it is known for some codes only. */
static void add_siginfo(struct json_object *list, CoreEntry__March arch, const ProtobufCBinaryData *info)
{
	static const struct {
		int32_t code;
		const char *name;
		bool sender, value;
	} codes[] = {
		{ 0, "SI_USER", true, false },	  { 0x80, "SI_KERNEL", false, false },
		{ -1, "SI_QUEUE", true, true },	  { -2, "SI_TIMER", false, true },
		{ -3, "SI_MESGQ", true, true },	  { -4, "SI_ASYNCIO", false, true },
		{ -5, "SI_SIGIO", false, false }, { -6, "SI_TKILL", true, false },
	};
	bool mips = arch == CORE_ENTRY__MARCH__MIPS;
	size_t fields = arch == CORE_ENTRY__MARCH__ARM ? 12 : 16; /* behind the three numbers, aligned for pointers */
	int32_t signo = word(info, 0), code = word(info, mips ? 4 : 8);
	struct json_object *row = list_object(list);
	char name[32];

	row_text(row, "signal", signal_name(arch, (uint32_t)signo, name, sizeof(name)));
	row_int(row, "number", signo);
	row_int(row, "code", code);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].code != code)
			continue;
		row_text(row, "code_name", codes[i].name);
		if (codes[i].sender) {
			row_int(row, "from_pid", word(info, fields));
			row_int(row, "from_uid", word(info, fields + 4));
		}
		if (codes[i].value)
			row_int(row, "value", word(info, fields + 8));
	}
}

static void add_queue(struct json_object *row, const char *key, CoreEntry__March arch, const SignalQueueEntry *queue)
{
	struct json_object *list = row_list(row, key);

	for (size_t i = 0; queue && i < queue->n_signals; i++)
		add_siginfo(list, arch, &queue->signals[i]->siginfo);
}

static void add_sa_flags(struct json_object *row, CoreEntry__March arch, uint64_t flags)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{ 1, "SA_NOCLDSTOP" },		{ 2, "SA_NOCLDWAIT" },		{ 4, "SA_SIGINFO" },
		{ 0x400, "SA_UNSUPPORTED" },	{ 0x800, "SA_EXPOSE_TAGBITS" }, { 0x04000000, "SA_RESTORER" },
		{ 0x08000000, "SA_ONSTACK" },	{ 0x10000000, "SA_RESTART" },	{ 0x40000000, "SA_NODEFER" },
		{ 0x80000000, "SA_RESETHAND" },
	};
	struct json_object *list = row_list(row, "flags");
	char hex[32];

	/* MIPS has numbers of its own. */
	for (size_t i = 0; i < ARRAY_SIZE(names) && arch != CORE_ENTRY__MARCH__MIPS; i++) {
		if (flags & names[i].bit)
			list_text(list, names[i].name);
		flags &= ~names[i].bit;
	}
	snprintf(hex, sizeof(hex), "0x%" PRIx64, flags);
	if (flags)
		list_text(list, hex);
}

/* The list lacks the two signals that have no action. */
static void add_actions(struct json_object *row, const struct checkpoint *c, const CoreEntry *core, const MmEntry *mm)
{
	const TaskCoreEntry *tc = core->tc;
	struct json_object *ignored = row_list(row, "ignored"), *caught = row_list(row, "caught");
	uint32_t signo = 0;
	char name[32];

	for (size_t i = 0; i < tc->n_sigactions; i++) {
		const SaEntry *sa = tc->sigactions[i];
		struct json_object *action;

		do
			signo++;
		while (signo == KILL || signo == STOP);
		signal_name(core->mtype, signo, name, sizeof(name));
		if (sa->sigaction == 1)
			list_text(ignored, name);
		if (sa->sigaction <= 1)
			continue;
		action = list_object(caught);
		row_text(action, "signal", name);
		row_uint(action, "number", signo);
		row_hex(action, "handler", sa->sigaction);
		row_place(action, "at", c, mm, sa->sigaction);
		add_sa_flags(action, core->mtype, sa->flags);
		row_hex(action, "restorer", sa->restorer);
		row_signals(action, "mask", core->mtype, sa->mask);
	}
}

static void add_altstack(struct json_object *row, const ThreadSasEntry *sas)
{
	struct json_object *stack;

	if (!sas || sas->ss_flags & 2) /* SS_DISABLE */
		return;
	stack = row_object(row, "altstack");
	row_hex(stack, "addr", sas->ss_sp);
	row_uint(stack, "size", sas->ss_size);
	row_bool(stack, "in_use", sas->ss_flags & 1);
	row_bool(stack, "autodisarm", sas->ss_flags & 1u << 31);
}

/* Nanoseconds, as far as they fit. */
static uint64_t nanoseconds(uint64_t s, uint64_t ns)
{
	return s > UINT64_MAX / 1000000000 - 1 ? UINT64_MAX : s * 1000000000 + ns;
}

static struct json_object *add_timer(struct json_object *list, const char *which, uint64_t left, uint64_t interval)
{
	struct json_object *t = list_object(list);

	row_text(t, "timer", which);
	row_uint(t, "left_ns", left);
	row_uint(t, "interval_ns", interval);
	return t;
}

static void add_itimer(struct json_object *list, const char *which, const ItimerEntry *t)
{
	if (t->vsec || t->vusec)
		add_timer(list, which, nanoseconds(t->vsec, t->vusec * 1000), nanoseconds(t->isec, t->iusec * 1000));
}

static void add_timers(struct json_object *row, CoreEntry__March arch, const TaskTimersEntry *t)
{
	struct json_object *list = row_list(row, "timers"), *timer;
	char name[32];

	if (!t)
		return;
	add_itimer(list, "ITIMER_REAL", t->real);
	add_itimer(list, "ITIMER_VIRTUAL", t->virt);
	add_itimer(list, "ITIMER_PROF", t->prof);
	for (size_t i = 0; i < t->n_posix; i++) {
		const PosixTimerEntry *p = t->posix[i];

		timer = add_timer(list, "POSIX", nanoseconds(p->vsec, p->vnsec), nanoseconds(p->isec, p->insec));
		row_uint(timer, "id", p->it_id);
		row_int(timer, "clock", (int32_t)p->clock_id);
		row_text(timer, "signal", signal_name(arch, p->si_signo, name, sizeof(name)));
		row_uint(timer, "notify", p->it_sigev_notify);
		row_hex(timer, "value", p->sival_ptr);
		row_uint(timer, "overrun", p->overrun);
		if (p->has_notify_thread_id)
			row_int(timer, "thread", p->notify_thread_id);
	}
}

static int put_thread(struct checkpoint *c, void *arg, uint32_t pid, uint32_t tid, const MmEntry *mm, struct err *e)
{
	struct rows *r = arg;
	const ThreadCoreEntry *t;
	struct json_object *row;
	CoreEntry *core;

	if (checkpoint_core(c, tid, tid == pid, &core, e))
		return -1;
	if (!core || (core->tc && core->tc->task_state == TASK_DEAD)) {
		img_free(core);
		return tid == pid ? rows_put(r, row_of_task(pid), e) : 0;
	}
	t = core->thread_core;
	row = row_of_task(pid);
	row_uint(row, "tid", tid);
	row_signals(row, "blocked", core->mtype,
		    t->has_blk_sigset ? t->blk_sigset :
		    core->tc	      ? core->tc->blk_sigset :
					0);
	add_queue(row, "pending", core->mtype, t->signals_p);
	add_altstack(row, t->sas);
	if (core->tc && tid == pid) {
		add_queue(row, "pending_shared", core->mtype, core->tc->signals_s);
		add_actions(row, c, core, mm);
		add_timers(row, core->mtype, core->tc->timers);
	}
	img_free(core);
	return rows_put(r, row, e);
}

static int signals_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	return checkpoint_files(c, e) ? -1 : checkpoint_each_thread(c, put_thread, r, e);
}

/* --- for people ------------------------------------------------------------------------------------------------- */

static void put_names(struct json_object *row, const char *key, const char *title)
{
	if (!row_get_nr(row, key))
		return;
	printf("\t\t%s:", title);
	put_list(row, key, " ");
	putchar('\n');
}

static void put_pending(struct json_object *row, const char *key, const char *title)
{
	for (size_t i = 0; i < row_get_nr(row, key); i++) {
		struct json_object *s = row_get_at(row, key, i);

		printf("\t\t%s: %s", title, row_get_text(s, "signal"));
		if (row_has(s, "code_name"))
			printf(", %s", row_get_text(s, "code_name"));
		else
			printf(", code %" PRId64, row_get_int(s, "code"));
		if (row_has(s, "from_pid"))
			printf(", from pid %" PRId64 " of user %" PRId64, row_get_int(s, "from_pid"),
			       row_get_int(s, "from_uid"));
		if (row_has(s, "value"))
			printf(", value %" PRId64, row_get_int(s, "value"));
		putchar('\n');
	}
}

static void put_caught(struct json_object *row)
{
	for (size_t i = 0; i < row_get_nr(row, "caught"); i++) {
		struct json_object *a = row_get_at(row, "caught", i);

		printf("\t\tcaught: %s by %s ", row_get_text(a, "signal"), row_get_text(a, "handler"));
		put_quoted(row_get_text(a, "at"));
		put_list(a, "flags", " ");
		if (row_get_nr(a, "mask"))
			printf(" blocking");
		put_list(a, "mask", " ");
		putchar('\n');
	}
}

static void put_timers(struct json_object *row)
{
	for (size_t i = 0; i < row_get_nr(row, "timers"); i++) {
		struct json_object *t = row_get_at(row, "timers", i);

		printf("\t\ttimer: %s", row_get_text(t, "timer"));
		if (row_has(t, "id"))
			printf(" %" PRIu64 " sends %s on clock %" PRId64 ",", row_get_uint(t, "id"),
			       row_get_text(t, "signal"), row_get_int(t, "clock"));
		printf(" %.6f s left, every %.6f s\n", (double)row_get_uint(t, "left_ns") / 1e9,
		       (double)row_get_uint(t, "interval_ns") / 1e9);
	}
}

static void signals_text(struct json_object *row, struct json_object *before)
{
	struct json_object *stack = row_get(row, "altstack");

	put_task(row, before);
	if (!row_has(row, "tid"))
		return;
	printf("\t%7" PRIu64 "\n", row_get_uint(row, "tid"));
	put_names(row, "blocked", "blocked");
	put_pending(row, "pending", "pending");
	put_pending(row, "pending_shared", "pending for the process");
	put_names(row, "ignored", "ignored");
	put_caught(row);
	if (stack)
		printf("\t\talternate stack: %" PRIu64 " bytes at %s%s\n", row_get_uint(stack, "size"),
		       row_get_text(stack, "addr"), row_get_bool(stack, "in_use") ? ", in use" : "");
	put_timers(row);
}

const struct view view_signals = {
	.name = "signals",
	.rows = signals_rows,
	.text = signals_text,
};
