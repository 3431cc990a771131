// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timerfds: clock, time left, interval, and expirations that nobody has read yet are in fdinfo. A time that was given by the
 * clock on the wall stays that time, whenever the restore is; all others go on with what was left.
 *
 * That the clock was set (TFD_TIMER_CANCEL_ON_SET) and the program has not read it yet cannot be told for a timer with an
 * interval: it looks like one more expiration.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "cr-dump/files.h"

#define NS 1000000000ull

static bool timerfd_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[timerfd]");
}

static int timerfd_key(void *rec, const char *key, const char *val, struct err *e)
{
	TimerfdEntry *r = rec;
	int n = 1, want = 1;

	if (!strcmp(key, "clockid"))
		n = sscanf(val, "%u", &r->clockid);
	else if (!strcmp(key, "ticks"))
		n = sscanf(val, "%lu", &r->ticks);
	else if (!strcmp(key, "settime flags"))
		n = sscanf(val, "%o", &r->settime_flags);
	else if (!strcmp(key, "it_value"))
		n = sscanf(val, "(%lu, %lu)", &r->vsec, &r->vnsec), want = 2;
	else if (!strcmp(key, "it_interval"))
		n = sscanf(val, "(%lu, %lu)", &r->isec, &r->insec), want = 2;
	return n == want ? 0 : err_set(e, 0, "fdinfo has \"%s: %s\", not what a timerfd has", key, val);
}

static int read_again(int fd, TimerfdEntry *r, struct err *e)
{
	char path[64], text[1024];
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	if (!f)
		return err_set(e, errno, "cannot read its fdinfo");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	return fdinfo_each(text, timerfd_key, r, e);
}

static bool on_the_wall(const TimerfdEntry *r)
{
	return r->settime_flags & TFD_TIMER_ABSTIME &&
	       (r->clockid == CLOCK_REALTIME || r->clockid == CLOCK_REALTIME_ALARM);
}

/* The moment of its expiration: what is left, added to the time; of a few tries that during which the least time went by. */
static int find_expiry(int fd, TimerfdEntry *r, struct err *e)
{
	struct timespec before, after;
	struct itimerspec its;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t a, b, at;

		clock_gettime(CLOCK_REALTIME, &before);
		if (timerfd_gettime(fd, &its))
			return err_set(e, errno, "cannot tell its time");
		clock_gettime(CLOCK_REALTIME, &after);
		a = before.tv_sec * NS + before.tv_nsec;
		b = after.tv_sec * NS + after.tv_nsec;
		if (b < a || b - a >= best)
			continue;
		best = b - a;
		at = a + best / 2 + its.it_value.tv_sec * NS + its.it_value.tv_nsec;
		r->has_expires_sec = r->has_expires_nsec = its.it_value.tv_sec || its.it_value.tv_nsec;
		r->expires_sec = at / NS;
		r->expires_nsec = at % NS;
	}
	return 0;
}

/* The kernel counts it as an expiration, and would tell of it at the next read only. */
static bool clock_was_set(const TimerfdEntry *r)
{
	bool expired = !r->vsec && !r->vnsec;

	return on_the_wall(r) && r->settime_flags & TFD_TIMER_CANCEL_ON_SET && !r->isec && !r->insec &&
	       r->ticks > (expired ? 1 : 0);
}

static int timerfd_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	TimerfdEntry *r = POOL_MSG(&ctx->pool, TimerfdEntry, timerfd_entry);
	struct itimerspec its;

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	if (fdinfo_each(f->text, timerfd_key, r, e))
		return -1;
	/*
	 * An expired interval timer stands still until somebody asks; only then the kernel counts what it missed. To ask changes
	 * nothing that the program could see: it would ask, too.
	 */
	if (r->ticks && (r->isec || r->insec) && (timerfd_gettime(f->fd, &its) || read_again(f->fd, r, e)))
		return -1;
	if (clock_was_set(r)) {
		refuse_file(ctx, of, "try again when the program has read it",
			    "is a timerfd (TFD_TIMER_CANCEL_ON_SET) whose clock was set, which was not read yet");
		return 0;
	}
	if (on_the_wall(r) && find_expiry(f->fd, r, e))
		return -1;
	of->entry->tfd = r;
	return 0;
}

const struct dump_kind dump_timerfd = {
	.name = "timerfd",
	.type = FD_TYPES__TIMERFD,
	.claims = timerfd_claims,
	.save = timerfd_save,
};
