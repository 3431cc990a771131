// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that waited in the queue of an inotify instance, made again by doing the same things once more: in a file system of our own
 * that nobody else sees, to files that have the numbers of the old watches for this time. When such a watch goes, the kernel
 * queues that, too (IN_IGNORED), unless the queue is full. So the queue is filled up in front of the events with others, which are
 * read away in the end. The cookies of renames come out as other numbers, equal in pairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/fsnotify.h"

#define QUIET	IN_UNMOUNT /* a watch must be for something */
#define JUNK_WD (INT_MAX - 1)
#define ASIDE	"aside" /* where renames from and to nowhere lead */
#define EVENT	sizeof(struct inotify_event)
#define NAMED	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define SELF	(IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED)
#define EITHER	(IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_OPEN | IN_CLOSE)

/* What is watched in place of the old file. */
struct scratch {
	int wd;
	char name[16];
	int fd;
	bool dir;
};

struct replay {
	struct restore_ctx *ctx;
	int fd, top, junk; /* the instance; the root of the file system; a file there */
	InotifyEventEntry **list;
	size_t nr;
	bool *done;
	struct scratch *scratches;
	size_t nr_scratches;
	unsigned int names;
	long junk_made;
};

/* Where something is done, and to what. */
struct place {
	int at;
	const char *name;
	bool dir;
};

static bool is_named(const InotifyEventEntry *v)
{
	return v->name && *v->name;
}

static size_t ignored_after(InotifyEventEntry **list, size_t nr, size_t i)
{
	size_t j = i + 1;

	while (j < nr && !(list[j]->wd == list[i]->wd && list[j]->mask & IN_IGNORED) && list[j]->wd > 0)
		j++;
	return j < nr && list[j]->wd > 0 ? j : nr;
}

/* An overflow, too, is an event that is not made by doing it. */
static bool can_make(InotifyEventEntry **list, size_t nr, size_t i)
{
	const InotifyEventEntry *v = list[i];
	uint32_t what = v->mask & ~IN_ISDIR, possible = EITHER | (is_named(v) ? NAMED : SELF);

	if (is_named(v) &&
	    (strlen(v->name) > NAME_MAX || strchr(v->name, '/') || !strcmp(v->name, ".") || !strcmp(v->name, "..")))
		return false;
	if (what == IN_DELETE_SELF && ignored_after(list, nr, i) == nr)
		return false;
	return v->wd > 0 && v->wd < JUNK_WD && (what & possible) == what && what && !(what & (what - 1)) &&
	       v->mask != (IN_CLOSE_WRITE | IN_ISDIR);
}

static bool same_event(const InotifyEventEntry *a, const InotifyEventEntry *b)
{
	return a->wd == b->wd && a->mask == b->mask && !strcmp(is_named(a) ? a->name : "", is_named(b) ? b->name : "");
}

/* The events that can be made. In place of others there is the news that some were lost, once: *before_ret stand before it. */
static bool sift(struct replay *r, const InotifyQueueEntry *q, size_t *before_ret)
{
	bool lost = false;

	r->list = pool_alloc(&r->ctx->pool, q->n_events * sizeof(*r->list));
	r->done = pool_alloc(&r->ctx->pool, q->n_events * sizeof(*r->done));
	for (size_t i = 0; i < q->n_events; i++) {
		InotifyEventEntry *v = q->events[i];

		if (!can_make(q->events, q->n_events, i)) {
			*before_ret = lost ? *before_ret : r->nr;
			lost = true;
		} else if (!r->nr || !same_event(r->list[r->nr - 1], v) || (lost && *before_ret == r->nr)) {
			r->list[r->nr++] = v; /* the kernel makes one of two that follow each other */
		}
	}
	return lost;
}

static int new_filesystem(int *fd_ret)
{
	_cleanup_close_ int fs = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	*fd_ret = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return *fd_ret < 0 ? -1 : 0;
}

static int make_one(const struct place *p)
{
	_cleanup_close_ int fd = -1;

	if (p->dir)
		return mkdirat(p->at, p->name, 0700);
	fd = openat(p->at, p->name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : 0;
}

static int remove_one(const struct place *p)
{
	return unlinkat(p->at, p->name, p->dir ? AT_REMOVEDIR : 0);
}

static int touch(const struct place *p, uint32_t what)
{
	const long access = what == IN_ACCESS ? UTIME_NOW : UTIME_OMIT,
		   change = what == IN_MODIFY ? UTIME_NOW : UTIME_OMIT;

	return utimensat(p->at, p->name, (const struct timespec[]){ { 0, access }, { 0, change } }, 0);
}

/* --- watches ------------------------------------------------------------------------------------------------ */

static int watch(int instance, int fd, int wd, uint32_t mask)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(instance, path, mask) == wd ? 0 : -1;
}

static int next_wd(int instance, int wd)
{
	return ioctl(instance, INOTIFY_IOC_SETNEXTWD, (unsigned long)wd);
}

