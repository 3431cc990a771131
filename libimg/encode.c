// SPDX-License-Identifier: LGPL-2.1-only
/* JSON as an image: entries one after the other, their payloads checked against what the records say. See json.h. */
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "libimg/build.h"
#include "libimg/image.h"
#include "libimg/json.h"
#include "libimg/messages.h"
#include "libimg/wire.h"

/* The payload of one entry, as "extra" gave it. */
struct payload {
	struct bytes data;
	struct bytes second; /* "outq" */
	struct bytes pad;
	uint64_t count; /* messages or semaphores */
	bool given, has_pad;
};

struct encode {
	struct parse *j;
	struct build b;
	struct img_writer *w;
	int out;
	const char *out_name;
	int own_fd; /* of the temporary file, when there is one */
	const struct img_type *type;
	bool v1_0;
	struct bytes record;
	struct payload extra;
	bool chunks; /* of the ghost file that is the first entry */
	struct err *e;
};

/* The value of field `number` of the record; 0 when it is not there. */
static uint64_t field(const struct encode *n, uint32_t number)
{
	const uint8_t *p = n->record.p, *end = p + n->record.len;
	struct wire_field f;
	uint64_t v = 0;

	while (p < end && !wire_next(&p, end, &f)) {
		if (f.number == number)
			v = f.value;
	}
	return v;
}

static int add(struct encode *n, struct bytes *to, const void *p, size_t len)
{
	return bytes_add(to, p, len, n->e) ? parse_complain(n->j) : 0;
}

static int read_tcp(struct encode *n)
{
	struct payload *x = &n->extra;
	bool first = true, given[2] = { false, false };
	int rc;

	if (parse_expect(n->j, '{'))
		return -1;
	while ((rc = parse_next(n->j, '}', &first)) > 0) {
		bool out;

		if (parse_key(n->j, &n->b.string))
			return -1;
		out = !strcmp((char *)n->b.string.p, "outq");
		if (!out && strcmp((char *)n->b.string.p, "inq"))
			return parse_fail(n->j, "\"extra\" has \"inq\" and \"outq\", nothing else");
		if (given[out])
			return parse_fail(n->j, "duplicate key \"%s\"", (char *)n->b.string.p);
		given[out] = true;
		if (parse_base64_bytes(n->j, out ? &x->second : &x->data))
			return -1;
	}
	return rc;
}

static int read_sems(struct encode *n)
{
	bool first = true;
	int rc;

	if (parse_expect(n->j, '['))
		return -1;
	while ((rc = parse_next(n->j, ']', &first)) > 0) {
		bool negative;
		uint64_t v;
		uint16_t sem;

		if (parse_number(n->j, &negative, &v))
			return -1;
		if ((negative && v) || v > UINT16_MAX)
			return parse_fail(n->j, "a semaphore is a number from 0 to 65535");
		sem = (uint16_t)v;
		if (add(n, &n->extra.data, &sem, sizeof(sem)))
			return -1;
		n->extra.count++;
	}
	return rc;
}

/* "_pad": what is behind the payload up to its alignment. */
static int read_pad(struct encode *n)
{
	if (n->extra.has_pad)
		return parse_fail(n->j, "duplicate key \"_pad\"");
	n->extra.has_pad = true;
	return parse_base64_bytes(n->j, &n->extra.pad);
}

/* The padding behind a payload of len bytes. */
static int put_pad(struct encode *n, struct bytes *data, uint64_t len, size_t align)
{
	static const uint8_t zero[8];
	size_t pad = (size_t)(ALIGN_UP(len, align) - len);

	if (!n->extra.has_pad)
		return add(n, data, zero, pad);
	if (n->extra.pad.len != pad)
		return parse_fail(n->j, "\"_pad\" has %zu bytes, not %zu", n->extra.pad.len, pad);
	n->extra.has_pad = false;
	return add(n, data, n->extra.pad.p, pad);
}

static int other_key_of_message(void *arg, const char *key)
{
	struct encode *n = arg;

	if (strcmp(key, "_pad"))
		return 0;
	n->extra.pad.len = 0;
	return read_pad(n) ? -1 : 1;
}

