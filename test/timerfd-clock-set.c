// SPDX-License-Identifier: GPL-2.0-only
/* That the clock was set, which a timerfd is to tell at its next read, cannot be saved: the dump is refused. */
#include <sys/ioctl.h>
#include <sys/timerfd.h>

#include "test/crtest.h"

static int fd;

static void arrange(void)
{
	struct itimerspec its = { .it_value.tv_sec = time(NULL) + 100000 };
	uint64_t one = 1;

	fd = must(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	must(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL));
	/* It looks so then, without the clock of the machine being touched. */
	if (ioctl(fd, _IOW('T', 0, uint64_t), &one))
		skip("the kernel has no TFD_IOC_SET_TICKS");
}

static void verify(void)
{
	uint64_t n;

	check_eq(read(fd, &n, sizeof(n)), sizeof(n));
	check_eq(n, 1);
}

CRTEST(.about = "a timerfd whose clock was set", .refused = "TFD_TIMER_CANCEL_ON_SET|was not read yet",
       .arrange = arrange, .verify = verify)