static struct scratch *known(const struct replay *r, int wd)
{
	for (size_t i = 0; i < r->nr_scratches; i++)
		if (r->scratches[i].wd == wd)
			return &r->scratches[i];
	return NULL;
}

/* What the i-th event happened to. It was a directory if one of its events, from this on, says so. */
static struct scratch *scratch_of(struct replay *r, size_t i)
{
	struct scratch *s = known(r, r->list[i]->wd);
	struct place p = { .at = r->top };

	if (s)
		return s;
	for (size_t j = i; j < r->nr && !p.dir; j++)
		if (r->list[j]->wd == r->list[i]->wd)
			p.dir = is_named(r->list[j]) || r->list[j]->mask & IN_ISDIR;
	s = POOL_PUSH(&r->ctx->pool, r->scratches, r->nr_scratches);
	s->wd = r->list[i]->wd;
	s->dir = p.dir;
	snprintf(s->name, sizeof(s->name), "%u", r->names++);
	p.name = s->name;
	s->fd = make_one(&p) ? -1 : openat(r->top, s->name, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || next_wd(r->fd, s->wd) || watch(r->fd, s->fd, s->wd, QUIET))
		return NULL;
	return s;
}

static int arm(const struct replay *r, const struct scratch *s, uint32_t mask)
{
	return watch(r->fd, s->fd, s->wd, mask);
}

/* --- events ------------------------------------------------------------------------------------------------- */

static int open_or_close(const struct replay *r, const struct scratch *s, const struct place *p, uint32_t what)
{
	int flags = what == IN_CLOSE_WRITE ? O_WRONLY : O_RDONLY, fd, ret;

	if (what == IN_OPEN && arm(r, s, what))
		return -1;
	fd = openat(p->at, p->name, flags | O_CLOEXEC);
	ret = fd < 0 || arm(r, s, what == IN_OPEN ? QUIET : what) ? -1 : 0;
	close_fdp(&fd);
	return ret;
}

/* Both halves of a rename come from one, and have one cookie. */
static int move_from(struct replay *r, const struct scratch *s, const struct place *p, size_t i, size_t end)
{
	const InotifyEventEntry *v = i + 1 < end ? r->list[i + 1] : NULL;
	struct place aside = { r->top, ASIDE, p->dir };
	const struct scratch *to;
	int wd = s->wd;

	if (make_one(p))
		return -1;
	if (!v || !(v->mask & IN_MOVED_TO) || v->cookie != r->list[i]->cookie)
		return arm(r, s, IN_MOVED_FROM) || renameat(p->at, p->name, r->top, ASIDE) || arm(r, s, QUIET) ?
			       -1 :
			       remove_one(&aside);
	r->done[i + 1] = true;
	to = scratch_of(r, i + 1);
	s = known(r, wd); /* the list may have moved */
	if (!to || arm(r, s, s == to ? IN_MOVE : IN_MOVED_FROM) || (s != to && arm(r, to, IN_MOVED_TO)) ||
	    renameat(p->at, p->name, to->fd, v->name) || arm(r, s, QUIET) || arm(r, to, QUIET))
		return -1;
	return remove_one(&(struct place){ to->fd, v->name, p->dir });
}

static int move_to(const struct replay *r, const struct scratch *s, const struct place *p)
{
	struct place aside = { r->top, ASIDE, p->dir };

	if (make_one(&aside) || arm(r, s, IN_MOVED_TO) || renameat(r->top, ASIDE, p->at, p->name) || arm(r, s, QUIET))
		return -1;
	return remove_one(p);
}

static void forget(struct replay *r, struct scratch *s)
{
	close_fdp(&s->fd);
	*s = r->scratches[--r->nr_scratches];
}

/* The end of the watch, which comes with the end of the file. */
static int delete_self(struct replay *r, struct scratch *s, const struct place *p, size_t i)
{
	if (arm(r, s, IN_DELETE_SELF) || remove_one(p))
		return -1;
	r->done[ignored_after(r->list, r->nr, i)] = true;
	forget(r, s);
	return 0;
}

static int to_child(struct replay *r, struct scratch *s, const struct place *p, size_t i, size_t end)
{
	uint32_t what = r->list[i]->mask & ~IN_ISDIR;
	int ret;

	if (what == IN_MOVED_FROM)
		return move_from(r, s, p, i, end);
	if (what == IN_MOVED_TO)
		return move_to(r, s, p);
	if (what == IN_CREATE)
		return arm(r, s, what) || make_one(p) || arm(r, s, QUIET) || remove_one(p) ? -1 : 0;
	if (make_one(p))
		return -1;
	if (what == IN_DELETE)
		return arm(r, s, what) || remove_one(p) ? -1 : 0;
	if (what & (IN_OPEN | IN_CLOSE))
		ret = open_or_close(r, s, p, what);
	else
		ret = arm(r, s, what) || (what == IN_ATTRIB ? fchmodat(p->at, p->name, 0700, 0) : touch(p, what));
	return ret || arm(r, s, QUIET) || remove_one(p) ? -1 : 0;
}

