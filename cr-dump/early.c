// SPDX-License-Identifier: GPL-2.0-only
/* Before the tree stands still: see early.h. Nothing here is an error: what cannot be had now is had later. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cr-dump/early.h"
#include "cr-dump/team.h"

#define MANY	  500	/* descriptors that are worth it */
#define TOO_MANY  65536 /* for us to have open */
#define FILE_SIZE 768	/* bytes of the pool that an open file takes, about */

struct early {
	struct early_table *tables; /* ascending by pid */
	size_t nr;
	long room; /* how many more we may have open */
};

/* --- the tree, as it is now --------------------------------------------------------------------------------- */

/* Since Linux 6.2 the directory's size is the number of descriptors. */
static size_t count_fds(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return stat(path, &st) ? 0 : st.st_size;
}

static void add_children(struct dump_ctx *ctx, struct early *y, pid_t pid)
{
	char path[48];
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	while (f && fscanf(f, "%d", &child) == 1)
		*POOL_PUSH(&ctx->pool, y->tables, y->nr) = (struct early_table){ .pid = child };
}

/* How many descriptors there are. Children of other threads than the first are left out. */
static size_t find_tables(struct dump_ctx *ctx, struct early *y)
{
	size_t fds = 0;

	*POOL_PUSH(&ctx->pool, y->tables, y->nr) = (struct early_table){ .pid = ctx->opts->tree };
	for (size_t i = 0; i < y->nr; i++) {
		fds += count_fds(y->tables[i].pid);
		add_children(ctx, y, y->tables[i].pid);
	}
	return fds;
}

/* --- a table ------------------------------------------------------------------------------------------------ */

static char *read_name(int dir, const char *number)
{
	static const char deleted[] = " (deleted)";
	char link[PATH_MAX];
	ssize_t n = readlinkat(dir, number, link, sizeof(link)), end = strlen(deleted);

	if (n <= 0 || link[0] != '/' || (n > end && !memcmp(link + n - end, deleted, end)))
		return NULL;
	return strndup(link, n);
}

static bool add_fd(struct early *y, struct early_table *table, int fds, int infos, const char *number)
{
	struct early_fd *f;

	if (!(table->nr & (table->nr - 1))) {
		f = realloc(table->fds, (table->nr ? 2 * table->nr : 1) * sizeof(*f));
		if (!f)
			return false;
		table->fds = f;
	}
	f = &table->fds[table->nr++];
	f->number = atoi(number);
	f->fd = __atomic_fetch_sub(&y->room, 1, __ATOMIC_RELAXED) > 0 ? openat(infos, number, O_RDONLY | O_CLOEXEC) :
									-1;
	f->name = read_name(fds, number);
	return true;
}

/* The kernel lists descriptors in ascending order. */
static int look_table(void *arg, size_t i, char **scratch, struct err *e)
{
	struct early *y = arg;
	struct early_table *table = &y->tables[i];
	char path[32];
	struct dirent *d;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", table->pid);
	_cleanup_close_ int infos = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/fd", table->pid);
	_cleanup_closedir_ DIR *fds = opendir(path);
	while (infos >= 0 && fds && (d = readdir(fds)))
		if (d->d_name[0] != '.' && !add_fd(y, table, dirfd(fds), infos, d->d_name))
			break;
	return 0;
}

/* --- all ---------------------------------------------------------------------------------------------------- */

/* How many we may have open. Room is made at once, while we are one thread: later the kernel would wait each time. */
static long make_room(const struct dump_ctx *ctx, size_t fds)
{
	struct rlimit r;
	long room;
	int last;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 0;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	room = r.rlim_max < TOO_MANY ? r.rlim_max : TOO_MANY;
	room -= room / 4; /* the dump needs some itself */
	last = fcntl(ctx->images_fd, F_DUPFD_CLOEXEC, (long)fds < room ? (long)fds : room);
	close_fdp(&last);
	return last < 0 ? 0 : room;
}

static int by_pid(const void *a, const void *b)
{
	const struct early_table *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

void early_begin(struct dump_ctx *ctx)
{
	struct early *y = pool_alloc(&ctx->pool, sizeof(*y));
	size_t fds = find_tables(ctx, y);
	struct err e;

	if (fds < MANY)
		return;
	y->room = make_room(ctx, fds);
	pool_reserve(&ctx->pool, fds * FILE_SIZE);
	qsort(y->tables, y->nr, sizeof(*y->tables), by_pid);
	parallel(y->nr, true, look_table, y, &e);
	ctx->early = y;
}

struct early_table *early_table(const struct dump_ctx *ctx, const struct task *t)
{
	const struct early *y = ctx->early;
	struct early_table key = { .pid = t->tid };

	return y ? bsearch(&key, y->tables, y->nr, sizeof(key), by_pid) : NULL;
}

void early_end(struct dump_ctx *ctx)
{
	struct early *y = ctx->early;

	for (size_t i = 0; y && i < y->nr; i++) {
		for (size_t j = 0; j < y->tables[i].nr; j++) {
			close_fdp(&y->tables[i].fds[j].fd);
			free(y->tables[i].fds[j].name);
		}
		free(y->tables[i].fds);
	}
	ctx->early = NULL;
}
