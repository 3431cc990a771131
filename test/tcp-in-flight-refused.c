// SPDX-License-Identifier: GPL-2.0-only
/* Without --skip-in-flight connections that wait to be accepted are a reason to refuse, and they can be accepted afterwards. */
#define REFUSED
#include "tcp-in-flight.c"

static void verify(void)
{
	for (int i = 0; i < 4; i++) {
		int a = accept(server[i & 1], NULL, NULL);
		char b[4] = "";

		check(a >= 0);
		check_eq(recv(a, b, 4, MSG_WAITALL), 3);
		check_mem(b, "old", 3);
		close(a);
	}
}

CRTEST(.about = "connections that nobody has accepted yet", .ids = "IN-26", .arrange = arrange, .verify = verify,
       .refused =
	       "fd 4 is a listening TCP socket with connections that wait|fd 5 is a listening TCP socket|--skip-in-flight")
