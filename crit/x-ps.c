// SPDX-License-Identifier: GPL-2.0-only
/* crit x ps: the tree of tasks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/x.h"

struct node {
	const PstreeEntry *task;
	size_t child, last, next; /* of the first and last child and the next sibling, plus 1; 0: none */
	bool is_child, shown;
};

static int by_pid(const void *a, const void *b)
{
	const PstreeEntry *x = *(PstreeEntry *const *)a, *y = *(PstreeEntry *const *)b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static size_t find(const struct node **sorted, size_t n, uint32_t pid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sorted[mid]->task->pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && sorted[low]->task->pid == pid ? low : n;
}

static int by_node_pid(const void *a, const void *b)
{
	return by_pid(&(*(struct node *const *)a)->task, &(*(struct node *const *)b)->task);
}

/* Hangs every task below its parent, in the order of the image. */
static int link_nodes(struct node *nodes, size_t n, struct err *e)
{
	_cleanup_free_ const struct node **sorted = calloc(n, sizeof(struct node *));

	if (!sorted)
		return err_nomem(e, "the tree");
	for (size_t i = 0; i < n; i++)
		sorted[i] = &nodes[i];
	qsort(sorted, n, sizeof(*sorted), by_node_pid);
	for (size_t i = 0; i < n; i++) {
		size_t at = nodes[i].task->ppid ? find(sorted, n, nodes[i].task->ppid) : n;
		struct node *parent;

		if (at == n || sorted[at] == &nodes[i])
			continue;
		parent = &nodes[sorted[at] - nodes];
		nodes[i].is_child = true;
		if (parent->last)
			nodes[parent->last - 1].next = i + 1;
		else
			parent->child = i + 1;
		parent->last = i + 1;
	}
	return 0;
}

static void add_facts(struct json_object *row, const CoreEntry *core)
{
	const TaskCoreEntry *tc = core->tc;
	const CredsEntry *creds = core->thread_core->creds;

	if (tc) {
		row_state(row, tc);
		row_hex(row, "flags", tc->flags);
		row_hex(row, "personality", tc->personality);
		if (tc->has_oom_score_adj)
			row_int(row, "oom_score_adj", tc->oom_score_adj);
		if (tc->has_loginuid)
			row_uint(row, "loginuid", tc->loginuid);
		if (tc->has_stop_signo)
			row_uint(row, "stop_signal", tc->stop_signo);
		if (tc->has_child_subreaper)
			row_bool(row, "subreaper", tc->child_subreaper);
		if (tc->leader_ended)
			row_bool(row, "first_thread_ended", true);
		if (tc->rlimits && tc->rlimits->n_rlimits)
			row_message(row, "limits", tc->rlimits);
	}
	row_message(row, "ids", core->ids);
	row_message(row, "creds", creds);
}

static int put_row(struct checkpoint *c, struct rows *r, const struct node *n, unsigned int depth, struct err *e)
{
	struct json_object *row = json_object_new_object();
	const PstreeEntry *t = n->task;
	struct json_object *threads;
	CoreEntry *core;

	row_uint(row, "pid", t->pid);
	row_uint(row, "ppid", t->ppid);
	row_uint(row, "pgid", t->pgid);
	row_uint(row, "sid", t->sid);
	row_uint(row, "depth", depth);
	threads = row_list(row, "threads");
	for (size_t i = 0; i < t->n_threads; i++)
		list_add(threads, json_object_new_uint64(t->threads[i]));
	if (checkpoint_core(c, t->pid, true, &core, e)) {
		json_object_put(row);
		return -1;
	}
	row_text(row, "comm", core->tc ? core->tc->comm : "?");
	add_facts(row, core);
	img_free(core);
	return rows_put(r, row, e);
}

/* A task and everything below it. Trees are as deep as people make them, so there is a stack instead of recursion. */
static int put_tree(struct checkpoint *c, struct rows *r, struct node *nodes, size_t root, size_t *stack, struct err *e)
{
	unsigned int depth = 0;

	stack[0] = root + 1;
	for (;;) {
		struct node *n = &nodes[stack[depth] - 1];

		if (!n->shown) {
			n->shown = true;
			if (put_row(c, r, n, depth, e))
				return -1;
			if (n->child && !nodes[n->child - 1].shown) {
				stack[++depth] = n->child;
				continue;
			}
		}
		while (depth && !nodes[stack[depth] - 1].next)
			depth--;
		if (!depth)
			return 0;
		stack[depth] = nodes[stack[depth] - 1].next;
	}
}

static int ps_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	size_t n = c->nr_tasks;
	_cleanup_free_ struct node *nodes = calloc(n + 1, sizeof(*nodes));
	_cleanup_free_ size_t *stack = calloc(n + 1, sizeof(*stack));

	if (!nodes || !stack)
		return err_nomem(e, "the tree");
	for (size_t i = 0; i < n; i++)
		nodes[i].task = c->tasks[i];
	if (n && link_nodes(nodes, n, e))
		return -1;
	for (int pass = 0; pass < 2; pass++) {
		/* First the roots; then what hangs on nothing, which only broken images have. */
		for (size_t i = 0; i < n; i++) {
			if (!nodes[i].shown && (pass || !nodes[i].is_child) && put_tree(c, r, nodes, i, stack, e))
				return -1;
		}
	}
	return 0;
}

static void ps_text(struct json_object *row, struct json_object *before)
{
	if (!before)
		printf("%7s%7s%7s   %s\n", "PID", "PGID", "SID", "COMM");
	printf("%7" PRIu64 "%7" PRIu64 "%7" PRIu64 "   %*s", row_get_uint(row, "pid"), row_get_uint(row, "pgid"),
	       row_get_uint(row, "sid"), (int)(4 * row_get_uint(row, "depth")), "");
	put_text(row_get_text(row, "comm"));
	putchar('\n');
}

const struct view view_ps = {
	.name = "ps",
	.rows = ps_rows,
	.text = ps_text,
};
