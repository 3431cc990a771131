/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels of the security module that this kernel has: of SELinux, of AppArmor, or of another one. */
#ifndef CRKIT_SECURITY_H
#define CRKIT_SECURITY_H

#include <stdbool.h>
#include <stddef.h>

#define LABEL_MAX 4096

/* AppArmor: the directory of its policy namespaces. */
#define APPARMOR_NAMESPACES "/sys/kernel/security/apparmor/policy/namespaces"

enum security_module { SECURITY_NONE, SECURITY_SELINUX, SECURITY_APPARMOR, SECURITY_OTHER };

/* What a thread has asked for its next program, and for what it makes (SELinux). As files of /proc/PID/attr; `current` is the thread's own. */
enum security_attr { ATTR_CURRENT, ATTR_EXEC, ATTR_FSCREATE, ATTR_KEYCREATE, ATTR_SOCKCREATE, ATTR_COUNT };

/* Asked of the kernel once. */
enum security_module security_module(void);
/* Name of an attribute's file, below /proc/PID; NULL: this module has none. */
const char *security_file(enum security_attr attr);
/* First line of a label's file into buf (LABEL_MAX bytes). false: no such file, or nothing in it. */
bool security_read(int dirfd, const char *path, char *buf);
/* The label that SELinux has for an open file, into buf (LABEL_MAX bytes). false: none. */
bool security_of_fd(int fd, char *buf);

#endif
