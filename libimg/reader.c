// SPDX-License-Identifier: LGPL-2.1-only
/* Reading images: nothing in a file is believed before it was checked against the bytes that are there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "libimg/image.h"
#include "libimg/wire.h"

struct img_reader {
	int fd;
	bool own_fd;
	bool v1_0;
	bool sized; /* size is known, and the file can be read at any place */
	char name[128];
	const struct img_type *type;
	struct img_place place;
	uint64_t base; /* where in the file the image begins */
	uint64_t size;
	uint64_t end; /* image offset behind the bytes in buf */
	uint8_t *rec; /* records that span buf's end, kept for the next one */
	size_t rec_size;
	size_t pos, used; /* unread bytes: buf[pos..used) */
	uint8_t buf[IMG_BUF_SIZE];
};

const struct img_type *img_reader_type(const struct img_reader *r)
{
	return r->type;
}

bool img_reader_is_v1_0(const struct img_reader *r)
{
	return r->v1_0;
}

struct img_place img_reader_place(const struct img_reader *r)
{
	return r->place;
}

const char *img_reader_name(const struct img_reader *r)
{
	return r->name;
}

uint64_t img_reader_offset(const struct img_reader *r)
{
	return r->end - (r->used - r->pos);
}

uint64_t img_left(const struct img_reader *r)
{
	uint64_t at = img_reader_offset(r);

	if (!r->sized)
		return UINT64_MAX;
	return r->size > at ? r->size - at : 0;
}

int img_complain(const struct img_reader *r, struct err *e)
{
	if (r->place.record)
		return err_in(e, "%s: record %llu at offset %llu", r->name, (unsigned long long)r->place.record,
			      (unsigned long long)r->place.offset);
	return err_in(e, "%s: at offset %llu", r->name, (unsigned long long)r->place.offset);
}

static int complain(const struct img_reader *r, struct err *e, const char *what)
{
	err_set(e, 0, "%s", what);
	return img_complain(r, e);
}

/* Reads into p; returns the number of bytes, 0 at the end. */
static ssize_t read_some(struct img_reader *r, void *p, size_t len, struct err *e)
{
	ssize_t n;

	if (r->sized && len > r->size - r->end)
		len = r->size - r->end;
	do
		n = r->sized ? pread(r->fd, p, len, (off_t)(r->base + r->end)) : read(r->fd, p, len);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		err_set(e, errno, "cannot read at offset %llu", (unsigned long long)r->end);
		return img_complain(r, e);
	}
	r->end += (uint64_t)n;
	return n;
}

/* What is in the buffer, or one read's worth. */
static ssize_t fetch(struct img_reader *r, void *buf, size_t len, struct err *e)
{
	size_t have = r->used - r->pos;
	ssize_t n;

	if (!have) {
		if (len >= sizeof(r->buf))
			return read_some(r, buf, len, e);
		n = read_some(r, r->buf, sizeof(r->buf), e);
		if (n <= 0)
			return n;
		r->pos = 0;
		r->used = (size_t)n;
		have = (size_t)n;
	}
	if (len > have)
		len = have;
	memcpy(buf, r->buf + r->pos, len);
	r->pos += len;
	return (ssize_t)len;
}

ssize_t img_get_some(struct img_reader *r, void *buf, size_t len, struct err *e)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = fetch(r, (uint8_t *)buf + done, len - done, e);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int cut_short(const struct img_reader *r, uint64_t want, uint64_t have, struct err *e)
{
	err_set(e, 0, "the image ends at offset %llu: %llu bytes announced, %llu there",
		(unsigned long long)img_reader_offset(r), (unsigned long long)want, (unsigned long long)have);
	return img_complain(r, e);
}

int img_get_bytes(struct img_reader *r, void *buf, size_t len, struct err *e)
{
	ssize_t n;

	if (len > img_left(r)) {
		err_set(e, 0, "%zu bytes of payload announced at offset %llu, but the image has only %llu more", len,
			(unsigned long long)img_reader_offset(r), (unsigned long long)img_left(r));
		return img_complain(r, e);
	}
	n = img_get_some(r, buf, len, e);
	if (n < 0)
		return -1;
	return (size_t)n == len ? 0 : cut_short(r, len, (uint64_t)n, e);
}

int img_skip(struct img_reader *r, uint64_t len, struct err *e)
{
	char buf[16384];

	while (len) {
		size_t n = len < sizeof(buf) ? (size_t)len : sizeof(buf);

		if (img_get_bytes(r, buf, n, e))
			return -1;
		len -= n;
	}
	return 0;
}

