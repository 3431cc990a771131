// SPDX-License-Identifier: LGPL-2.1-only
/* An image as JSON: the records one after the other, each followed by its payload. See json.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "libimg/image.h"
#include "libimg/json.h"
#include "libimg/messages.h"
#include "libimg/parse.h"
#include "libimg/show.h"
#include "libimg/wire.h"

#define REST	    UINT64_MAX /* of a payload: all that is left in the file */
#define PAYLOAD_MAX (UINT64_MAX / 4)

struct decode {
	struct img_reader *r;
	struct text *t;
	bool pretty, no_payload;
	uint64_t pages;
	struct err *e;
};

/* The value of field `number` in a checked message; 0 when it is not there. */
static uint64_t field(const uint8_t *wire, size_t len, uint32_t number)
{
	const uint8_t *p = wire, *end = wire + len;
	struct wire_field f;
	uint64_t v = 0;

	while (p < end && !wire_next(&p, end, &f)) {
		if (f.number == number)
			v = f.value;
	}
	return v;
}

/* Is a payload of len bytes there? From a pipe nobody knows; then the end comes when it comes. */
static int check_payload(const struct decode *d, uint64_t len)
{
	uint64_t left = img_left(d->r);

	if (len <= left && len < PAYLOAD_MAX)
		return 0;
	if (left < UINT64_MAX)
		err_set(d->e, 0, "%llu bytes of payload announced at offset %llu, but the image has only %llu more",
			(unsigned long long)len, (unsigned long long)img_reader_offset(d->r), (unsigned long long)left);
	else
		err_set(d->e, 0, "%llu bytes of payload announced at offset %llu: no image is as large",
			(unsigned long long)len, (unsigned long long)img_reader_offset(d->r));
	return img_complain(d->r, d->e);
}

/* Takes len payload bytes, REST: all that are left. They are shown if `show`, else only counted in *size. */
static int copy_payload(struct decode *d, uint64_t len, bool show, uint64_t *size)
{
	uint8_t buf[TEXT_BASE64_LINE * 256];
	bool rest = len == REST;

	if (!rest && check_payload(d, len))
		return -1;
	while (len) {
		size_t step = len < sizeof(buf) ? (size_t)len : sizeof(buf);
		ssize_t n = (ssize_t)step;

		if (rest)
			n = img_get_some(d->r, buf, step, d->e);
		else if (img_get_bytes(d->r, buf, step, d->e))
			return -1;
		if (n <= 0)
			return (int)n;
		if (show)
			text_base64_lines(d->t, buf, (size_t)n);
		*size += (uint64_t)n;
		len -= rest ? 0 : (uint64_t)n;
	}
	return 0;
}

static int put_base64(struct decode *d, uint64_t len)
{
	uint64_t size = 0;
	int ret;

	text_char(d->t, '"');
	ret = copy_payload(d, len, true, &size);
	text_char(d->t, '"');
	return ret;
}

/* "... <1.5KB>" in place of a payload. */
static void put_size(struct decode *d, uint64_t size)
{
	static const char units[] = " KMGTPE";
	char text[48];
	double n = (double)size;
	unsigned int unit = 0;

	while (n >= 1024) {
		n /= 1024;
		unit++;
	}
	snprintf(text, sizeof(text), n == (double)(uint64_t)n ? "... <%.0f%.*sB>" : "... <%.1f%.*sB>", n, unit ? 1 : 0,
		 units + unit);
	text_key(d->t, "extra");
	text_quoted(d->t, text);
}

static int skip_payload(struct decode *d, uint64_t len)
{
	uint64_t size = 0;

	if (copy_payload(d, len, false, &size))
		return -1;
	put_size(d, size);
	return 0;
}

static int bytes_extra(struct decode *d, uint64_t len)
{
	if (d->no_payload)
		return skip_payload(d, len);
	text_key(d->t, "extra");
	return put_base64(d, len);
}

/* Padding is shown only where it is not zero. */
static int take_padding(struct decode *d, size_t len)
{
	static const uint8_t zero[8];
	uint8_t pad[8];

	if (img_get_bytes(d->r, pad, len, d->e))
		return -1;
	if (!d->no_payload && memcmp(pad, zero, len)) {
		text_key(d->t, "_pad");
		text_base64(d->t, pad, len);
	}
	return 0;
}

