// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts of io_setup(2): a ring of events that the kernel maps into the task, known to both by its address. The kernel keeps the ring's
 * tail for itself, so a new context is made to complete as many requests as lead there; then it is moved to its address.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "cr-restore/agent.h"
#include "restorer/memory.h"

#define RING_MAGIC 0xa10a10a1
#define BATCH	   64 /* requests */

/* The head of a ring: see fs/aio.c of the kernel. Events follow. */
struct ring {
	uint32_t id, nr, head, tail, magic, compat, incompat, header_length;
};

/* One ring being made. */
struct making {
	struct restore_ctx *ctx;
	struct rtask *t;
	const VmaEntry *v;
	struct prog p;
	uint64_t id; /* of the new context: its address */
	int null;    /* the task's descriptor of /dev/null */
	struct ring old;
};

static uint64_t length(const struct making *m)
{
	return m->v->end - m->v->start;
}

/* Runs what is in the program, if there is something, and begins a new one. */
static int flush(struct making *m, struct err *e)
{
	int ret = m->p.nr ? agent_run(m->ctx, m->t, &m->p, e) : 0;

	agent_begin(m->t, &m->p);
	return ret;
}

static int read_ring(struct making *m, uint64_t addr, struct ring *ret, struct err *e)
{
	struct ring *copy;

	if (flush(m, e))
		return -1;
	PROG(&m->p, RUN_COPY, prog_room(&m->p, sizeof(*copy), &copy), addr, sizeof(*copy));
	if (agent_run(m->ctx, m->t, &m->p, e))
		return -1;
	*ret = *copy;
	agent_begin(m->t, &m->p);
	return 0;
}

/* As many events as make the ring as long as it was: the kernel doubles their number, adds two and fills the last page. */
static int set_up(struct making *m, struct err *e)
{
	struct ring new;
	uint64_t *id;

	if (read_ring(m, m->v->start, &m->old, e))
		return -1;
	if (m->old.magic != RING_MAGIC || m->old.nr != length(m) / sizeof(struct io_event) - 1 ||
	    m->old.tail >= m->old.nr)
		return err_set(e, 0, "its pages hold no ring of events");
	m->old.head %= m->old.nr;
	PROG(&m->p, SYS_io_setup, (m->old.nr - 2) / 2, prog_room(&m->p, sizeof(*id), &id));
	if (agent_run(m->ctx, m->t, &m->p, e))
		return e->errnum == EAGAIN ? err_hint(e, "see /proc/sys/fs/aio-max-nr") : -1;
	m->id = *id;
	agent_begin(m->t, &m->p);
	if (read_ring(m, m->id, &new, e))
		return -1;
	if (new.nr == m->old.nr)
		return 0;
	err_set(e, 0, "it has room for %u events, a new one has for %u", m->old.nr, new.nr);
	return err_hint(e, "the size of a ring depends on the number of CPUs");
}

/* n requests that end at once. Taken from the ring again if they only serve to move it on. */
static int complete(struct making *m, uint32_t n, bool take, struct err *e)
{
	uint64_t list[BATCH], request;
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = m->null };

	for (uint32_t done = 0; done < n;) {
		uint32_t now = n - done < BATCH ? n - done : BATCH;

		if (!prog_fits(&m->p, 2, sizeof(cb) + sizeof(list) + BATCH * sizeof(struct io_event) + 64) &&
		    flush(m, e))
			return -1;
		request = prog_bytes(&m->p, &cb, sizeof(cb));
		for (uint32_t i = 0; i < now; i++)
			list[i] = request;
		PROG(&m->p, SYS_io_submit, m->id, now, prog_bytes(&m->p, list, now * sizeof(*list)));
		prog_exact(&m->p, now);
		if (take) {
			PROG(&m->p, SYS_io_getevents, m->id, now, now,
			     prog_room(&m->p, now * sizeof(struct io_event), NULL), 0);
			prog_exact(&m->p, now);
		}
		done += now;
	}
	return 0;
}

static int make(struct making *m, struct err *e)
{
	uint64_t len = length(m), at = m->v->start;
	uint32_t waiting;

	if (set_up(m, e))
		return -1;
	waiting = (m->old.tail + m->old.nr - m->old.head) % m->old.nr;
	if (complete(m, m->old.head, true, e) || complete(m, waiting, false, e) || flush(m, e))
		return -1;
	PROG(&m->p, RUN_COPY, m->id + sizeof(m->old), at + sizeof(m->old), len - sizeof(m->old));
	PROG(&m->p, SYS_mremap, m->id, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	prog_exact(&m->p, at);
	if (m->v->prot != (PROT_READ | PROT_WRITE))
		PROG(&m->p, SYS_mprotect, at, len, m->v->prot);
	return flush(m, e);
}

static int make_all(struct making *m, struct err *e)
{
	for (size_t i = 0; i < m->t->mm->n_vmas; i++) {
		m->v = m->t->mm->vmas[i];
		if (m->v->status & VMA_AIORING && make(m, e))
			return err_in(e, "the I/O context %#lx", m->v->start);
	}
	PROG(&m->p, SYS_close, m->null);
	return flush(m, e);
}

int aio_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct making m = { .ctx = ctx, .t = t };
	bool any = false;

	for (size_t i = 0; i < t->mm->n_vmas; i++)
		any = any || t->mm->vmas[i]->status & VMA_AIORING;
	if (!any)
		return 0;
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open /dev/null");
	if (agent_send_fds(ctx, t, &fd, 1, &m.null, e))
		return -1;
	agent_begin(t, &m.p);
	return make_all(&m, e);
}
