// SPDX-License-Identifier: GPL-2.0-only
/* BPF maps: created once with their content, frozen if they were; descriptors of one map are of one map again. Its id is new. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "bpfmap-data.pb-c.h"
#include "cr-restore/files.h"

struct content {
	const BpfmapDataEntry *entry;
	const uint8_t *keys, *values;
};

struct maps {
	struct content *list;
	size_t nr;
	struct made {
		uint32_t old_id, new_id;
		int fd; /* keeps the map until every descriptor of it is made */
	} * made;
	size_t nr_made;
};

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int add_content(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct maps *s = ctx->files->kind[RESTORE_KIND_bpfmap];
	const BpfmapDataEntry *d = (BpfmapDataEntry *)msg;
	uint64_t bytes = (uint64_t)d->keys_bytes + d->values_bytes;
	uint8_t *to;

	if (bytes > img_left(r)) {
		err_set(e, 0, "the content of BPF map %u is not all there", d->map_id);
		return img_complain(r, e);
	}
	to = pool_alloc(&ctx->pool, bytes + 1);
	*POOL_PUSH(&ctx->pool, s->list, s->nr) = (struct content){ d, to, to + d->keys_bytes };
	return img_get_bytes(r, to, bytes, e);
}

static int bpfmap_load(struct restore_ctx *ctx, struct err *e)
{
	ctx->files->kind[RESTORE_KIND_bpfmap] = pool_alloc(&ctx->pool, sizeof(struct maps));
	return files_each(ctx, IMG_BPFMAP_DATA, add_content, e);
}

static int fill(const struct maps *s, const BpfmapFileEntry *r, int fd, struct err *e)
{
	for (size_t i = 0; i < s->nr; i++) {
		const struct content *c = &s->list[i];

		if (c->entry->map_id != r->map_id)
			continue;
		if ((uint64_t)c->entry->count * r->key_size != c->entry->keys_bytes ||
		    (uint64_t)c->entry->count * r->value_size != c->entry->values_bytes)
			return err_set(e, 0, "the content of BPF map %u has another size than its elements", r->map_id);
		for (uint32_t n = 0; n < c->entry->count; n++) {
			union bpf_attr attr = { .map_fd = fd };

			attr.key = (uintptr_t)(c->keys + (size_t)n * r->key_size);
			attr.value = (uintptr_t)(c->values + (size_t)n * r->value_size);
			if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
				return err_set(e, errno, "cannot set element %u of BPF map %u", n, r->map_id);
		}
	}
	return 0;
}

/* The map itself, with its content. */
static int create(const struct maps *s, const BpfmapFileEntry *r, struct made *m, struct err *e)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = {
		.map_type = r->map_type,
		.key_size = r->key_size,
		.value_size = r->value_size,
		.max_entries = r->max_entries,
		.map_flags = r->map_flags,
		.map_ifindex = r->ifindex,
		.map_extra = r->map_extra,
	};
	_cleanup_close_ int fd = -1;

	strncpy(attr.map_name, r->map_name, sizeof(attr.map_name) - 1);
	fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		return err_set(e, errno, "cannot create a BPF map of type %u", r->map_type);
	if (fill(s, r, fd, e))
		return -1;
	attr = (union bpf_attr){ .map_fd = fd };
	if (r->frozen && bpf(BPF_MAP_FREEZE, &attr))
		return err_set(e, errno, "cannot freeze a BPF map");
	attr = (union bpf_attr){ .info = { .bpf_fd = fd, .info_len = sizeof(info), .info = (uintptr_t)&info } };
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		return err_set(e, errno, "cannot tell the id of a BPF map");
	*m = (struct made){ r->map_id, info.id, take_fd(fd) };
	return 0;
}

static int bpfmap_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct maps *s = ctx->files->kind[RESTORE_KIND_bpfmap];
	int access = f->bpf->flags & O_ACCMODE;
	union bpf_attr attr = {
		.open_flags = access == O_RDONLY ? BPF_F_RDONLY :
			      access == O_WRONLY ? BPF_F_WRONLY :
						   0,
	};
	struct made m;
	size_t i = 0;
	int fd;

	while (i < s->nr_made && s->made[i].old_id != f->bpf->map_id)
		i++;
	if (i == s->nr_made) {
		if (create(s, f->bpf, &m, e))
			return -1;
		*POOL_PUSH(&ctx->pool, s->made, s->nr_made) = m;
	}
	attr.map_id = s->made[i].new_id;
	fd = bpf(BPF_MAP_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return err_set(e, errno, "cannot open a BPF map");
	*fd_ret = fd;
	return 0;
}

static int bpfmap_settle(struct restore_ctx *ctx, struct err *e)
{
	struct maps *s = ctx->files->kind[RESTORE_KIND_bpfmap];

	for (size_t i = 0; i < s->nr_made; i++)
		close(s->made[i].fd);
	s->nr_made = 0;
	return 0;
}

const struct restore_kind restore_bpfmap = {
	.name = "bpfmap",
	.type = FD_TYPES__BPFMAP,
	.load = bpfmap_load,
	.make = bpfmap_make,
	.settle = bpfmap_settle,
};
