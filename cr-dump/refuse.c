// SPDX-License-Identifier: GPL-2.0-only
/* State that is seen but cannot be saved: collected while looking, reported all at once. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/dump.h"

struct refusal {
	struct err err;
};

void refuse(struct dump_ctx *ctx, const struct task *t, const char *hint, const char *fmt, ...)
{
	struct refusal *r = POOL_PUSH(&ctx->pool, ctx->refusals, ctx->nr_refusals);
	char text[sizeof(r->err.what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(&r->err, 0, "%s", text);
	if (hint)
		err_hint(&r->err, "%s", hint);
	if (t)
		err_in(&r->err, "pid %d", t->pid);
}

int refuse_report(struct dump_ctx *ctx, struct err *e)
{
	if (!ctx->nr_refusals)
		return 0;
	for (size_t i = 0; i < ctx->nr_refusals; i++)
		log_err(&ctx->refusals[i].err);
	return err_set(e, 0, "%zu object%s of the tree cannot be dumped; nothing was changed", ctx->nr_refusals,
		       ctx->nr_refusals == 1 ? "" : "s");
}
