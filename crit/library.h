/* SPDX-License-Identifier: GPL-2.0-only */
/* Libraries that are loaded when they are needed: loading them takes longer than all else that crit does. */
#ifndef CRKIT_CRIT_LIBRARY_H
#define CRKIT_CRIT_LIBRARY_H

#include <stddef.h>

#include "base/err.h"

/*
 * Loads a library and fills fns[] with the addresses of its functions, in the order of their names. The library stays loaded.
 * what: for the error, "reads archives"; hint: how to get it.
 */
int library_load(const char *soname, const char *what, const char *hint, const char *const *names, size_t nr,
		 void **fns, struct err *e);

/*
 * Declares `struct library` with a member for each function that the list FUNCTIONS(F) names, typed by its header, and their names:
 * library_load(..., library_names, ARRAY_SIZE(library_names), (void **)&library, e).
 */
#define LIBRARY_MEMBER(name) __typeof__(name) *name;
#define LIBRARY_NAME(name)   #name,
#define LIBRARY(FUNCTIONS)                                                      \
	struct library {                                                        \
		FUNCTIONS(LIBRARY_MEMBER)                                       \
	};                                                                      \
	static const char *const library_names[] = { FUNCTIONS(LIBRARY_NAME) }; \
	_Static_assert(sizeof(struct library) == sizeof(library_names), "nothing but functions")

#endif
