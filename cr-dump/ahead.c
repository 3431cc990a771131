// SPDX-License-Identifier: GPL-2.0-only
/* Reading ahead: see ahead.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cr-dump/ahead.h"

#define FEW_UNITS 3 /* not worth a thread */

const char *const ahead_ns[AHEAD_NR_NS] = {
	"ns/pid",
	"ns/net",
	"ns/ipc",
	"ns/uts",
	"ns/time",
	"ns/mnt",
	"ns/user",
	"ns/cgroup",
	"ns/pid_for_children",
	"ns/time_for_children",
};

static const char *const file_names[AHEAD_COUNT] = {
	[AHEAD_STATUS] = "status",
	[AHEAD_STAT] = "stat",
	[AHEAD_SMAPS] = "smaps",
	[AHEAD_TIMERS] = "timers",
	[AHEAD_OOM] = "oom_score_adj",
	[AHEAD_LOGINUID] = "loginuid",
	[AHEAD_COREDUMP] = "coredump_filter",
	[AHEAD_EXE] = "exe",
	[AHEAD_NS] = "ns",
};

enum unit_state { NOT_READ, BEING_READ, READ };

/* What is read at once: all of a task and its first thread, or the status of another thread. */
struct unit {
	pid_t first, tid; /* of the task, by which the kernel shows it; of the thread */
	int procfd;
	uint32_t state; /* enum unit_state; whoever takes it from NOT_READ reads */
	char *text;	/* of all files, one after the other */
	struct {
		size_t at, len;
		int errnum; /* 0: it was read */
	} file[AHEAD_COUNT];
};

struct ahead {
	struct unit *units;
	size_t nr;
	size_t now; /* the first unit of the task that is looked at */
	char own_ns[AHEAD_NR_NS * 48];
	bool has_thread;
	pthread_t thread;
	uint32_t stop;
};

/* A buffer that grows; each reader has one of its own and keeps it. */
struct buf {
	char *p;
	size_t size, len;
};

static bool reserve(struct buf *b, size_t more)
{
	size_t size = b->size ? b->size : 32768;
	char *bigger;

	while (size - b->len < more)
		size *= 2;
	if (size == b->size)
		return true;
	bigger = realloc(b->p, size);
	if (!bigger)
		return false;
	b->p = bigger;
	b->size = size;
	return true;
}

/* Returns 0 or an errno. */
static int read_file(struct buf *b, int dirfd, const char *name)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno;
	do {
		if (!reserve(b, 8192))
			return ENOMEM;
		n = read(fd, b->p + b->len, b->size - b->len - 1);
		if (n < 0)
			return errno;
		b->len += n;
	} while (n);
	return 0;
}

static int read_link(struct buf *b, int dirfd, const char *name)
{
	ssize_t n;

	if (!reserve(b, PATH_MAX))
		return ENOMEM;
	n = readlinkat(dirfd, name, b->p + b->len, PATH_MAX - 1);
	if (n < 0)
		return errno;
	b->len += n;
	return 0;
}

/* A kernel without some kind of namespaces has an empty line there, and so has a task that has none any more. */
static int read_ns(struct buf *b, int dirfd)
{
	for (int i = 0; i < AHEAD_NR_NS; i++) {
		int errnum = read_link(b, dirfd, ahead_ns[i]);

		if (errnum && errnum != ENOENT)
			return errnum;
		b->p[b->len++] = '\n';
	}
	return 0;
}

static int read_one(const struct unit *u, struct buf *b, enum ahead_file file)
{
	char path[48];

	switch (file) {
	case AHEAD_STATUS:
		snprintf(path, sizeof(path), "task/%d/status", u->tid);
		return read_file(b, u->procfd, path);
	case AHEAD_EXE:
		return read_link(b, u->procfd, "exe");
	case AHEAD_NS:
		return read_ns(b, u->procfd);
	default:
		return read_file(b, u->procfd, file_names[file]);
	}
}

