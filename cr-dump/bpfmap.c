// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF maps of the plain sorts, hashes and arrays: their properties, and their content by BPF_MAP_LOOKUP_ELEM. Refused: other
 * sorts, and maps with type information (BTF). Whether a program in the kernel uses a map cannot be told; it keeps the old one.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "bpfmap-data.pb-c.h"
#include "cr-dump/files.h"

struct content {
	BpfmapDataEntry *entry;
	uint8_t *keys, *values;
};

struct maps {
	struct content *list;
	size_t nr;
};

static bool bpfmap_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:bpf-map");
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int bpfmap_key(void *rec, const char *key, const char *val, struct err *e)
{
	BpfmapFileEntry *r = rec;

	if (!strcmp(key, "memlock"))
		r->memlock = strtoull(val, NULL, 10);
	else if (!strcmp(key, "frozen"))
		r->frozen = strtoul(val, NULL, 10);
	return 0;
}

/* Another descriptor of the map that can be read from: the task's may be for writing only. */
static int readable(uint32_t map_id, struct err *e)
{
	union bpf_attr attr = { .map_id = map_id };
	int fd = bpf(BPF_MAP_GET_FD_BY_ID, &attr);

	return fd < 0 ? err_set(e, errno, "cannot open BPF map %u", map_id) : fd;
}

static int save_content(struct dump_ctx *ctx, const BpfmapFileEntry *r, struct content *c, struct err *e)
{
	size_t room = r->max_entries;
	_cleanup_close_ int fd = readable(r->map_id, e);

	if (fd < 0)
		return -1;
	c->keys = pool_alloc(&ctx->pool, room * r->key_size);
	c->values = pool_alloc(&ctx->pool, room * r->value_size);
	c->entry = POOL_MSG(&ctx->pool, BpfmapDataEntry, bpfmap_data_entry);
	c->entry->map_id = r->map_id;
	for (size_t n = 0; n < room; n++) {
		uint8_t *key = c->keys + n * r->key_size;
		union bpf_attr attr = { .map_fd = fd };

		attr.key = n ? (uintptr_t)(key - r->key_size) : 0;
		attr.next_key = (uintptr_t)key;
		if (bpf(BPF_MAP_GET_NEXT_KEY, &attr))
			return errno == ENOENT ? 0 : err_set(e, errno, "cannot list the keys of BPF map %u", r->map_id);
		attr.key = (uintptr_t)key;
		attr.value = (uintptr_t)(c->values + n * r->value_size);
		if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
			return err_set(e, errno, "cannot read an element of BPF map %u", r->map_id);
		c->entry->count = n + 1;
		c->entry->keys_bytes = c->entry->count * r->key_size;
		c->entry->values_bytes = c->entry->count * r->value_size;
	}
	return 0;
}

/* Once a map, whatever the number of its descriptors. */
static int look_at_content(struct dump_ctx *ctx, const BpfmapFileEntry *r, struct err *e)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_bpfmap];
	struct maps *maps;

	if (!*state)
		*state = pool_alloc(&ctx->pool, sizeof(*maps));
	maps = *state;
	for (size_t i = 0; i < maps->nr; i++)
		if (maps->list[i].entry->map_id == r->map_id)
			return 0;
	return save_content(ctx, r, POOL_PUSH(&ctx->pool, maps->list, maps->nr), e);
}

static bool can_save(struct dump_ctx *ctx, const struct open_file *of, const struct bpf_map_info *info)
{
	const char *why = NULL;

	if (info->type != BPF_MAP_TYPE_HASH && info->type != BPF_MAP_TYPE_ARRAY)
		refuse_file(ctx, of, NULL, "is a BPF map of type %u: not supported by this version", info->type);
	else if (info->btf_id || info->btf_vmlinux_value_type_id)
		why = "type information (BTF)";
	else if (info->ifindex)
		why = "a network device";
	else
		return true;
	if (why)
		refuse_file(ctx, of, NULL, "is a BPF map with %s: not supported by this version", why);
	return false;
}

static int bpfmap_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	BpfmapFileEntry *r = POOL_MSG(&ctx->pool, BpfmapFileEntry, bpfmap_file_entry);
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = f->fd, .info_len = sizeof(info), .info = (uintptr_t)&info } };

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		return err_set(e, errno, "cannot tell what BPF map it is");
	if (!can_save(ctx, of, &info))
		return 0;
	r->id = of->id;
	r->flags = f->flags;
	r->pos = f->pos;
	r->fown = f->fown;
	r->map_type = info.type;
	r->key_size = info.key_size;
	r->value_size = info.value_size;
	r->map_id = info.id;
	r->max_entries = info.max_entries;
	r->map_flags = info.map_flags;
	r->map_name = pool_str(&ctx->pool, info.name);
	r->has_map_extra = true;
	r->map_extra = info.map_extra;
	if (fdinfo_each(f->text, bpfmap_key, r, e) || look_at_content(ctx, r, e))
		return -1;
	of->entry->bpf = r;
	return 0;
}

static int bpfmap_write(struct dump_ctx *ctx, struct err *e)
{
	const struct maps *maps = files_of(ctx)->kind[DUMP_KIND_bpfmap];
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (!maps)
		return 0;
	if (img_create(ctx->images_fd, IMG_BPFMAP_DATA, 0, &w, e))
		return -1;
	for (size_t i = 0; i < maps->nr; i++) {
		const struct content *c = &maps->list[i];

		if (img_put(w, &c->entry->base, e) || img_put_bytes(w, c->keys, c->entry->keys_bytes, e) ||
		    img_put_bytes(w, c->values, c->entry->values_bytes, e))
			return -1;
	}
	return img_finish(&w, e);
}

const struct dump_kind dump_bpfmap = {
	.name = "bpfmap",
	.type = FD_TYPES__BPFMAP,
	.claims = bpfmap_claims,
	.save = bpfmap_save,
	.write = bpfmap_write,
};
