/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of SELinux: the policy selinux.conf, which is loaded into a kernel that has none, and labels of it. */
#ifndef CRTEST_SELINUX_H
#define CRTEST_SELINUX_H

#include "test/crtest.h"

#define LABEL(role, type) "crkit_u:" role ":crkit_" type
#define OURS		  LABEL("crkit_r", "t")
#define CHILDS		  LABEL("crkit_r", "child_t")
#define SOCKETS		  LABEL("object_r", "socket_t")

/* Skips the test where there is no SELinux, or another policy. */
void selinux_need(void);
/* Reads and writes files of /proc/thread-self/attr. */
void check_attr(const char *name, const char *label);
void set_attr(const char *name, const char *label);
/* The label of an open file. */
void check_label(int fd, const char *label);
/* The label of the other end of a connection. */
void check_peer_label(int fd, const char *label);

#endif