static void read_unit(struct unit *u, struct buf *b)
{
	int files = u->tid == u->first ? AHEAD_COUNT : AHEAD_STATUS + 1;

	b->len = 0;
	for (int i = 0; i < files; i++) {
		u->file[i].at = b->len;
		u->file[i].errnum = read_one(u, b, i);
		u->file[i].len = b->len - u->file[i].at;
		if (!reserve(b, 1))
			u->file[i].errnum = ENOMEM;
		else
			b->p[b->len++] = '\0';
	}
	u->text = malloc(b->len + 1);
	if (u->text)
		memcpy(u->text, b->p, b->len);
	__atomic_store_n(&u->state, READ, __ATOMIC_RELEASE);
}

static bool take(struct unit *u)
{
	uint32_t expected = NOT_READ;

	return __atomic_compare_exchange_n(&u->state, &expected, BEING_READ, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
}

static void *backwards(void *arg)
{
	struct ahead *a = arg;
	struct buf b = { 0 };

	for (size_t i = a->nr; i-- > 0 && !__atomic_load_n(&a->stop, __ATOMIC_RELAXED);) {
		if (!take(&a->units[i]))
			break;
		read_unit(&a->units[i], &b);
	}
	free(b.p);
	return NULL;
}

static struct ahead *begin(struct dump_ctx *ctx)
{
	struct ahead *a = pool_alloc(&ctx->pool, sizeof(*a));
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct buf own = { 0 };

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		a->nr += ctx->tasks[i]->nr_threads;
	a->units = pool_alloc(&ctx->pool, a->nr * sizeof(*a->units));
	a->nr = 0;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (unsigned int j = 0; j < ctx->tasks[i]->nr_threads; j++)
			a->units[a->nr++] = (struct unit){ .first = ctx->tasks[i]->tid,
							   .tid = ctx->tasks[i]->threads[j].tr.tid,
							   .procfd = ctx->tasks[i]->procfd };
	if (!read_ns(&own, self))
		snprintf(a->own_ns, sizeof(a->own_ns), "%.*s", (int)own.len, own.p);
	free(own.p);
	close(self);
	a->has_thread = a->nr > FEW_UNITS && !pthread_create(&a->thread, NULL, backwards, a);
	ctx->ahead = a;
	return a;
}

static void free_texts(struct ahead *a, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		free(a->units[i].text);
		a->units[i].text = NULL;
	}
}

int ahead_get(struct dump_ctx *ctx, const struct task *t, unsigned int i, enum ahead_file file, char **ret,
	      size_t *len_ret, struct err *e)
{
	struct ahead *a = ctx->ahead ? ctx->ahead : begin(ctx);
	size_t before = a->now;
	struct unit *u;

	while (a->units[a->now].first != t->tid)
		a->now++;
	free_texts(a, before, a->now);
	u = &a->units[a->now + i];
	if (take(u)) {
		struct buf b = { 0 };

		read_unit(u, &b);
		free(b.p);
	}
	while (__atomic_load_n(&u->state, __ATOMIC_ACQUIRE) != READ)
		sched_yield();
	if (!u->text)
		return err_nomem(e, file_names[file]);
	if (u->file[file].errnum)
		return err_set(e, u->file[file].errnum, "cannot read /proc/%d/task/%d/%s", u->first, u->tid,
			       file_names[file]);
	*ret = u->text + u->file[file].at;
	if (len_ret)
		*len_ret = u->file[file].len;
	return 0;
}

const char *ahead_own_ns(struct dump_ctx *ctx)
{
	return (ctx->ahead ? ctx->ahead : begin(ctx))->own_ns;
}

void ahead_end(struct dump_ctx *ctx)
{
	struct ahead *a = ctx->ahead;

	if (!a)
		return;
	__atomic_store_n(&a->stop, 1, __ATOMIC_RELAXED);
	if (a->has_thread)
		pthread_join(a->thread, NULL);
	free_texts(a, 0, a->nr);
	ctx->ahead = NULL;
}
