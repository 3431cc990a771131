// SPDX-License-Identifier: LGPL-2.1-only
/* The program builder: see prog.h. */
#include <errno.h>
#include <string.h>

#include "base/futex.h"
#include "base/guard.h"
#include "base/sysname.h"
#include "parasite/prog.h"

#define DATA_ALIGN 16

void run_area_init(const struct run_area *a, uint64_t bell)
{
	struct run_slot *s = (struct run_slot *)a->local;

	memset(s, 0, sizeof(*s));
	s->bell = bell;
}

void prog_begin(struct prog *p, const struct run_area *a)
{
	*p = (struct prog){
		.area = *a,
		.slot = (struct run_slot *)a->local,
		.ops = (struct run_op *)(a->local + sizeof(struct run_slot)),
		.data = ALIGN_DOWN(a->size, (size_t)DATA_ALIGN),
	};
}

static size_t ops_end(const struct prog *p, uint32_t nr)
{
	return sizeof(struct run_slot) + (size_t)nr * sizeof(struct run_op);
}

bool prog_fits(const struct prog *p, uint32_t n, size_t bytes)
{
	size_t need = ops_end(p, p->nr + n) + ALIGN_UP(bytes, (size_t)DATA_ALIGN);

	return bytes <= p->area.size && need <= p->data;
}

uint32_t prog_op(struct prog *p, int32_t nr, const uint64_t arg[6])
{
	if (!prog_fits(p, 1, 0)) {
		p->overflow = true;
		return 0;
	}
	p->ops[p->nr] = (struct run_op){ .nr = nr };
	memcpy(p->ops[p->nr].arg, arg, sizeof(p->ops[p->nr].arg));
	return p->nr++;
}

void prog_exact(struct prog *p, int64_t value)
{
	p->ops[p->nr - 1].expect = RUN_EXACT;
	p->ops[p->nr - 1].exact = value;
}

void prog_any(struct prog *p)
{
	p->ops[p->nr - 1].failure = RUN_GO_ON;
}

void prog_or_exit(struct prog *p)
{
	p->ops[p->nr - 1].failure = RUN_EXIT;
}

void prog_ref(struct prog *p, unsigned int arg, uint32_t index)
{
	p->ops[p->nr - 1].refs |= 1u << arg;
	p->ops[p->nr - 1].arg[arg] = index;
}

uint64_t prog_room(struct prog *p, size_t size, void *local_ret)
{
	if (!prog_fits(p, 0, size)) {
		p->overflow = true;
		return 0;
	}
	p->data -= ALIGN_UP(size, (size_t)DATA_ALIGN);
	memset(p->area.local + p->data, 0, size);
	if (local_ret)
		*(void **)local_ret = p->area.local + p->data;
	return p->area.remote + p->data;
}

uint64_t prog_bytes(struct prog *p, const void *bytes, size_t size)
{
	void *local = NULL;
	uint64_t remote = prog_room(p, size, &local);

	if (remote)
		memcpy(local, bytes, size);
	return remote;
}

uint64_t prog_str(struct prog *p, const char *s)
{
	return prog_bytes(p, s, strlen(s) + 1);
}

void prog_go_on(struct prog *p, uint32_t index)
{
	p->first = index;
}

void *prog_local(const struct prog *p, uint64_t remote)
{
	return p->area.local + (remote - p->area.remote);
}

int prog_ready(struct prog *p, struct err *e)
{
	if (p->overflow)
		return err_set(e, 0, "a program of %u operations does not fit its area of %zu bytes", p->nr,
			       p->area.size);
	p->slot->ops = p->area.remote + sizeof(struct run_slot);
	p->slot->nr_ops = p->nr;
	p->slot->first = p->first;
	p->slot->failed = 0;
	return 0;
}

void run_go(struct prog *p)
{
	__atomic_store_n(&p->slot->state, RUN_GO, __ATOMIC_RELEASE);
	futex_wake(&p->slot->state);
}

bool run_done(const struct prog *p)
{
	return __atomic_load_n(&p->slot->state, __ATOMIC_ACQUIRE) == RUN_DONE;
}

void prog_keep(struct prog *p, char *to)
{
	memcpy(to, p->area.local, ops_end(p, p->nr));
	memcpy(to + p->data, p->area.local + p->data, p->area.size - p->data);
	p->area.local = to;
	p->slot = (struct run_slot *)to;
	p->ops = (struct run_op *)(to + sizeof(struct run_slot));
}

int prog_check(const struct prog *p, struct err *e)
{
	const struct run_op *op;
	char name[32];

	if (p->slot->failed >= p->nr)
		return 0;
	op = &p->ops[p->slot->failed];
	sysname(op->nr, name, sizeof(name));
	if (op->ret >= 0 || op->ret < -4095)
		return err_set(e, 0, "%s(%#lx, %#lx, %#lx) returned %ld instead of %ld", name, op->arg[0], op->arg[1],
			       op->arg[2], op->ret, op->exact);
	return err_set(e, -op->ret, "%s(%#lx, %#lx, %#lx) inside the task failed", name, op->arg[0], op->arg[1],
		       op->arg[2]);
}