static int to_itself(struct replay *r, struct scratch *s, const struct place *p, size_t i)
{
	uint32_t what = r->list[i]->mask & ~IN_ISDIR;

	if (what == IN_DELETE_SELF)
		return delete_self(r, s, p, i);
	if (what == IN_IGNORED) {
		if (inotify_rm_watch(r->fd, s->wd))
			return -1;
		forget(r, s);
		return 0;
	}
	if (what & (IN_OPEN | IN_CLOSE))
		return open_or_close(r, s, p, what) || arm(r, s, QUIET) ? -1 : 0;
	if (arm(r, s, what))
		return -1;
	if (what == IN_MOVE_SELF)
		return renameat(r->top, s->name, r->top, ASIDE) || arm(r, s, QUIET) ||
				       renameat(r->top, ASIDE, r->top, s->name) ?
			       -1 :
			       0;
	return (what == IN_ATTRIB ? fchmodat(p->at, p->name, 0700, 0) : touch(p, what)) || arm(r, s, QUIET) ? -1 : 0;
}

/* The events from `from` to `end`. */
static int make_events(struct replay *r, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		const InotifyEventEntry *v = r->list[i];
		bool dir = v->mask & IN_ISDIR;
		struct scratch *s;

		if (r->done[i])
			continue;
		s = scratch_of(r, i);
		if (!s)
			return -1;
		if (is_named(v) ? to_child(r, s, &(struct place){ s->fd, v->name, dir }, i, end) :
				  to_itself(r, s, &(struct place){ r->top, s->name, s->dir }, i))
			return -1;
	}
	return 0;
}

/* --- what stands before them -------------------------------------------------------------------------------- */

/* No two that follow each other are alike: those would be one. */
static int make_junk(struct replay *r, long n)
{
	for (; n > 0; n--) {
		char byte = 0;

		if ((r->junk_made++ & 1 ? pread(r->junk, &byte, 1, 0) : pwrite(r->junk, &byte, 1, 0)) != 1)
			return -1;
	}
	return 0;
}

/* Events without a name are all of one size. */
static int take_away(const struct replay *r, long n)
{
	_cleanup_free_ char *buf = malloc(n * EVENT + 1);

	return buf && read(r->fd, buf, n * EVENT) == (ssize_t)(n * EVENT) ? 0 : -1;
}

static int queue_limit(long *ret)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

	return f && fscanf(f, "%ld", ret) == 1 && *ret > 0 ? 0 : -1;
}

static int begin(struct replay *r, long *max_ret)
{
	if (queue_limit(max_ret) || new_filesystem(&r->top) || make_one(&(struct place){ r->top, "junk", false }))
		return -1;
	r->junk = openat(r->top, "junk", O_RDWR | O_CLOEXEC);
	return r->junk < 0 || next_wd(r->fd, JUNK_WD) || watch(r->fd, r->junk, JUNK_WD, IN_ACCESS | IN_MODIFY) ? -1 : 0;
}

/*
 * The first `before` events, the news of an overflow, and the rest. That news is queued when the queue is full, once, and then
 * everything is dropped that finds it full. Without overflow (the news is not wanted) it comes before all events, and is taken away.
 */
static int fill(struct replay *r, size_t before, bool overflow, long max)
{
	long junk = max - before, first = r->nr - before + 1;

	if (make_junk(r, junk) || make_events(r, 0, before) || make_junk(r, 1) || take_away(r, first) ||
	    make_events(r, before, r->nr))
		return -1;
	for (size_t i = 0; i < r->nr_scratches; i++)
		if (inotify_rm_watch(r->fd, r->scratches[i].wd))
			return -1;
	return inotify_rm_watch(r->fd, JUNK_WD) || take_away(r, junk - first + !overflow) ? -1 : 0;
}

int inotify_queue_fill(struct restore_ctx *ctx, int fd, const InotifyQueueEntry *q, struct err *e)
{
	struct replay r = { .ctx = ctx, .fd = fd, .top = -1, .junk = -1 };
	bool lost = true;
	size_t before = 0;
	long max = 0;
	int ret, saved;

	if (q)
		lost = sift(&r, q, &before);
	ret = begin(&r, &max);
	if (!ret && (long)r.nr >= max) {
		lost = true;
		r.nr = before = 0;
	}
	if (!ret)
		ret = fill(&r, lost ? before : 0, lost, max);
	saved = errno;
	for (size_t i = 0; i < r.nr_scratches; i++)
		close_fdp(&r.scratches[i].fd);
	close_fdp(&r.junk);
	close_fdp(&r.top);
	if (!ret)
		return lost ? 1 : 0;
	err_set(e, saved, "cannot make the events of its queue again");
	return saved == EPERM ? err_hint(e, "this needs CAP_SYS_ADMIN") : -1;
}
