// SPDX-License-Identifier: GPL-2.0-only
/* Reading all images of a checkpoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/images.h"
#include "libimg/messages.h"

/* The number in a file name; false when the name is not the one that such an image would get. */
static bool key_of(const struct img_type *t, const char *name, unsigned long *ret)
{
	const char *hole = strchr(t->pattern, '%');
	char again[64];

	*ret = 0;
	if (hole) {
		int base = hole[strspn(hole, "%l")] == 'x' ? 16 : 10;

		errno = 0;
		*ret = strtoul(name + (hole - t->pattern), NULL, base);
		if (errno)
			return false;
	}
	return !strcmp(img_name(t->id, *ret, again, sizeof(again)), name);
}

static int add_record(struct image *i, ProtobufCMessage *msg, struct err *e)
{
	if (!(i->nr & (i->nr - 1))) {
		ProtobufCMessage **bigger = reallocarray(i->msgs, i->nr ? 2 * i->nr : 1, sizeof(*bigger));

		if (!bigger) {
			img_free(msg);
			return err_nomem(e, i->name);
		}
		i->msgs = bigger;
	}
	i->msgs[i->nr++] = msg;
	return 0;
}

static int read_records(struct image *i, struct img_reader *r, struct err *e)
{
	ProtobufCMessage *msg;
	int rc;

	while ((rc = img_get(r, &msg, e)) > 0) {
		if (add_record(i, msg, e) || payload_skip(r, msg, e))
			return -1;
	}
	return rc;
}

static int read_image(struct image *i, struct source *s, struct err *e)
{
	_cleanup_part_ struct part p = PART_NONE;
	_cleanup_img_reader_ struct img_reader *r = NULL;

	if (source_file(s, i->name, &p, e))
		return -1;
	i->size = p.size;
	if (!i->type->desc)
		return 0;
	if (img_open_part(p.fd, p.at, p.size, i->name, i->type, &r, e))
		return -1;
	return i->type->extra == IMG_EXTRA_PAGEMAP ? img_get_pagemap(r, &i->map, e) : read_records(i, r, e);
}

/* Which record an error is about; the reader says it in front of what is wrong. */
static size_t record_of(const struct err *why)
{
	const char *at = strstr(why->where, ": record ");

	return at ? strtoull(at + strlen(": record "), NULL, 10) : 0;
}

int images_load(struct images *im, struct source *s, images_bad *bad, void *arg, struct err *e)
{
	const char *const *names;
	size_t nr;

	*im = (struct images){ .source = s };
	if (source_names(s, &names, &nr, e))
		return -1;
	im->list = calloc(nr + 1, sizeof(*im->list));
	if (!im->list)
		return err_nomem(e, source_path(s));
	for (size_t n = 0; n < nr; n++) {
		const struct img_type *t = img_type_by_file(names[n]);
		struct image *i = &im->list[im->nr];
		struct err why = { 0 };

		if (!t || !key_of(t, names[n], &i->key))
			continue;
		i->type = t;
		i->name = names[n];
		map_put(&im->by_key, t->id, i->key, (uint32_t)im->nr++);
		if (read_image(i, s, &why)) {
			i->bad = true;
			bad(arg, i, record_of(&why), &why);
		}
	}
	return im->by_key.no_memory ? err_nomem(e, source_path(s)) : 0;
}

void images_free(struct images *im)
{
	for (size_t n = 0; n < im->nr; n++) {
		struct image *i = &im->list[n];

		for (size_t k = 0; k < i->nr; k++)
			img_free(i->msgs[k]);
		free(i->msgs);
		img_pagemap_free(&i->map);
	}
	free(im->list);
	map_free(&im->by_key);
	*im = (struct images){ 0 };
}

const struct image *images_find(const struct images *im, enum img_id id, unsigned long key)
{
	const uint32_t *n = map_get(&im->by_key, id, key);

	return n ? &im->list[*n] : NULL;
}

const void *images_one(const struct images *im, enum img_id id, unsigned long key)
{
	const struct image *i = images_find(im, id, key);

	return i && i->nr ? i->msgs[0] : NULL;
}

/* --- payloads ---------------------------------------------------------------------------------------------------- */

static int skip(struct img_reader *r, uint64_t len, struct err *e)
{
	char buf[16384];

	if (len > img_left(r)) {
		err_set(e, 0, "%llu bytes of payload announced, but the image has only %llu more",
			(unsigned long long)len, (unsigned long long)img_left(r));
		return img_complain(r, e);
	}
	while (len) {
		size_t step = len < sizeof(buf) ? (size_t)len : sizeof(buf);

		if (img_get_bytes(r, buf, step, e))
			return -1;
		len -= step;
	}
	return 0;
}

static int skip_messages(struct img_reader *r, const IpcMsgEntry *queue, struct err *e)
{
	for (uint32_t i = 0; i < queue->qnum; i++) {
		ProtobufCMessage *msg;
		uint64_t size;
		int rc = img_get_as(r, &ipc_msg__descriptor, &msg, e);

		if (rc < 0)
			return -1;
		if (rc == 0) {
			err_set(e, 0, "the image ends before all %u messages of the queue", queue->qnum);
			return img_complain(r, e);
		}
		size = ((const IpcMsg *)msg)->msize;
		img_free(msg);
		if (skip(r, ALIGN_UP(size, 8), e))
			return -1;
	}
	return 0;
}

static int skip_ghost(struct img_reader *r, const ProtobufCMessage *msg, struct err *e)
{
	if (msg->descriptor == &ghost_chunk_entry__descriptor)
		return skip(r, ((const GhostChunkEntry *)msg)->len, e);
	return ((const GhostFileEntry *)msg)->chunks ? 0 : skip(r, img_left(r), e);
}

int payload_skip(struct img_reader *r, const ProtobufCMessage *msg, struct err *e)
{
	const TcpStreamEntry *tcp = (const TcpStreamEntry *)msg;
	const BpfmapDataEntry *bpf = (const BpfmapDataEntry *)msg;
	const IpcShmEntry *shm = (const IpcShmEntry *)msg;
	uint64_t nsems;

	switch (img_reader_type(r)->extra) {
	case IMG_EXTRA_NONE:
	case IMG_EXTRA_RAW:
	case IMG_EXTRA_PAGEMAP:
		return 0;
	case IMG_EXTRA_PIPES_DATA:
		return skip(r, ((const PipeDataEntry *)msg)->bytes, e);
	case IMG_EXTRA_SK_QUEUES:
		return skip(r, ((const SkPacketEntry *)msg)->length, e);
	case IMG_EXTRA_TCP_STREAM:
		return skip(r, (uint64_t)tcp->inq_len + tcp->outq_len, e);
	case IMG_EXTRA_BPFMAP_DATA:
		return skip(r, (uint64_t)bpf->keys_bytes + bpf->values_bytes, e);
	case IMG_EXTRA_IPC_SEM:
		nsems = ((const IpcSemEntry *)msg)->nsems;
		return skip(r, ALIGN_UP(nsems * sizeof(uint16_t), 8), e);
	case IMG_EXTRA_IPC_MSG:
		return skip_messages(r, (const IpcMsgEntry *)msg, e);
	case IMG_EXTRA_IPC_SHM:
		/* A size near the end of the numbers must not become 0 by being padded. */
		if (shm->in_pagemaps)
			return 0;
		return skip(r, shm->size > UINT64_MAX - 4 ? shm->size : ALIGN_UP(shm->size, 4), e);
	case IMG_EXTRA_GHOST_FILE:
		return skip_ghost(r, msg, e);
	}
	return 0;
}
