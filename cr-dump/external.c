// SPDX-License-Identifier: GPL-2.0-only
/* What --external names: things that a tree uses and that are not its own; a restore is given others in their place (--inherit-fd). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/files.h"

bool external_named(const struct dump_ctx *ctx, const char *fmt, ...)
{
	char key[128];
	va_list ap;

	if (!ctx->opts->external.nr)
		return false;
	va_start(ap, fmt);
	vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < ctx->opts->external.nr; i++)
		if (!strcmp(ctx->opts->external.items[i], key))
			return true;
	return false;
}
