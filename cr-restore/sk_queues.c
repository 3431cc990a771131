// SPDX-License-Identifier: GPL-2.0-only
/* sk-queues.img: what was queued on sockets, of whatever family. */
#include <stdlib.h>

#include "cr-restore/files.h"

/* Files that are on their way through a socket are held, too. */
static void mark_flying(struct restore_ctx *ctx, const SkPacketEntry *p)
{
	for (size_t i = 0; i < p->n_scm; i++)
		for (size_t j = 0; j < p->scm[i]->n_rights; j++) {
			struct ofile *of = files_find(ctx, p->scm[i]->rights[j]);

			if (of)
				of->held = true;
		}
}

static int add_packet(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct files *fs = ctx->files;
	struct packet *p = POOL_PUSH(&ctx->pool, fs->packets, fs->nr_packets);

	p->entry = (SkPacketEntry *)msg;
	p->nr = fs->nr_packets;
	if (p->entry->length > img_left(r)) {
		err_set(e, 0, "a packet of %u bytes is longer than the image", p->entry->length);
		return img_complain(r, e);
	}
	mark_flying(ctx, p->entry);
	p->bytes = pool_alloc(&ctx->pool, p->entry->length + 1);
	return img_get_bytes(r, p->bytes, p->entry->length, e);
}

static int by_receiver(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	if (x->entry->id_for != y->entry->id_for)
		return x->entry->id_for < y->entry->id_for ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

int sk_queues_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;

	if (files_each(ctx, IMG_SK_QUEUES, add_packet, e))
		return -1;
	if (fs->nr_packets)
		qsort(fs->packets, fs->nr_packets, sizeof(*fs->packets), by_receiver);
	return 0;
}

const struct packet *sk_packets(const struct restore_ctx *ctx, uint32_t id, size_t *nr_ret)
{
	const struct files *fs = ctx->files;
	size_t low = 0, high = fs->nr_packets;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (fs->packets[mid].entry->id_for < id)
			low = mid + 1;
		else
			high = mid;
	}
	for (*nr_ret = 0; low + *nr_ret < fs->nr_packets && fs->packets[low + *nr_ret].entry->id_for == id;)
		++*nr_ret;
	return fs->packets + low;
}
