// SPDX-License-Identifier: GPL-2.0-only
/* Timerfds: clock, time, interval, and expirations that nobody has read yet. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>

#include "cr-restore/files.h"

#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

/* The clock that a timer of this clock shows the time of. */
static clockid_t base_clock(uint32_t clock)
{
	return clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
}

/* A time that was given absolutely is given so again; but for the clock on the wall it is moved by the time that has passed. */
static int set_time(int fd, const TimerfdEntry *r, struct err *e)
{
	struct itimerspec its = { .it_interval = { r->isec, r->insec }, .it_value = { r->vsec, r->vnsec } };
	bool absolute = r->settime_flags & TFD_TIMER_ABSTIME;
	struct timespec now = { 0 };

	/* It expired, and the next expiration was not counted from there. */
	if (!r->vsec && !r->vnsec)
		its.it_value = its.it_interval;
	if (r->has_expires_sec) {
		its.it_value = (struct timespec){ r->expires_sec, r->expires_nsec };
	} else if (absolute && (its.it_value.tv_sec || its.it_value.tv_nsec)) {
		if (clock_gettime(base_clock(r->clockid), &now))
			return err_set(e, errno, "cannot read clock %u", r->clockid);
		its.it_value.tv_sec += now.tv_sec;
		its.it_value.tv_nsec += now.tv_nsec;
		if (its.it_value.tv_nsec >= 1000000000) {
			its.it_value.tv_sec++;
			its.it_value.tv_nsec -= 1000000000;
		}
	}
	if (timerfd_settime(fd, r->settime_flags, &its, NULL))
		return err_set(e, errno, "cannot set it");
	return 0;
}

static int timerfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const TimerfdEntry *r = f->tfd;
	_cleanup_close_ int fd = timerfd_create(r->clockid, TFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot create a timerfd of clock %u", r->clockid);
	if (set_time(fd, r, e))
		return -1;
	/* After the time, which resets it. */
	if (r->ticks && ioctl(fd, TFD_IOC_SET_TICKS, &r->ticks)) {
		err_set(e, errno, "cannot set its %lu expirations", r->ticks);
		return errno == ENOTTY ? err_hint(e, "the kernel needs CONFIG_CHECKPOINT_RESTORE") : -1;
	}
	if (file_set_flags(fd, r->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_timerfd = {
	.name = "timerfd",
	.type = FD_TYPES__TIMERFD,
	.make = timerfd_make,
};
