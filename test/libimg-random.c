// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random images of every type, built from the descriptors: decoded and encoded again they are the same bytes, as compact
 * and as pretty JSON, and so are they when read as messages and written again.
 *
 *   libimg-random [COUNT [SEED [DIR]]]
 *
 * With DIR, every image is left there with its JSON (NR/IMAGE, NR/IMAGE.json, NR/IMAGE.pretty) for crit-reference.py, and
 * holds nothing that the tables of the format do not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "libimg/image.h"
#include "libimg/json.h"
#include "libimg/messages.h"
#include "test/libimg-make.h"

#define OURS	   5000 /* fields from here up are ours */
#define RECORD_BIG 6000 /* bytes, from which on a record gets nothing that it can do without */
#define MAX_DEPTH  6

/* The numbers that decide how long a payload is, by field number; 0: as it comes. */
struct forced {
	uint32_t number;
	uint64_t value;
	bool absent;
};

static const char *dir;
static uint64_t state;
static struct forced forced[2];
static size_t nr_forced;
static bool odd, odd_ever; /* the record being made may be one that protobuf-c would write otherwise */
static unsigned long images, records, copied;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 2685821657736338717ull;
}

static uint64_t below(uint64_t n)
{
	return (next_random() >> 16) % n;
}

static bool one_in(unsigned int n)
{
	return below(n) == 0;
}

static void __attribute__((noreturn)) die(const char *what, const struct img_type *t, const struct err *e)
{
	char text[2048] = "";

	if (e)
		err_text(e, text, sizeof(text));
	printf("image %lu (%s): %s: %s\n", images, t->pattern, what, text);
	exit(1);
}

static void add_random(struct bytes *b, size_t len)
{
	while (len--) {
		uint8_t c = (uint8_t)(next_random() >> 32);

		add(b, &c, 1);
	}
}

static uint64_t random_number(unsigned int bits)
{
	uint64_t all = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;

	switch (below(8)) {
	case 0:
	case 1:
		return below(2);
	case 2:
		return all;
	case 3:
		return all >> 1;
	case 4:
		return (all >> 1) + 1;
	case 5:
		return below(1000);
	default:
		return (next_random() >> below(64)) & all;
	}
}

static uint64_t random_enum(const ProtobufCEnumDescriptor *desc)
{
	/* Numbers without a name are not for the reference: CRIU's tool takes them for unknown fields. */
	if (!dir && one_in(10))
		return (uint64_t)(int64_t)(int32_t)random_number(32);
	return (uint64_t)(int64_t)desc->values[below(desc->n_values)].value;
}

static uint64_t random_varint(const ProtobufCFieldDescriptor *fd)
{
	uint64_t v;

	if (odd && one_in(10))
		return random_number(64); /* of which only so many bits count */
	switch (fd->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return below(2);
	case PROTOBUF_C_TYPE_ENUM:
		return random_enum(fd->descriptor);
	case PROTOBUF_C_TYPE_INT32:
		return (uint64_t)(int64_t)(int32_t)random_number(32);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_SINT32:
		v = random_number(32);
		/* Flags, device numbers and states are small as a rule. */
		return one_in(2) ? v & 0xff : v;
	default:
		return random_number(64);
	}
}

/* Text: mostly what paths look like, sometimes all that strings can hold. NUL ends strings of protobuf-c: odd. */
static void random_string(struct bytes *b)
{
	static const char *const pieces[] = {
		"a",
		"/",
		"name",
		" ",
		"\"",
		"\\",
		"\n",
		"\t",
		"\r\n",
		"\x01",
		"\x1f",
		"\x7f",
		"=",
		".",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\xef\xbf\xbf",
		"\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf",
		"\xee\x80\x80",
		"</script>",
		"%s",
		"\xff",
		"\xc0\x80",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xe2\x82",
		"\x80",
	};
	size_t n = one_in(5) ? 0 : one_in(20) ? below(300) : below(8);

	while (n--) {
		const char *piece = pieces[below(ARRAY_SIZE(pieces))];

		add(b, piece, strlen(piece));
	}
	if (odd && one_in(8))
		add(b, "\0z", 2);
}

/* Lengths around those of base64 and quoted-printable lines; text now and then, as socket names are. */
static void random_bytes(struct bytes *b)
{
	static const uint16_t lengths[] = { 0, 0, 1, 2, 3, 4, 26, 56, 57, 58, 74, 75, 76, 77, 114, 200, 500 };
	size_t n = lengths[below(ARRAY_SIZE(lengths))];

	if (one_in(3)) {
		random_string(b);
		return;
	}
	if (one_in(3)) {
		while (n--) {
			uint8_t c = (uint8_t)(one_in(30) ? '=' : ' ' + below(95));

			add(b, &c, 1);
		}
		return;
	}
	add_random(b, n);
}

