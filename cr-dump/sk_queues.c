// SPDX-License-Identifier: GPL-2.0-only
/* sk-queues.img: what was queued on sockets, of whatever family. */
#include "cr-dump/files.h"

void files_add_packet(struct dump_ctx *ctx, SkPacketEntry *p, const uint8_t *bytes)
{
	struct packets *all = &files_of(ctx)->packets;

	*POOL_PUSH(&ctx->pool, all->list, all->nr) = (struct packet){ p, bytes };
}

int sk_queues_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	const struct packets *all = &files_of(ctx)->packets;

	if (!all->nr)
		return 0;
	if (img_create(ctx->images_fd, IMG_SK_QUEUES, 0, &w, e))
		return -1;
	for (size_t i = 0; i < all->nr; i++)
		if (img_put(w, &all->list[i].entry->base, e) ||
		    img_put_bytes(w, all->list[i].bytes, all->list[i].entry->length, e))
			return -1;
	return img_finish(&w, e);
}
