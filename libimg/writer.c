// SPDX-License-Identifier: LGPL-2.1-only
/* Writing images: a buffer of 64 KiB, records packed straight into it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "libimg/image.h"

struct img_writer {
	int fd;
	bool own_fd;
	char name[64];
	uint64_t offset;  /* of the first byte in buf */
	size_t used;	  /* bytes in buf */
	uint8_t *scratch; /* for records larger than buf, kept for the next one */
	size_t scratch_size;
	uint8_t buf[IMG_BUF_SIZE];
};

static int write_all(struct img_writer *w, const void *buf, size_t len, struct err *e)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = write(w->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "cannot write %s at offset %llu", w->name,
				       (unsigned long long)w->offset);
		p += n;
		len -= (size_t)n;
		w->offset += (uint64_t)n;
	}
	return 0;
}

static int flush(struct img_writer *w, struct err *e)
{
	size_t used = w->used;

	w->used = 0;
	return write_all(w, w->buf, used, e);
}

int img_put_bytes(struct img_writer *w, const void *buf, size_t len, struct err *e)
{
	if (len > sizeof(w->buf) - w->used && flush(w, e))
		return -1;
	if (len >= sizeof(w->buf))
		return write_all(w, buf, len, e);
	if (len)
		memcpy(w->buf + w->used, buf, len);
	w->used += len;
	return 0;
}

int img_put_wire(struct img_writer *w, const void *buf, size_t len, struct err *e)
{
	uint32_t word = (uint32_t)len;

	if (len > IMG_RECORD_MAX)
		return err_set(e, 0, "cannot write %s: a record of %zu bytes is over the limit of %u", w->name, len,
			       IMG_RECORD_MAX);
	if (img_put_bytes(w, &word, sizeof(word), e))
		return -1;
	return img_put_bytes(w, buf, len, e);
}

/* A record that does not fit into the buffer. */
static int put_large(struct img_writer *w, const ProtobufCMessage *msg, size_t len, struct err *e)
{
	if (len > w->scratch_size) {
		uint8_t *p = realloc(w->scratch, len);

		if (!p)
			return err_nomem(e, w->name);
		w->scratch = p;
		w->scratch_size = len;
	}
	protobuf_c_message_pack(msg, w->scratch);
	return img_put_wire(w, w->scratch, len, e);
}

int img_put(struct img_writer *w, const ProtobufCMessage *msg, struct err *e)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	uint32_t word = (uint32_t)len;

	if (len > sizeof(w->buf) - sizeof(word))
		return put_large(w, msg, len, e);
	if (len + sizeof(word) > sizeof(w->buf) - w->used && flush(w, e))
		return -1;
	memcpy(w->buf + w->used, &word, sizeof(word));
	w->used += sizeof(word);
	w->used += protobuf_c_message_pack(msg, w->buf + w->used);
	return 0;
}

int img_create_fd(int fd, const char *name, enum img_id id, bool v1_0, struct img_writer **ret, struct err *e)
{
	const uint32_t words[2] = { img_first_word(id), img_type(id)->magic };
	struct img_writer *w = malloc(sizeof(*w));

	if (!w)
		return err_nomem(e, name);
	w->fd = fd;
	w->own_fd = false;
	w->offset = 0;
	w->used = 0;
	w->scratch = NULL;
	w->scratch_size = 0;
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (words[1]) {
		if (words[0] && !v1_0)
			img_put_bytes(w, &words[0], sizeof(words[0]), e);
		img_put_bytes(w, &words[1], sizeof(words[1]), e);
	}
	*ret = w;
	return 0;
}

/* A new file, never an old one cut short: file systems write those out when they are closed (ext4: auto_da_alloc). */
int img_create_file(int dirfd, const char *name, struct err *e)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dirfd, name, flags, 0600);

	if (fd < 0 && errno == EEXIST) {
		if (unlinkat(dirfd, name, 0) && errno != ENOENT)
			return err_set(e, errno, "cannot replace image %s", name);
		fd = openat(dirfd, name, flags, 0600);
	}
	return fd < 0 ? err_set(e, errno, "cannot create image %s", name) : fd;
}

int img_create(int dirfd, enum img_id id, unsigned long key, struct img_writer **ret, struct err *e)
{
	char name[64];
	_cleanup_close_ int fd = -1;

	img_name(id, key, name, sizeof(name));
	fd = img_create_file(dirfd, name, e);
	if (fd < 0 || img_create_fd(fd, name, id, false, ret, e))
		return -1;
	(*ret)->own_fd = true;
	(void)take_fd(fd);
	return 0;
}

uint64_t img_writer_offset(const struct img_writer *w)
{
	return w->offset + w->used;
}

void img_abandon(struct img_writer **w)
{
	int saved = errno;

	if (!*w)
		return;
	if ((*w)->own_fd)
		close((*w)->fd);
	free((*w)->scratch);
	free(*w);
	*w = NULL;
	errno = saved;
}

int img_finish(struct img_writer **w, struct err *e)
{
	int ret;

	if (!*w)
		return 0;
	ret = flush(*w, e);
	if ((*w)->own_fd) {
		(*w)->own_fd = false;
		if (close((*w)->fd) && errno != EINTR && !ret)
			ret = err_set(e, errno, "cannot write %s", (*w)->name);
	}
	img_abandon(w);
	return ret;
}

int img_write_one(int dirfd, enum img_id id, unsigned long key, const ProtobufCMessage *msg, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (img_create(dirfd, id, key, &w, e) || img_put(w, msg, e))
		return -1;
	return img_finish(&w, e);
}
