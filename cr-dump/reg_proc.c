// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files below /proc/PID, which are there again when a restore has made that process: those of the tree, of its threads, of process 1; and of
 * processes that have ended and were waited for, in whose place a restore makes one that lives for a moment (REMAP_TYPE__PROCFS).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cr-dump/files.h"

#define DELETED	   " (deleted)"
#define TASK	   "/task/"
#define NOT_MADE   "is of one descriptor or mapping of a process: not supported by this version"
#define OUTSIDE	   "is of a process outside the tree"
#define OLD_THREAD "is of a thread that has ended"

/* "/proc/12/task/13/maps" */
struct proc_name {
	long pid;
	long tid;	  /* 0: it is not below "task" */
	const char *rest; /* "/maps", or "" */
};

static long number(const char *text, const char **end_ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	*end_ret = end;
	return end == text || (*end && *end != '/' && strcmp(end, DELETED)) ? 0 : n;
}

static bool parse(const char *link, struct proc_name *n)
{
	const char *end;

	if (strncmp(link, "/proc/", 6))
		return false;
	*n = (struct proc_name){ .pid = number(link + 6, &end) };
	if (!strncmp(end, TASK, strlen(TASK)))
		n->tid = number(end + strlen(TASK), &end);
	n->rest = strcmp(end, DELETED) ? end : "";
	return n->pid > 0;
}

/* Of the task, or of all when t is NULL. */
static bool has_thread(const struct dump_ctx *ctx, const struct task *t, long tid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (unsigned int j = 0; (!t || t == ctx->tasks[i]) && j < ctx->tasks[i]->nr_threads; j++)
			if (ctx->tasks[i]->threads[j].tr.tid == tid)
				return true;
	return false;
}

static const struct task *find_task(const struct dump_ctx *ctx, long pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid)
			return ctx->tasks[i];
	return NULL;
}

/* What a newborn process does not have yet, or not any more. */
static bool is_of_object(const char *rest)
{
	return !strncmp(rest, "/fd/", 4) || !strncmp(rest, "/fdinfo/", 8) || !strncmp(rest, "/map_files/", 11);
}

static const char *why_not_dead(const struct dump_ctx *ctx, const struct proc_name *n)
{
	char path[4096];
	struct stat st;

	if (n->tid && n->tid != n->pid)
		return OLD_THREAD;
	if (find_task(ctx, n->pid) || has_thread(ctx, NULL, n->pid))
		return "is of a process that has ended, and whose number is another one's in the tree";
	snprintf(path, sizeof(path), "/proc/self%s", n->rest);
	return is_of_object(n->rest) || lstat(path, &st) ? NOT_MADE : NULL;
}

/* One that is there. */
static const char *why_not(const struct dump_ctx *ctx, const struct proc_name *n)
{
	const struct task *t = find_task(ctx, n->pid);

	if (n->pid == 1)
		return NULL;
	if (!t && !has_thread(ctx, NULL, n->pid))
		return OUTSIDE;
	return is_of_object(n->rest) ? NOT_MADE : NULL;
}

bool reg_in_proc(struct dump_ctx *ctx, const struct reg_place *p, struct reg_proc *ret)
{
	struct proc_name n;
	struct stat now;

	*ret = (struct reg_proc){ 0 };
	if (!parse(p->link, &n) || lstat("/proc", &now) || now.st_dev != p->st->st_dev)
		return false;
	if (!lstat(p->link, &now) && now.st_dev == p->st->st_dev && now.st_ino == p->st->st_ino) {
		ret->name = p->link;
		ret->why_not = why_not(ctx, &n);
		return true;
	}
	ret->why_not = why_not_dead(ctx, &n);
	ret->dead = n.pid;
	ret->name = pool_str(&ctx->pool, p->link);
	if (!*n.rest && !n.tid)
		ret->name = pool_printf(&ctx->pool, "/proc/%ld", n.pid);
	return true;
}
