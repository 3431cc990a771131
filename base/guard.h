/* SPDX-License-Identifier: LGPL-2.1-only */
/* Scope guards: what a function acquired is given back on every way out of it. */
#ifndef CRKIT_GUARD_H
#define CRKIT_GUARD_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define _cleanup_(fn)	 __attribute__((cleanup(fn)))
#define _printf_(f, a)	 __attribute__((format(printf, f, a)))
#define _must_check_	 __attribute__((warn_unused_result))
#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof(*(a)))
#define ALIGN_UP(x, a)	 (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))

static inline void free_ptrp(void *p)
{
	free(*(void **)p);
}

static inline void close_fdp(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd); /* not retried on EINTR: Linux freed the number already */
	errno = saved;
}

static inline void fclose_filep(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void closedir_dirp(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

#define _cleanup_free_	   _cleanup_(free_ptrp)
#define _cleanup_close_	   _cleanup_(close_fdp)
#define _cleanup_fclose_   _cleanup_(fclose_filep)
#define _cleanup_closedir_ _cleanup_(closedir_dirp)

/* Hand the resource out of its guard. */
#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})
#define take_ptr(p)                       \
	({                                \
		__auto_type taken_ = (p); \
		(p) = NULL;               \
		taken_;                   \
	})

#endif
