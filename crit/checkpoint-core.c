// SPDX-License-Identifier: GPL-2.0-only
/* What is known of one task: its core and its memory descriptor, filled up from the files that older images have for parts of them. */
#include <errno.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/checkpoint.h"

/* Messages made here are freed with the core, by protobuf-c, which uses malloc and free as well. */
static void *new_message(const ProtobufCMessageDescriptor *desc, struct err *e)
{
	ProtobufCMessage *msg = calloc(1, desc->sizeof_message);

	if (msg)
		protobuf_c_message_init(desc, msg);
	else
		err_nomem(e, desc->name);
	return msg;
}

/* Appends all records of an image to a list of messages. No such image is fine. */
static int read_list(struct checkpoint *c, enum img_id id, unsigned long key, void *list, size_t *nr, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage ***p = list;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, id, key, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		ProtobufCMessage **bigger = reallocarray(*p, *nr + 1, sizeof(msg));

		if (!bigger) {
			img_free(msg);
			return err_nomem(e, "a task");
		}
		*p = bigger;
		bigger[(*nr)++] = msg;
	}
	return rc;
}

/* Pending signals: of the task (SIGNAL) or of a thread (PSIGNAL). */
static int read_queue(struct checkpoint *c, enum img_id id, uint32_t tid, SignalQueueEntry **queue, struct err *e)
{
	if (*queue)
		return 0;
	*queue = new_message(&signal_queue_entry__descriptor, e);
	return *queue ? read_list(c, id, tid, &(*queue)->signals, &(*queue)->n_signals, e) : -1;
}

static int read_timers(struct checkpoint *c, uint32_t pid, TaskTimersEntry **ret, struct err *e)
{
	ItimerEntry **list = NULL;
	TaskTimersEntry *t;
	size_t nr = 0;
	int rc;

	if (*ret)
		return 0;
	rc = read_list(c, IMG_ITIMERS, pid, &list, &nr, e);
	t = rc || nr < 3 ? NULL : new_message(&task_timers_entry__descriptor, e);
	if (t) {
		t->real = take_ptr(list[0]);
		t->virt = take_ptr(list[1]);
		t->prof = take_ptr(list[2]);
		*ret = t;
		rc = read_list(c, IMG_POSIX_TIMERS, pid, &t->posix, &t->n_posix, e);
	} else if (nr >= 3) {
		rc = -1;
	}
	for (size_t i = 0; i < nr; i++)
		img_free(list[i]);
	free(list);
	return rc;
}

/* What belongs to the task as a whole. */
static int fill_task(struct checkpoint *c, uint32_t pid, CoreEntry *core, struct err *e)
{
	TaskCoreEntry *tc = core->tc;
	TaskRlimitsEntry *limits;
	ProtobufCMessage *ids;

	if (source_optional(c->source, IMG_IDS, pid, &ids, e))
		return -1;
	if (ids) {
		img_free(core->ids);
		core->ids = (TaskKobjIdsEntry *)ids;
	}
	if (!tc)
		return 0;
	if (!tc->n_sigactions && read_list(c, IMG_SIGACT, pid, &tc->sigactions, &tc->n_sigactions, e))
		return -1;
	if (!tc->rlimits) {
		limits = new_message(&task_rlimits_entry__descriptor, e);
		tc->rlimits = limits;
		if (!limits || read_list(c, IMG_RLIMIT, pid, &limits->rlimits, &limits->n_rlimits, e))
			return -1;
	}
	return read_timers(c, pid, &tc->timers, e) || read_queue(c, IMG_SIGNAL, pid, &tc->signals_s, e) ? -1 : 0;
}

static int fill(struct checkpoint *c, uint32_t tid, bool leader, CoreEntry *core, struct err *e)
{
	ThreadCoreEntry *thread = core->thread_core;

	if (leader && fill_task(c, tid, core, e))
		return -1;
	if (!thread) {
		thread = new_message(&thread_core_entry__descriptor, e);
		core->thread_core = thread;
		if (!thread)
			return -1;
	}
	if (leader && !thread->creds &&
	    source_optional(c->source, IMG_CREDS, tid, (ProtobufCMessage **)&thread->creds, e))
		return -1;
	return read_queue(c, IMG_PSIGNAL, tid, &thread->signals_p, e);
}

int checkpoint_core(struct checkpoint *c, uint32_t tid, bool leader, CoreEntry **ret, struct err *e)
{
	ProtobufCMessage *msg;
	int rc = leader ? source_one(c->source, IMG_CORE, tid, &msg, e) :
			  source_optional(c->source, IMG_CORE, tid, &msg, e);

	*ret = NULL;
	if (rc || !msg)
		return rc;
	if (fill(c, tid, leader, (CoreEntry *)msg, e)) {
		img_free(msg);
		return -1;
	}
	*ret = (CoreEntry *)msg;
	return 0;
}

int checkpoint_mm(struct checkpoint *c, uint32_t pid, MmEntry **ret, struct err *e)
{
	ProtobufCMessage *msg;
	MmEntry *mm;

	*ret = NULL;
	if (source_optional(c->source, IMG_MM, pid, &msg, e))
		return -1;
	mm = (MmEntry *)msg;
	if (mm && !mm->n_vmas && read_list(c, IMG_VMAS, pid, &mm->vmas, &mm->n_vmas, e)) {
		img_free(msg);
		return -1;
	}
	*ret = mm;
	return 0;
}

int checkpoint_each_thread(struct checkpoint *c,
			   int (*fn)(struct checkpoint *c, void *arg, uint32_t pid, uint32_t tid, const MmEntry *mm,
				     struct err *e),
			   void *arg, struct err *e)
{
	for (size_t i = 0; i < c->nr_tasks; i++) {
		const PstreeEntry *t = c->tasks[i];
		MmEntry *mm;
		int rc;

		if (checkpoint_mm(c, t->pid, &mm, e))
			return -1;
		rc = fn(c, arg, t->pid, t->pid, mm, e);
		for (size_t j = 0; !rc && j < t->n_threads; j++) /* the leader is one of them, or 0 when it is dead */
			if (t->threads[j] && t->threads[j] != t->pid)
				rc = fn(c, arg, t->pid, t->threads[j], mm, e);
		img_free(mm);
		if (rc)
			return -1;
	}
	return 0;
}