static int tcp_extra(struct decode *d, uint64_t in, uint64_t out)
{
	if (d->no_payload)
		return skip_payload(d, in + out);
	text_key(d->t, "extra");
	text_open(d->t, '{');
	text_key(d->t, "inq");
	if (put_base64(d, in))
		return -1;
	text_key(d->t, "outq");
	if (put_base64(d, out))
		return -1;
	text_close(d->t, '}');
	return 0;
}

static int sem_extra(struct decode *d, uint64_t nsems)
{
	uint64_t padded = ALIGN_UP(nsems * sizeof(uint16_t), 8);

	if (d->no_payload)
		return skip_payload(d, padded);
	if (check_payload(d, padded))
		return -1;
	text_key(d->t, "extra");
	text_open(d->t, '[');
	for (uint64_t i = 0; i < nsems; i++) {
		uint16_t v;

		if (img_get_bytes(d->r, &v, sizeof(v), d->e))
			return -1;
		text_item(d->t);
		text_uint(d->t, v);
	}
	text_close(d->t, ']');
	return take_padding(d, (size_t)(padded - nsems * sizeof(uint16_t)));
}

static int shm_extra(struct decode *d, uint64_t size)
{
	if (check_payload(d, size) || bytes_extra(d, size))
		return -1;
	return take_padding(d, (size_t)(ALIGN_UP(size, 4) - size));
}

/* Takes len payload bytes into memory, which from a pipe grows only as they arrive. */
static int take_bytes(struct decode *d, uint64_t len, struct bytes *to)
{
	while (to->len < len) {
		size_t step = len - to->len < IMG_BUF_SIZE ? (size_t)len - to->len : IMG_BUF_SIZE;

		if (bytes_room(to, step, d->e))
			return img_complain(d->r, d->e);
		if (img_get_bytes(d->r, to->p + to->len, step, d->e))
			return -1;
		to->len += step;
	}
	return 0;
}

/* One message of a queue: its record and, as the next item of the list, its text. */
static int one_message(struct decode *d, uint64_t *skipped)
{
	const ProtobufCMessageDescriptor *desc = &ipc_msg__descriptor;
	const uint8_t *wire;
	size_t len;
	uint64_t size;
	_cleanup_bytes_ struct bytes text = { 0 };
	int rc = img_get_wire(d->r, false, &wire, &len, d->e);

	if (rc == 0) {
		err_set(d->e, 0, "the image ends at offset %llu, before all messages of the queue were read",
			(unsigned long long)img_reader_offset(d->r));
		return img_complain(d->r, d->e);
	}
	if (rc < 0)
		return -1;
	if (wire_check(desc, wire, len, img_reader_offset(d->r) - len, NULL, d->e))
		return img_complain(d->r, d->e);
	size = (uint32_t)field(wire, len, 2);
	if (d->no_payload) {
		*skipped += sizeof(uint32_t) + len;
		return copy_payload(d, ALIGN_UP(size, 8), false, skipped);
	}
	if (check_payload(d, ALIGN_UP(size, 8)))
		return -1;
	if (size > IMG_RECORD_MAX) {
		err_set(d->e, 0, "a message of %llu bytes is over the limit of %u", (unsigned long long)size,
			IMG_RECORD_MAX);
		return img_complain(d->r, d->e);
	}
	text_item(d->t);
	text_open(d->t, '{');
	if (show_record(d->t, d->r, desc, wire, len, d->pretty, d->e))
		return -1;
	/* The padding, if it must be shown, is a key of the object that comes before the text. */
	if (take_bytes(d, size, &text) || take_padding(d, (size_t)(ALIGN_UP(size, 8) - size)))
		return -1;
	text_close(d->t, '}');
	text_item(d->t);
	text_base64(d->t, text.p, text.len);
	return 0;
}

static int msg_extra(struct decode *d, uint64_t count)
{
	uint64_t skipped = 0;

	if (!d->no_payload) {
		text_key(d->t, "extra");
		text_open(d->t, '[');
	}
	for (uint64_t i = 0; i < count; i++) {
		if (one_message(d, &skipped))
			return -1;
	}
	if (d->no_payload)
		put_size(d, skipped);
	else
		text_close(d->t, ']');
	return 0;
}