/* Makes room for a record of len bytes. */
static int grow(struct img_reader *r, size_t len, struct err *e)
{
	uint8_t *p;

	if (len <= r->rec_size)
		return 0;
	p = realloc(r->rec, len);
	if (!p) {
		err_nomem(e, "a record");
		return img_complain(r, e);
	}
	r->rec = p;
	r->rec_size = len;
	return 0;
}

/* A record that is not all in the buffer. From a pipe, memory grows only as bytes arrive. */
static int gather(struct img_reader *r, size_t len, struct err *e)
{
	size_t done = 0;

	while (done < len) {
		size_t step = r->sized ? len : done + IMG_BUF_SIZE + done / 2;
		ssize_t n;

		if (step > len)
			step = len;
		if (grow(r, step, e))
			return -1;
		n = img_get_some(r, r->rec + done, step - done, e);
		if (n < 0)
			return -1;
		done += (size_t)n;
		if (done < step)
			return cut_short(r, len, done, e);
	}
	return 0;
}

/* The length word of the next record. Returns 1, 0 at the end of the image. */
static int get_length(struct img_reader *r, uint32_t *ret, struct err *e)
{
	ssize_t n = img_get_some(r, ret, sizeof(*ret), e);

	if (n <= 0)
		return (int)n;
	if (n < (ssize_t)sizeof(*ret))
		return complain(r, e, "the image ends within a length word");
	if (*ret > img_left(r))
		return cut_short(r, *ret, img_left(r), e);
	if (*ret > IMG_RECORD_MAX) {
		err_set(e, 0, "%u bytes announced, over the limit of %u for a record", *ret, IMG_RECORD_MAX);
		return img_complain(r, e);
	}
	return 1;
}

int img_get_wire(struct img_reader *r, bool next, const uint8_t **ret, size_t *len_ret, struct err *e)
{
	struct img_place before = r->place;
	uint32_t len;
	int rc;

	r->place.offset = img_reader_offset(r);
	if (next)
		r->place.record++;
	rc = get_length(r, &len, e);
	if (rc <= 0) {
		if (rc == 0)
			r->place = before;
		return rc;
	}
	*len_ret = len;
	if (len <= r->used - r->pos) {
		*ret = r->buf + r->pos;
		r->pos += len;
		return 1;
	}
	if (gather(r, len, e))
		return -1;
	*ret = r->rec;
	return 1;
}

static int unpack(struct img_reader *r, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len,
		  ProtobufCMessage **ret, struct err *e)
{
	/* protobuf-c does not say what is wrong, nor does it limit how deep messages nest. */
	if (wire_check(desc, wire, len, r->place.offset + sizeof(uint32_t), NULL, e))
		return img_complain(r, e);
	*ret = protobuf_c_message_unpack(desc, NULL, len, wire);
	if (!*ret) {
		err_set(e, 0, "cannot decode a %s", desc->name);
		return img_complain(r, e);
	}
	return 1;
}

int img_get(struct img_reader *r, ProtobufCMessage **ret, struct err *e)
{
	const uint8_t *wire;
	size_t len;
	int rc;

	if (!r->type->desc)
		return complain(r, e, "this is a raw image: it has no records");
	rc = img_get_wire(r, true, &wire, &len, e);
	if (rc <= 0)
		return rc;
	return unpack(r, img_record_desc(r->type, r->place.record), wire, len, ret, e);
}

int img_get_as(struct img_reader *r, const ProtobufCMessageDescriptor *desc, ProtobufCMessage **ret, struct err *e)
{
	const uint8_t *wire;
	size_t len;
	int rc = img_get_wire(r, false, &wire, &len, e);

	return rc <= 0 ? rc : unpack(r, desc, wire, len, ret, e);
}

