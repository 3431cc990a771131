// SPDX-License-Identifier: GPL-2.0-only
/* --lsm-profile: all processes get another label of SELinux, and those of their sockets that had theirs. */
#include <sys/socket.h>

#include "test/crtest-selinux.h"

static int theirs, other;

static void arrange(void)
{
	selinux_need();
	theirs = must(socket(AF_INET, SOCK_STREAM, 0));
	set_attr("sockcreate", SOCKETS);
	other = must(socket(AF_INET, SOCK_STREAM, 0));
	set_attr("sockcreate", "\n");
	check_label(theirs, OURS);
}

static void verify(void)
{
	check_attr("current", CHILDS);
	check_attr("sockcreate", "");
	check_label(theirs, CHILDS);
	check_label(other, SOCKETS);
}

CRTEST(.about = "another label of SELinux", .ids = "CR-21 CR-22", .arrange = arrange, .verify = verify, .root = true,
       .restore_opts = "--lsm-profile selinux:" CHILDS, .flavours = "plain")