/* What follows a record whose numbers are in v[], by field number. */
static int extra(struct decode *d, const ProtobufCMessageDescriptor *desc, const uint64_t v[16])
{
	switch (img_reader_type(d->r)->extra) {
	case IMG_EXTRA_NONE:
	case IMG_EXTRA_RAW:
	case IMG_EXTRA_PAGEMAP:
		return 0;
	case IMG_EXTRA_PIPES_DATA:
	case IMG_EXTRA_SK_QUEUES:
		return bytes_extra(d, (uint32_t)v[2]);
	case IMG_EXTRA_TCP_STREAM:
		return tcp_extra(d, (uint32_t)v[1], (uint32_t)v[3]);
	case IMG_EXTRA_BPFMAP_DATA:
		return bytes_extra(d, (uint64_t)(uint32_t)v[2] + (uint32_t)v[3]);
	case IMG_EXTRA_IPC_SEM:
		return sem_extra(d, (uint32_t)v[2]);
	case IMG_EXTRA_IPC_MSG:
		return msg_extra(d, (uint32_t)v[3]);
	case IMG_EXTRA_IPC_SHM:
		return shm_extra(d, v[3] ? 0 : v[2]);
	case IMG_EXTRA_GHOST_FILE:
		if (desc == &ghost_chunk_entry__descriptor)
			return check_payload(d, v[1]) || bytes_extra(d, v[1]);
		return v[9] ? 0 : bytes_extra(d, REST);
	}
	return 0;
}

static int one_record(struct decode *d, const uint8_t *wire, size_t len)
{
	const ProtobufCMessageDescriptor *desc;
	uint64_t v[16];

	desc = img_record_desc(img_reader_type(d->r), img_reader_place(d->r).record);
	text_item(d->t);
	text_open(d->t, '{');
	if (show_record(d->t, d->r, desc, wire, len, d->pretty, d->e))
		return -1;
	if (img_reader_type(d->r)->extra > IMG_EXTRA_PAGEMAP) {
		for (uint32_t i = 0; i < ARRAY_SIZE(v); i++)
			v[i] = field(wire, len, i);
		if (extra(d, desc, v))
			return -1;
	}
	if (desc == &pagemap_entry__descriptor)
		d->pages += field(wire, len, 5) ? field(wire, len, 5) : field(wire, len, 2);
	text_close(d->t, '}');
	return 0;
}

static int all_records(struct decode *d)
{
	const uint8_t *wire;
	size_t len;
	int rc;

	while ((rc = img_get_wire(d->r, true, &wire, &len, d->e)) > 0) {
		if (one_record(d, wire, len))
			return -1;
		if (d->t->errnum) /* no use in reading on */
			return text_flush(d->t, d->e);
	}
	return rc;
}

/* A raw image is one entry that has nothing but a payload. */
static int raw_image(struct decode *d)
{
	int ret;

	text_item(d->t);
	text_open(d->t, '{');
	ret = bytes_extra(d, REST);
	text_close(d->t, '}');
	return ret;
}

static int decode(struct decode *d, int in, const char *in_name)
{
	if (img_open_fd(in, in_name, &d->r, d->e))
		return -1;
	text_open(d->t, '{');
	text_key(d->t, "magic");
	text_quoted(d->t, img_reader_type(d->r)->name);
	if (img_reader_is_v1_0(d->r)) {
		text_key(d->t, "_version");
		text_quoted(d->t, "1.0");
	}
	text_key(d->t, "entries");
	text_open(d->t, '[');
	if (img_reader_type(d->r)->desc ? all_records(d) : raw_image(d))
		return -1;
	text_close(d->t, ']');
	text_close(d->t, '}');
	return text_flush(d->t, d->e);
}

int img_decode(int in, const char *in_name, int out, const char *out_name, unsigned int flags, struct err *e)
{
	_cleanup_free_ struct text *t = malloc(sizeof(*t));
	struct decode d = {
		.t = t, .pretty = flags & IMG_JSON_PRETTY, .no_payload = flags & IMG_JSON_NO_PAYLOAD, .e = e
	};
	int ret;

	if (!t)
		return err_nomem(e, in_name);
	text_init(t, out, out_name, d.pretty);
	ret = decode(&d, in, in_name);
	img_close(&d.r);
	return ret;
}

int img_inspect(int in, const char *in_name, struct img_info *ret, struct err *e)
{
	_cleanup_free_ struct text *t = malloc(sizeof(*t));
	struct decode d = { .t = t, .no_payload = true, .e = e };
	int rc;

	if (!t)
		return err_nomem(e, in_name);
	text_init(t, -1, "", false);
	rc = decode(&d, in, in_name);
	if (!rc) {
		uint64_t records = img_reader_place(d.r).record;

		ret->type = img_reader_type(d.r);
		ret->entries = records - (ret->type->extra == IMG_EXTRA_PAGEMAP && records);
		ret->pages = d.pages;
		ret->size = img_reader_offset(d.r);
	}
	img_close(&d.r);
	return rc;
}
