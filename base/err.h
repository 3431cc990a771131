/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Errors. A function that can fail returns int (0, or -1 with *e filled) and takes a struct err * last.
 * The error lives on the caller's stack: it cannot leak and needs no allocation. Only main prints it.
 *
 * A message answers four questions: which object (where), what failed with which path (what), which errno
 * (errnum), what the user can do (hint).
 */
#ifndef CRKIT_ERR_H
#define CRKIT_ERR_H

#include <stddef.h>

#include "base/err-struct.h"

/* Sets a fresh error. Always returns -1, so that a failure path is one line. */
int err_set(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Prepends "<fmt>: " to where: each caller that knows more says so. Always returns -1. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says what the user can do about it. Always returns -1. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory while doing `what`. Always returns -1. */
int err_nomem(struct err *e, const char *what);

/* The whole message in one line, without the hint: "where: what: strerror(errnum)". */
void err_text(const struct err *e, char *buf, size_t size);

#endif
