// SPDX-License-Identifier: GPL-2.0-only
/* crit x ps: the tree of tasks. */
#include <stdio.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/checkpoint.h"

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

static int show_task(const struct checkpoint *c, const struct node *n, unsigned int depth, struct err *e)
{
	const PstreeEntry *t = n->task;
	ProtobufCMessage *msg;
	const CoreEntry *core;

	if (source_one(c->source, IMG_CORE, t->pid, &msg, e))
		return -1;
	core = (const CoreEntry *)msg;
	printf("%7u%7u%7u   %*s", t->pid, t->pgid, t->sid, (int)(4 * depth), "");
	put_text(core->tc ? core->tc->comm : "?");
	putchar('\n');
	img_free(msg);
	return 0;
}

/* Shows a task and everything below it. Trees are as deep as people make them, so there is a stack instead of recursion. */
static int show_tree(const struct checkpoint *c, struct node *nodes, size_t root, size_t *stack, struct err *e)
{
	unsigned int depth = 0;

	stack[0] = root + 1;
	for (;;) {
		struct node *n = &nodes[stack[depth] - 1];

		if (!n->shown) {
			n->shown = true;
			if (show_task(c, n, depth, e))
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

int view_ps(struct checkpoint *c, struct err *e)
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
	printf("%7s%7s%7s   %s\n", "PID", "PGID", "SID", "COMM");
	for (int pass = 0; pass < 2; pass++) {
		/* First the roots; then what hangs on nothing, which only broken images have. */
		for (size_t i = 0; i < n; i++) {
			if (!nodes[i].shown && (pass || !nodes[i].is_child) && show_tree(c, nodes, i, stack, e))
				return -1;
		}
	}
	return 0;
}