/* One message object and, as the next item, its text. */
static int read_message(struct encode *n, struct build *b, struct bytes *record)
{
	struct bytes *data = &n->extra.data;
	uint64_t size = 0;
	uint32_t word;
	struct wire_field f;
	const uint8_t *p, *end;
	size_t start;
	bool first = false;

	record->len = 0;
	if (build_record(b, &ipc_msg__descriptor, record))
		return -1;
	word = (uint32_t)record->len;
	if (add(n, data, &word, sizeof(word)) || add(n, data, record->p, record->len))
		return -1;
	p = record->p;
	end = p + record->len;
	while (p < end && !wire_next(&p, end, &f)) {
		if (f.number == 2)
			size = f.value;
	}
	if (parse_next(n->j, ']', &first) != 1)
		return parse_fail(n->j, "a message must be followed by its text");
	start = data->len;
	if (parse_base64_bytes(n->j, data))
		return -1;
	if (data->len - start != size)
		return parse_fail(n->j, "the message has %zu bytes, but \"msize\" is %llu", data->len - start,
				  (unsigned long long)size);
	return put_pad(n, data, size, 8);
}

static int read_messages(struct encode *n)
{
	_cleanup_bytes_ struct bytes record = { 0 };
	struct build b;
	bool first = true;
	int rc;

	build_init(&b, n->j);
	b.other_key = other_key_of_message;
	b.arg = n;
	rc = parse_expect(n->j, '[');
	while (!rc && (rc = parse_next(n->j, ']', &first)) > 0) {
		rc = read_message(n, &b, &record);
		n->extra.count++;
	}
	build_free(&b);
	return rc;
}

static int read_extra(struct encode *n)
{
	if (n->extra.given)
		return parse_fail(n->j, "duplicate key \"extra\"");
	n->extra.given = true;
	switch (n->type->extra) {
	case IMG_EXTRA_TCP_STREAM:
		return read_tcp(n);
	case IMG_EXTRA_IPC_SEM:
		return read_sems(n);
	case IMG_EXTRA_IPC_MSG:
		return read_messages(n);
	default:
		return parse_base64_bytes(n->j, &n->extra.data);
	}
}

static int other_key(void *arg, const char *key)
{
	struct encode *n = arg;

	if (n->type->extra > IMG_EXTRA_PAGEMAP && !strcmp(key, "extra"))
		return read_extra(n) ? -1 : 1;
	if ((n->type->extra == IMG_EXTRA_IPC_SEM || n->type->extra == IMG_EXTRA_IPC_SHM) && !strcmp(key, "_pad"))
		return read_pad(n) ? -1 : 1;
	return 0;
}

static int expect_size(struct encode *n, const char *what, uint64_t is, uint64_t announced)
{
	if (is == announced)
		return 0;
	return parse_fail(n->j, "\"extra\" has %llu %s, but the record says %llu", (unsigned long long)is, what,
			  (unsigned long long)announced);
}

static int expect_bytes(struct encode *n, uint64_t announced)
{
	return expect_size(n, "bytes", n->extra.data.len, announced);
}

/* Does the payload fit the record? Adds its padding. */
static int check_extra(struct encode *n)
{
	struct payload *x = &n->extra;

	switch (n->type->extra) {
	case IMG_EXTRA_NONE:
	case IMG_EXTRA_RAW:
	case IMG_EXTRA_PAGEMAP:
		return 0;
	case IMG_EXTRA_PIPES_DATA:
	case IMG_EXTRA_SK_QUEUES:
		return expect_bytes(n, field(n, 2));
	case IMG_EXTRA_TCP_STREAM:
		return expect_size(n, "bytes of inq", x->data.len, field(n, 1)) ||
		       expect_size(n, "bytes of outq", x->second.len, field(n, 3));
	case IMG_EXTRA_BPFMAP_DATA:
		return expect_bytes(n, field(n, 2) + field(n, 3));
	case IMG_EXTRA_IPC_SEM:
		return expect_size(n, "semaphores", x->count, field(n, 2)) || put_pad(n, &x->data, x->data.len, 8);
	case IMG_EXTRA_IPC_MSG:
		return expect_size(n, "messages", x->count, field(n, 3));
	case IMG_EXTRA_IPC_SHM:
		return expect_bytes(n, field(n, 3) ? 0 : field(n, 2)) || put_pad(n, &x->data, x->data.len, 4);
	case IMG_EXTRA_GHOST_FILE:
		if (n->j->entry > 1)
			return expect_bytes(n, field(n, 1));
		if (field(n, 9))
			return expect_bytes(n, 0);
		return 0; /* the rest of the file, however long */
	}
	return 0;
}

static int one_entry(struct encode *n)
{
	const ProtobufCMessageDescriptor *desc = img_record_desc(n->type, n->j->entry);
	struct payload *x = &n->extra;

	n->record.len = 0;
	x->data.len = x->second.len = x->pad.len = 0;
	x->count = 0;
	x->given = x->has_pad = false;
	if (n->j->entry == 2 && n->type->extra == IMG_EXTRA_GHOST_FILE && !n->chunks)
		return parse_fail(n->j, "a ghost file without \"chunks\" has one entry only");
	if (build_record(&n->b, desc, &n->record) || check_extra(n))
		return -1;
	if (n->j->entry == 1)
		n->chunks = field(n, 9);
	return img_put_wire(n->w, n->record.p, n->record.len, n->e) ||
	       img_put_bytes(n->w, x->data.p, x->data.len, n->e) ||
	       img_put_bytes(n->w, x->second.p, x->second.len, n->e);
}

