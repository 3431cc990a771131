// SPDX-License-Identifier: GPL-2.0-only
/* Without --file-locks a lock is refused, each by the descriptor that it was taken through; a lease always. */
#include <sys/file.h>

#include "test/crtest.h"

static int locked, leased;

static void arrange(void)
{
	locked = tmp_file("locked", 10, 1, O_RDWR);
	must(flock(locked, LOCK_SH));
	leased = tmp_file("leased", 10, 2, O_RDONLY);
	must(fcntl(leased, F_SETLEASE, F_RDLCK));
}

static void verify(void)
{
	check_eq(fcntl(leased, F_GETLEASE), F_RDLCK);
}

CRTEST(.about = "locks without --file-locks", .ids = "FL-2", .arrange = arrange, .verify = verify,
       .refused = "file lock|--file-locks|lease")
