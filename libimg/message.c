// SPDX-License-Identifier: LGPL-2.1-only
/* Messages by name, and new ones: what a program needs that writes images through the shared library. */
#include <stdlib.h>
#include <string.h>

#include "ipc-msg.pb-c.h"
#include "libimg/image.h"

/* Far more than there are; the walk keeps in mind where it has been because some messages contain themselves. */
#define MESSAGES_MAX 512

struct walk {
	const ProtobufCMessageDescriptor *seen[MESSAGES_MAX];
	size_t nr;
};

static void add(struct walk *w, const ProtobufCMessageDescriptor *desc)
{
	for (size_t i = 0; i < w->nr; i++) {
		if (w->seen[i] == desc)
			return;
	}
	if (desc && w->nr < MESSAGES_MAX)
		w->seen[w->nr++] = desc;
}

static void add_records(struct walk *w)
{
	for (int id = 0; id < IMG_COUNT; id++) {
		const struct img_type *t = img_type((enum img_id)id);

		add(w, t->desc);
		add(w, img_record_desc(t, 2)); /* where the first record is a head */
	}
	add(w, &ipc_msg__descriptor); /* follows a record */
}

const ProtobufCMessageDescriptor *img_message(const char *name)
{
	struct walk w = { .nr = 0 };

	add_records(&w);
	for (size_t i = 0; i < w.nr; i++) {
		const ProtobufCMessageDescriptor *d = w.seen[i];

		if (!strcmp(d->name, name))
			return d;
		for (unsigned int f = 0; f < d->n_fields; f++) {
			if (d->fields[f].type == PROTOBUF_C_TYPE_MESSAGE)
				add(&w, d->fields[f].descriptor);
		}
	}
	return NULL;
}

ProtobufCMessage *img_new(const ProtobufCMessageDescriptor *desc)
{
	ProtobufCMessage *msg = malloc(desc->sizeof_message);

	if (msg)
		protobuf_c_message_init(desc, msg);
	return msg;
}

const char *img_err_text(const struct err *e, char *buf, size_t size)
{
	err_text(e, buf, size);
	return buf;
}
