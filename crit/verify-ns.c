// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: name spaces and mounts. */
#include "crit/verify.h"

/* Where a name space's id is, and the image that a name space of the tree's own has. */
static const struct sort {
	const char *field;
	size_t offset;
	enum img_id image, or_image;
} sorts[] = {
	{ "ids.net_ns_id", offsetof(TaskKobjIdsEntry, net_ns_id), IMG_NETNS, IMG_NETDEV },
	{ "ids.ipc_ns_id", offsetof(TaskKobjIdsEntry, ipc_ns_id), IMG_IPC_VAR, IMG_IPC_VAR },
	{ "ids.uts_ns_id", offsetof(TaskKobjIdsEntry, uts_ns_id), IMG_UTSNS, IMG_UTSNS },
	{ "ids.mnt_ns_id", offsetof(TaskKobjIdsEntry, mnt_ns_id), IMG_MNTS, IMG_MNTS },
	{ "ids.user_ns_id", offsetof(TaskKobjIdsEntry, user_ns_id), IMG_USERNS, IMG_USERNS },
};

static uint32_t id_in(const TaskKobjIdsEntry *ids, const struct sort *s)
{
	return *(const uint32_t *)((const char *)ids + s->offset);
}

void check_namespaces(struct verify *v)
{
	const InventoryEntry *inventory = images_one(&v->im, IMG_INVENTORY, 0);
	const TaskKobjIdsEntry *root = inventory ? inventory->root_ids : NULL;
	struct map seen = { 0 };

	/* In older images they are named after the root of the tree. */
	if (inventory && !inventory->ns_per_id)
		root = NULL;
	for (size_t i = 0; root && i < v->nr_tasks; i++) {
		const struct task *t = &v->tasks[i];

		for (size_t k = 0; t->alive && t->ids && k < ARRAY_SIZE(sorts); k++) {
			const struct sort *s = &sorts[k];
			uint32_t id = id_in(t->ids, s);

			if (id && id != id_in(root, s) && map_put(&seen, (uint32_t)k, id, 0) &&
			    !have_image(v, s->or_image, id))
				want_image(v, t->image, t->record, s->field, s->image, id);
		}
	}
	map_free(&seen);
}

static void check_mount_image(struct verify *v, const struct image *i)
{
	size_t roots = 0;

	for (size_t n = 0; n < i->nr; n++) {
		const MntEntry *m = (const MntEntry *)i->msgs[n];

		if (!known(v, SPACE_MOUNT, m->parent_mnt_id) && roots++)
			found(v, i, n + 1, "parent_mnt_id", "mount %u has no parent, and is not the first of these",
			      m->mnt_id);
		if (m->parent_mnt_id == m->mnt_id)
			found(v, i, n + 1, "parent_mnt_id", "mount %u is its own parent", m->mnt_id);
	}
}

/* Each name space of mounts has one root, and paths of files begin at mounts that are there. */
void check_mounts(struct verify *v)
{
	bool any = false;

	for (size_t k = 0; k < v->im.nr; k++) {
		if (v->im.list[k].type->id != IMG_MNTS)
			continue;
		any = !v->im.list[k].bad;
		check_mount_image(v, &v->im.list[k]);
	}
	for (size_t n = 0; any && n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const RegFileEntry *r = f->type == FD_TYPES__REG ? (const RegFileEntry *)f->entry : NULL;

		if (r && r->has_mnt_id && r->mnt_id >= 0 && !known(v, SPACE_MOUNT, (uint32_t)r->mnt_id))
			found(v, f->image, f->record, "reg.mnt_id", "there is no mount %d", r->mnt_id);
	}
}
