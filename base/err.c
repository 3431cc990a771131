// SPDX-License-Identifier: LGPL-2.1-only
/* Errors: see err.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int err_set(struct err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	e->errnum = errnum;
	e->where[0] = '\0';
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
	char outer[sizeof(e->where)], joined[2 * sizeof(e->where) + 3];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	snprintf(joined, sizeof(joined), "%s%s%s", outer, e->where[0] ? ": " : "", e->where);
	snprintf(e->where, sizeof(e->where), "%.*s", (int)sizeof(e->where) - 1, joined);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int err_nomem(struct err *e, const char *what)
{
	return err_set(e, ENOMEM, "not enough memory for %s", what);
}

void err_text(const struct err *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s%s%s", e->where, e->where[0] ? ": " : "", e->what, e->errnum ? ": " : "",
		 e->errnum ? strerror(e->errnum) : "");
}