static struct img_reader *reader_new(int fd, const char *name)
{
	struct img_reader *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	memset(r, 0, offsetof(struct img_reader, buf));
	r->fd = fd;
	snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

/* The whole file, from where it stands. */
static void take_size_of_file(struct img_reader *r)
{
	struct stat st;
	off_t at;

	if (fstat(r->fd, &st) || !S_ISREG(st.st_mode))
		return;
	at = lseek(r->fd, 0, SEEK_CUR);
	r->sized = true;
	r->end = at > 0 ? (uint64_t)at : 0;
	r->size = (uint64_t)st.st_size > r->end ? (uint64_t)st.st_size : r->end;
}

/* One magic word; an image that ends before it is an error. */
static int get_magic(struct img_reader *r, uint32_t *ret, struct err *e)
{
	ssize_t n = img_get_some(r, ret, sizeof(*ret), e);

	if (n < 0)
		return -1;
	return n == sizeof(*ret) ? 0 : complain(r, e, "too short to have a magic: no image");
}

/* Reads the magics. want NULL: whatever type they say. */
static int check_magics(struct img_reader *r, const struct img_type *want, struct err *e)
{
	uint32_t first, magic;
	bool framed;

	if (get_magic(r, &first, e))
		return -1;
	framed = first == IMG_COMMON_MAGIC || first == IMG_SERVICE_MAGIC;
	magic = first;
	if (framed && get_magic(r, &magic, e))
		return -1;
	r->type = want ? want : img_type_by_magic(magic);
	if (!r->type) {
		err_set(e, 0, "unknown magic 0x%08x", magic);
		return img_complain(r, e);
	}
	if (magic != r->type->magic) {
		const struct img_type *is = img_type_by_magic(magic);

		err_set(e, 0, "the magic is 0x%08x (%s), not 0x%08x (%s)", magic, is ? is->name : "unknown",
			r->type->magic, r->type->name);
		return img_complain(r, e);
	}
	if (framed && first != img_first_word(r->type->id)) {
		err_set(e, 0, "the first word is 0x%08x, which a %s image does not have", first, r->type->name);
		return img_complain(r, e);
	}
	r->v1_0 = !framed && img_first_word(r->type->id);
	return 0;
}

int img_open(int dirfd, enum img_id id, unsigned long key, struct img_reader **ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	_cleanup_close_ int fd = -1;
	char name[64];

	img_name(id, key, name, sizeof(name));
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open image %s", name);
	r = reader_new(fd, name);
	if (!r)
		return err_nomem(e, name);
	take_size_of_file(r);
	r->own_fd = true;
	(void)take_fd(fd);
	r->type = img_type(id);
	if (r->type->desc && check_magics(r, r->type, e))
		return -1;
	*ret = take_ptr(r);
	return 0;
}

/* Old pagemaps have the names of today's raw pages, whose size is a multiple of the page size. */
static bool is_raw(const struct img_reader *r, const struct img_type *by_file)
{
	if (!by_file || by_file->desc)
		return false;
	return by_file->id != IMG_PAGES || !r->sized || img_left(r) % IMG_PAGE_SIZE == 0;
}

/* The type of an image that may be any: its magics say it, its name where there are none. */
static int find_type(struct img_reader *r, struct err *e)
{
	const char *slash = strrchr(r->name, '/');
	const struct img_type *by_file = img_type_by_file(slash ? slash + 1 : r->name);

	r->place.offset = img_reader_offset(r);
	if (is_raw(r, by_file))
		r->type = by_file;
	else if (check_magics(r, NULL, e))
		return -1;
	else if (by_file && by_file->magic == r->type->magic)
		r->type = by_file; /* of the types that share a magic */
	return 0;
}

int img_open_fd(int fd, const char *name, struct img_reader **ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = reader_new(fd, name);

	if (!r)
		return err_nomem(e, name);
	take_size_of_file(r);
	if (find_type(r, e))
		return -1;
	*ret = take_ptr(r);
	return 0;
}

int img_open_part(int fd, uint64_t at, uint64_t size, const char *name, const struct img_type *want,
		  struct img_reader **ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = reader_new(fd, name);

	if (!r)
		return err_nomem(e, name);
	r->sized = true;
	r->base = at;
	r->size = size;
	r->type = want;
	if (!want ? find_type(r, e) : want->desc && check_magics(r, want, e))
		return -1;
	*ret = take_ptr(r);
	return 0;
}

void img_close(struct img_reader **r)
{
	int saved = errno;

	if (!*r)
		return;
	if ((*r)->own_fd)
		close((*r)->fd);
	free((*r)->rec);
	free(*r);
	*r = NULL;
	errno = saved;
}

void img_free(void *msg)
{
	if (msg)
		protobuf_c_message_free_unpacked(msg, NULL);
}

int img_get_only(struct img_reader *r, ProtobufCMessage **ret, struct err *e)
{
	ProtobufCMessage *msg = NULL;
	int rc = img_get(r, &msg, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return complain(r, e, "the image has no record");
	if (img_left(r)) {
		img_free(msg);
		return complain(r, e, "the image has more than its one record");
	}
	*ret = msg;
	return 0;
}

int img_read_one(int dirfd, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;

	return img_open(dirfd, id, key, &r, e) ? -1 : img_get_only(r, ret, e);
}