static int put_raw(void *arg, const uint8_t *p, size_t len, struct err *e)
{
	return img_put_bytes(arg, p, len, e);
}

/* An entry of a raw image: nothing but bytes, which need not fit into memory. */
static int raw_entry(struct encode *n)
{
	bool first = true, given = false;
	uint64_t total;
	int rc;

	if (parse_expect(n->j, '{'))
		return -1;
	while ((rc = parse_next(n->j, '}', &first)) > 0) {
		if (parse_key(n->j, &n->b.string))
			return -1;
		if (strcmp((char *)n->b.string.p, "extra"))
			return parse_fail(n->j, "an entry of a raw image has \"extra\", nothing else");
		if (given)
			return parse_fail(n->j, "duplicate key \"extra\"");
		given = true;
		if (parse_base64(n->j, put_raw, n->w, &total))
			return -1;
	}
	return rc;
}

/* A key at the top that is not "entries". */
static int head_key(struct encode *n)
{
	const char *key = (const char *)n->b.key.p, *value;

	if (n->w)
		return parse_fail(n->j, "\"%.60s\" behind \"entries\"", key);
	if ((!strcmp(key, "magic") && n->type) || (!strcmp(key, "_version") && n->v1_0))
		return parse_fail(n->j, "duplicate key \"%s\"", key);
	if (parse_string(n->j, &n->b.string))
		return -1;
	value = (const char *)n->b.string.p;
	if (!strcmp(key, "magic")) {
		n->type = strlen(value) == n->b.string.len ? img_type_by_name(value) : NULL;
		return n->type ? 0 : parse_fail(n->j, "unknown magic \"%.60s\"", value);
	}
	if (!strcmp(key, "_version") && !strcmp(value, "1.0")) {
		n->v1_0 = true;
		return 0;
	}
	return parse_fail(n->j, "unexpected \"%.60s\"", key);
}

static int all_entries(struct encode *n)
{
	bool first = true;
	int rc;

	if (img_create_fd(n->out, n->out_name, n->type->id, n->v1_0, &n->w, n->e) || parse_expect(n->j, '['))
		return -1;
	while ((rc = parse_next(n->j, ']', &first)) > 0) {
		n->j->entry++;
		if (n->type->desc ? one_entry(n) : raw_entry(n))
			return -1;
	}
	n->j->entry = 0;
	return rc;
}

/* The whole object. Its keys may come in any order: sorted, "entries" is in front of "magic", and is read last. */
static int encode(struct encode *n)
{
	uint64_t entries = 0;
	bool first = true, seen = false, done = false;
	int rc;

	if (parse_expect(n->j, '{'))
		return -1;
	while ((rc = parse_next(n->j, '}', &first)) > 0) {
		if (parse_key(n->j, &n->b.key))
			return -1;
		if (strcmp((char *)n->b.key.p, "entries")) {
			if (head_key(n))
				return -1;
			continue;
		}
		if (seen)
			return parse_fail(n->j, "duplicate key \"entries\"");
		seen = true;
		done = n->type;
		if (done ? all_entries(n) : parse_mark(n->j, &entries, &n->own_fd) || parse_skip(n->j))
			return -1;
	}
	if (rc < 0 || parse_end(n->j))
		return -1;
	if (!n->type || !seen)
		return parse_fail(n->j, "no \"%s\"", seen ? "magic" : "entries");
	if (done)
		return 0;
	return parse_return(n->j, entries) || all_entries(n) ? -1 : 0;
}

int img_encode(int in, const char *in_name, int out, const char *out_name, struct err *e)
{
	_cleanup_free_ struct parse *j = malloc(sizeof(*j));
	struct encode n = { .j = j, .e = e, .out = out, .out_name = out_name, .own_fd = -1 };
	int ret;

	if (!j)
		return err_nomem(e, in_name);
	parse_init(j, in, in_name, e);
	build_init(&n.b, j);
	n.b.other_key = other_key;
	n.b.arg = &n;
	ret = encode(&n);
	if (!ret)
		ret = img_finish(&n.w, e);
	img_abandon(&n.w);
	close_fdp(&n.own_fd);
	build_free(&n.b);
	bytes_free(&n.record);
	bytes_free(&n.extra.data);
	bytes_free(&n.extra.second);
	bytes_free(&n.extra.pad);
	return ret;
}