static void add_odd_block(struct bytes *b, const struct bytes *block)
{
	/* A length may be written longer than it need be. */
	if (odd && one_in(30) && block->len < 128) {
		uint8_t twice[2] = { (uint8_t)(block->len | 0x80), 0 };

		add(b, twice, sizeof(twice));
	} else {
		add_varint(b, block->len);
	}
	add(b, block->p, block->len);
}

static void random_unknown(struct bytes *b)
{
	_cleanup_bytes_ struct bytes block = { 0 };

	for (size_t n = 1 + below(3); n; n--) {
		uint32_t number = one_in(4) ? (1u << 29) - 1 : 100000 + (uint32_t)below(1000);

		switch (below(4)) {
		case 0:
			add_number(b, number, random_number(64));
			break;
		case 1:
			add_tag(b, number, WIRE_64);
			add_random(b, 8);
			break;
		case 2:
			add_tag(b, number, WIRE_32);
			add_random(b, 4);
			break;
		default:
			block.len = 0;
			random_bytes(&block);
			add_tag(b, number, WIRE_LEN);
			add_odd_block(b, &block);
		}
	}
}

static void random_message(struct bytes *b, const ProtobufCMessageDescriptor *desc, unsigned int depth);

static void random_value(struct bytes *b, const ProtobufCFieldDescriptor *fd, unsigned int depth)
{
	_cleanup_bytes_ struct bytes block = { 0 };

	switch (fd->type) {
	case PROTOBUF_C_TYPE_STRING:
		random_string(&block);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		random_bytes(&block);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		random_message(&block, fd->descriptor, depth + 1);
		break;
	case PROTOBUF_C_TYPE_FIXED64:
		add_tag(b, fd->id, WIRE_64);
		add_random(b, 8);
		return;
	default:
		add_number(b, fd->id, random_varint(fd));
		return;
	}
	add_tag(b, fd->id, WIRE_LEN);
	add_odd_block(b, &block);
}

/* IPv4 and IPv6, with runs of zeros of all lengths. */
static void random_address(struct bytes *b, const ProtobufCFieldDescriptor *fd)
{
	for (size_t n = one_in(4) ? 1 : 4; n; n--) {
		uint32_t halves[2] = { 0, 0 };

		for (size_t i = 0; i < 2; i++)
			halves[i] = one_in(3) ? (uint32_t)below(0x10000) : one_in(10) ? 0xffff : 0;
		add_number(b, fd->id, halves[0] << 16 | halves[1]);
	}
}

/* Repeated numbers in one block, which CRIU does not write but every reader of the wire format must take. */
static void random_packed(struct bytes *b, const ProtobufCFieldDescriptor *fd, size_t n)
{
	_cleanup_bytes_ struct bytes block = { 0 };

	while (n--)
		add_varint(&block, random_varint(fd));
	add_tag(b, fd->id, WIRE_LEN);
	add_odd_block(b, &block);
}

static size_t how_many(const ProtobufCFieldDescriptor *fd, size_t so_far, unsigned int depth)
{
	bool big = so_far > RECORD_BIG || depth > MAX_DEPTH;

	switch (fd->label) {
	case PROTOBUF_C_LABEL_REQUIRED:
		return 1;
	case PROTOBUF_C_LABEL_OPTIONAL:
		return big ? 0 : below(2);
	default:
		if (big || one_in(3))
			return 0;
		if (fd->type != PROTOBUF_C_TYPE_MESSAGE && one_in(8))
			return below(120);
		return 1 + below(5);
	}
}

static bool is_number(const ProtobufCFieldDescriptor *fd)
{
	return fd->type != PROTOBUF_C_TYPE_STRING && fd->type != PROTOBUF_C_TYPE_BYTES &&
	       fd->type != PROTOBUF_C_TYPE_MESSAGE && fd->type != PROTOBUF_C_TYPE_FIXED64;
}

static const struct forced *forced_field(const ProtobufCFieldDescriptor *fd, unsigned int depth)
{
	for (size_t i = 0; !depth && i < nr_forced; i++) {
		if (forced[i].number == fd->id)
			return &forced[i];
	}
	return NULL;
}

