/* SPDX-License-Identifier: LGPL-2.1-only */
/* What an error is. Alone, so that it can be installed with libimg (as crkit/err.h), whose users have no need to make errors. */
#ifndef CRKIT_ERR_STRUCT_H
#define CRKIT_ERR_STRUCT_H

struct err {
	int errnum;	 /* 0 when no system call is to blame */
	char where[256]; /* "pid 4312: fd 7 (eventfd)", outermost first */
	char what[768];	 /* "cannot read /proc/4312/fdinfo/7" */
	char hint[384];	 /* what the user can do, or "" */
};

#endif