static void random_field(struct bytes *b, const ProtobufCFieldDescriptor *fd, unsigned int depth)
{
	const struct forced *force = forced_field(fd, depth);
	size_t n = how_many(fd, b->len, depth);

	if (force) {
		if (force->absent)
			return;
		add_number(b, fd->id, force->value);
		return;
	}
	if (dir && fd->id >= OURS)
		return;
	if (n && odd && fd->label == PROTOBUF_C_LABEL_REPEATED && is_number(fd) && one_in(3)) {
		random_packed(b, fd, n);
		return;
	}
	if (n && fd->label == PROTOBUF_C_LABEL_REPEATED && fd->type == PROTOBUF_C_TYPE_UINT32 && one_in(2)) {
		random_address(b, fd);
		return;
	}
	if (n && odd && fd->label != PROTOBUF_C_LABEL_REPEATED && one_in(10))
		n++; /* given twice: the last one counts; messages are merged */
	while (n--)
		random_value(b, fd, depth);
}

static void random_message(struct bytes *b, const ProtobufCMessageDescriptor *desc, unsigned int depth)
{
	unsigned int n = desc->n_fields, first = 0;

	if (odd && n && !depth && one_in(2))
		first = (unsigned int)below(n); /* fields out of order */
	for (unsigned int i = 0; i < n; i++) {
		if (odd && one_in(20))
			random_unknown(b);
		random_field(b, &desc->fields[(first + i) % n], depth);
	}
	if (one_in(12))
		random_unknown(b);
}

static void random_record(struct bytes *b, const ProtobufCMessageDescriptor *desc)
{
	_cleanup_bytes_ struct bytes block = { 0 };

	odd = one_in(8);
	odd_ever |= odd;
	random_message(&block, desc, 0);
	odd = false;
	nr_forced = 0;
	add_record(b, &block);
	records++;
}

static uint64_t force(uint32_t number, uint64_t value)
{
	forced[nr_forced++] = (struct forced){ .number = number, .value = value };
	return value;
}

static uint64_t payload_size(void)
{
	static const uint16_t sizes[] = { 0, 0, 1, 3, 4, 7, 8, 56, 57, 58, 171, 1000, 15000 };

	return sizes[below(ARRAY_SIZE(sizes))];
}

static void add_padding(struct bytes *b, uint64_t len, size_t align)
{
	static const uint8_t zero[8];
	size_t pad = (size_t)(ALIGN_UP(len, align) - len);

	if (one_in(10))
		add_random(b, pad);
	else
		add(b, zero, pad);
}

static void random_queue(struct bytes *b, const ProtobufCMessageDescriptor *desc)
{
	uint64_t messages = force(3, below(4));

	random_record(b, desc);
	while (messages--) {
		uint64_t size = force(2, payload_size());

		random_record(b, &ipc_msg__descriptor);
		add_random(b, (size_t)size);
		add_padding(b, size, 8);
	}
}

static void random_shm(struct bytes *b, const ProtobufCMessageDescriptor *desc)
{
	uint64_t size = force(2, payload_size());
	uint64_t elsewhere = force(3, below(2));

	forced[1].absent = !elsewhere && one_in(2);
	random_record(b, desc);
	size = elsewhere ? 0 : size;
	add_random(b, (size_t)size);
	add_padding(b, size, 4);
}

static void random_ghost(struct bytes *b, const ProtobufCMessageDescriptor *desc)
{
	uint64_t chunks = force(9, below(2));

	forced[0].absent = !chunks && one_in(2);
	random_record(b, desc);
	if (!chunks) {
		add_random(b, (size_t)payload_size());
		return;
	}
	for (size_t n = below(4); n; n--) {
		uint64_t size = force(1, payload_size());

		random_record(b, &ghost_chunk_entry__descriptor);
		add_random(b, (size_t)size);
	}
}

/* One record with what follows it. Returns false when no other may follow. */
static bool random_entry(struct bytes *b, const struct img_type *t, uint64_t nr)
{
	const ProtobufCMessageDescriptor *desc = img_record_desc(t, nr);
	uint64_t size = 0;

	switch (t->extra) {
	case IMG_EXTRA_NONE:
	case IMG_EXTRA_RAW:
	case IMG_EXTRA_PAGEMAP:
		break;
	case IMG_EXTRA_PIPES_DATA:
	case IMG_EXTRA_SK_QUEUES:
		size = force(2, payload_size());
		break;
	case IMG_EXTRA_TCP_STREAM:
		size = force(1, payload_size()) + force(3, payload_size());
		break;
	case IMG_EXTRA_BPFMAP_DATA:
		size = force(2, payload_size()) + force(3, payload_size());
		break;
	case IMG_EXTRA_IPC_SEM:
		size = 2 * force(2, below(9));
		random_record(b, desc);
		add_random(b, (size_t)size);
		add_padding(b, size, 8);
		return true;
	case IMG_EXTRA_IPC_MSG:
		random_queue(b, desc);
		return true;
	case IMG_EXTRA_IPC_SHM:
		random_shm(b, desc);
		return true;
	case IMG_EXTRA_GHOST_FILE:
		random_ghost(b, desc);
		return false;
	}
	random_record(b, desc);
	add_random(b, (size_t)size);
	return true;
}

static void random_image(struct bytes *b, const struct img_type *t)
{
	const uint32_t words[2] = { img_first_word(t->id), t->magic };
	/* Raw pages are whole; what is not is taken for the older image of that name. */
	size_t n = t->id == IMG_PAGES ? IMG_PAGE_SIZE * below(3) : (size_t)payload_size();

	b->len = 0;
	odd_ever = false;
	if (!t->desc) {
		add_random(b, n);
		return;
	}
	if (words[0] && !one_in(6))
		add(b, &words[0], sizeof(words[0]));
	add(b, &words[1], sizeof(words[1]));
	n = below(5);
	for (uint64_t nr = 1; n-- && random_entry(b, t, nr); nr++)
		;
}

static int file_beside(const char *path, const char *suffix)
{
	char full[4096];
	int fd;

	snprintf(full, sizeof(full), "%s%s", path, suffix);
	fd = open(full, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd >= 0 ? fd : (exit(99), -1);
}

static void must_be_same(int fd, const struct bytes *b, const struct img_type *t, const char *what)
{
	off_t size = lseek(fd, 0, SEEK_END);
	_cleanup_free_ uint8_t *got = malloc((size_t)size + 1);

	if (!got || pread(fd, got, (size_t)size, 0) != size)
		exit(99);
	if ((size_t)size != b->len || (size && memcmp(got, b->p, b->len)))
		die(what, t, NULL);
}

static void check_json(const struct bytes *b, const struct img_type *t, const char *path, bool pretty)
{
	_cleanup_close_ int in = file_with(b->p, b->len), back = file_with("", 0);
	_cleanup_close_ int json = dir ? file_beside(path, pretty ? ".pretty" : ".json") : file_with("", 0);
	_cleanup_close_ int copy = dir && !pretty ? file_beside(path, "") : -1;
	struct err e;

	if (copy >= 0 && pwrite(copy, b->p, b->len, 0) != (ssize_t)b->len)
		exit(99);
	if (img_decode(in, path, json, "json", pretty ? IMG_JSON_PRETTY : 0, &e))
		die("cannot be decoded", t, &e);
	if (lseek(json, 0, SEEK_SET) || img_encode(json, "json", back, "image", &e))
		die("cannot be encoded again", t, &e);
	must_be_same(back, b, t, pretty ? "pretty JSON gives other bytes" : "JSON gives other bytes");
}

/* As cr-restore reads and cr-dump writes. */
static void check_copy(const struct bytes *b, const struct img_type *t, const char *path)
{
	_cleanup_close_ int in = file_with(b->p, b->len), out = file_with("", 0);
	_cleanup_img_reader_ struct img_reader *r = NULL;
	_cleanup_img_writer_ struct img_writer *w = NULL;
	ProtobufCMessage *msg;
	struct err e;
	int rc;

	if (img_open_fd(in, path, &r, &e))
		die("cannot be read", t, &e);
	if (img_create_fd(out, "copy", img_reader_type(r)->id, img_reader_is_v1_0(r), &w, &e))
		die("cannot be written", t, &e);
	while ((rc = img_get(r, &msg, &e)) > 0) {
		if (img_put(w, msg, &e))
			die("cannot be written", t, &e);
		img_free(msg);
	}
	if (rc < 0 || img_finish(&w, &e))
		die("cannot be read", t, &e);
	must_be_same(out, b, t, "reading and writing gives other bytes");
	copied++;
}

static void one_image(const struct img_type *t)
{
	static struct bytes image;
	char name[64], path[4000];

	random_image(&image, t);
	img_name(t->id, below(3000), name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%06lu", dir ? dir : "", images);
	if (dir && mkdir(path, 0777) && errno != EEXIST)
		exit(99);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", name);
	check_json(&image, t, path, false);
	check_json(&image, t, path, true);
	if (t->desc && t->extra <= IMG_EXTRA_PAGEMAP && !odd_ever)
		check_copy(&image, t, path);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 6000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260101;

	dir = argc > 3 ? argv[3] : NULL;
	state = (seed ^ 0x9e3779b97f4a7c15ull) | 1;
	for (images = 0; images < count; images++)
		one_image(img_type((enum img_id)(images % IMG_COUNT)));
	printf("%lu images of %d types with %lu records came back as they were; %lu through messages too\n", images,
	       IMG_COUNT, records, copied);
	return 0;
}
