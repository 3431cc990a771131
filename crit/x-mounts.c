// SPDX-License-Identifier: GPL-2.0-only
/* crit x mounts: the tree of mounts of each mount namespace that is in the checkpoint. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/guard.h"
#include "crit/x.h"
#include "mnt.pb-c.h"

struct node {
	MntEntry *mnt;
	size_t child, last, next; /* indexes plus 1 of the first and last child and the next sibling; 0: none */
	bool is_child, shown;
};

/* The mounts of one namespace. */
struct mounts {
	struct node *nodes;
	size_t nr;
	unsigned long key; /* of the image: the namespace's id */
};

static void mounts_free(struct mounts *m)
{
	for (size_t i = 0; i < m->nr; i++)
		img_free(m->nodes[i].mnt);
	free(m->nodes);
	*m = (struct mounts){ 0 };
}

static int mounts_read(struct checkpoint *c, struct mounts *m, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, IMG_MNTS, m->key, &r, e))
		return -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		if (!(m->nr & (m->nr - 1))) {
			struct node *p = reallocarray(m->nodes, m->nr ? 2 * m->nr : 1, sizeof(*p));

			if (!p) {
				img_free(msg);
				return err_nomem(e, "mounts");
			}
			m->nodes = p;
		}
		m->nodes[m->nr++] = (struct node){ .mnt = (MntEntry *)msg };
	}
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return (x->mnt->mnt_id > y->mnt->mnt_id) - (x->mnt->mnt_id < y->mnt->mnt_id);
}

/* Hangs every mount below its parent, in the order of their ids, which is that in which they were made. */
static void mounts_link(struct mounts *m)
{
	if (m->nr)
		qsort(m->nodes, m->nr, sizeof(*m->nodes), by_id);
	for (size_t i = 0; i < m->nr; i++) {
		MntEntry wanted = { .mnt_id = m->nodes[i].mnt->parent_mnt_id };
		const struct node key = { .mnt = &wanted };
		struct node *parent = bsearch(&key, m->nodes, m->nr, sizeof(key), by_id);

		if (!parent || parent == &m->nodes[i])
			continue;
		m->nodes[i].is_child = true;
		if (parent->last)
			m->nodes[parent->last - 1].next = i + 1;
		else
			parent->child = i + 1;
		parent->last = i + 1;
	}
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

/* As in mount(8): "rw,nosuid,relatime". */
static void add_options(struct json_object *row, uint32_t flags)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ MS_NOSUID, ",nosuid" },	    { MS_NODEV, ",nodev" },
		{ MS_NOEXEC, ",noexec" },	    { MS_SYNCHRONOUS, ",sync" },
		{ MS_MANDLOCK, ",mand" },	    { MS_DIRSYNC, ",dirsync" },
		{ MS_NOSYMFOLLOW, ",nosymfollow" }, { MS_NOATIME, ",noatime" },
		{ MS_NODIRATIME, ",nodiratime" },   { MS_RELATIME, ",relatime" },
		{ MS_STRICTATIME, ",strictatime" }, { MS_LAZYTIME, ",lazytime" },
	};
	char buf[256];
	size_t used = (size_t)snprintf(buf, sizeof(buf), flags & MS_RDONLY ? "ro" : "rw");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].bit)
			used += (size_t)snprintf(buf + used, sizeof(buf) - used, "%s", names[i].name);
	}
	row_text(row, "flags", buf);
}

/* As in /proc/PID/mountinfo: "shared:1 master:2". */
static void add_propagation(struct json_object *row, const MntEntry *m)
{
	char shared[32] = "", master[32] = "", buf[80];

	if (m->has_shared_id && m->shared_id)
		snprintf(shared, sizeof(shared), "shared:%u", m->shared_id);
	if (m->has_master_id && m->master_id)
		snprintf(master, sizeof(master), "%smaster:%u", *shared ? " " : "", m->master_id);
	snprintf(buf, sizeof(buf), "%s%s", shared, master);
	if (!*buf)
		snprintf(buf, sizeof(buf), m->flags & MS_UNBINDABLE ? "unbindable" : "private");
	row_text(row, "propagation", buf);
}

/* The file system's name: the record's own, or that of its number. */
static void add_type(struct json_object *row, const MntEntry *m)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&fstype__descriptor, (int)m->fstype);
	char name[32];
	size_t n = 0;

	if (m->fsname) {
		row_text(row, "fstype", m->fsname);
		return;
	}
	/* UNSUPPORTED: nothing to do with the file system itself, it comes from outside (a bind mount of the host's). */
	for (; v && v->value != FSTYPE__UNSUPPORTED && v->name[n] && n + 1 < sizeof(name); n++)
		name[n] = (char)tolower((unsigned char)v->name[n]);
	name[n] = '\0';
	row_text(row, "fstype", n ? name : v ? "external" : "?");
}

static int add_tasks(struct json_object *row, struct checkpoint *c, unsigned long key, struct err *e)
{
	struct json_object *list = row_list(row, "pids");

	for (size_t i = 0; i < c->nr_tasks; i++) {
		CoreEntry *core;

		if (checkpoint_core(c, c->tasks[i]->pid, true, &core, e))
			return -1;
		if (core->ids && core->ids->has_mnt_ns_id && checkpoint_ns_key(c, core->ids->mnt_ns_id) == key)
			list_add(list, json_object_new_uint64(c->tasks[i]->pid));
		img_free(core);
	}
	return 0;
}

static int put_mount(struct checkpoint *c, struct rows *r, const struct mounts *m, const MntEntry *mnt,
		     unsigned int depth, struct err *e)
{
	struct json_object *row = json_object_new_object();
	char dev[32];

	row_uint(row, "ns", m->key);
	row_uint(row, "mnt_id", mnt->mnt_id);
	row_uint(row, "parent", mnt->parent_mnt_id);
	row_uint(row, "depth", depth);
	row_text(row, "mountpoint", mnt->mountpoint);
	row_text(row, "root", mnt->root);
	row_text(row, "source", mnt->source);
	add_type(row, mnt);
	add_options(row, mnt->flags | (mnt->has_sb_flags ? mnt->sb_flags & MS_RDONLY : 0));
	row_text(row, "options", mnt->options);
	add_propagation(row, mnt);
	snprintf(dev, sizeof(dev), "%u:%u", mnt->root_dev >> 20, mnt->root_dev & 0xfffff);
	row_text(row, "dev", dev);
	if (mnt->ext_key)
		row_text(row, "external", mnt->ext_key);
	if (mnt->has_deleted && mnt->deleted)
		row_bool(row, "deleted", true);
	if (!depth && add_tasks(row, c, m->key, e)) {
		json_object_put(row);
		return -1;
	}
	row_message(row, "mount", mnt);
	return rows_put(r, row, e);
}

/* A mount and everything below it. Trees are as deep as people make them, so there is a stack instead of recursion. */
static int put_tree(struct checkpoint *c, struct rows *r, struct mounts *m, size_t root, size_t *stack, struct err *e)
{
	unsigned int depth = 0;

	stack[0] = root + 1;
	for (;;) {
		struct node *n = &m->nodes[stack[depth] - 1];

		if (!n->shown) {
			n->shown = true;
			if (put_mount(c, r, m, n->mnt, depth, e))
				return -1;
			if (n->child && !m->nodes[n->child - 1].shown) {
				stack[++depth] = n->child;
				continue;
			}
		}
		while (depth && !m->nodes[stack[depth] - 1].next)
			depth--;
		if (!depth)
			return 0;
		stack[depth] = m->nodes[stack[depth] - 1].next;
	}
}

static int put_namespace(struct checkpoint *c, struct rows *r, struct mounts *m, struct err *e)
{
	_cleanup_free_ size_t *stack = NULL;

	if (mounts_read(c, m, e))
		return -1;
	mounts_link(m);
	stack = calloc(m->nr + 1, sizeof(*stack));
	if (!stack)
		return err_nomem(e, "mounts");
	/* First the roots; then what hangs on nothing, which only broken images have. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < m->nr; i++) {
			if (!m->nodes[i].shown && (pass || !m->nodes[i].is_child) && put_tree(c, r, m, i, stack, e))
				return -1;
		}
	}
	return 0;
}

static int mounts_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	const char *const *names;
	size_t nr;

	if (source_names(c->source, &names, &nr, e))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		const struct img_type *type = img_type_by_file(names[i]);
		struct mounts m = { 0 };
		int rc;

		if (!type || type->id != IMG_MNTS || sscanf(names[i], "mountpoints-%lu.img", &m.key) != 1)
			continue;
		rc = put_namespace(c, r, &m, e);
		mounts_free(&m);
		if (rc)
			return -1;
	}
	if (!r->nr)
		rows_note(r, "the tasks have no mount namespace of their own: they use the host's mounts");
	return 0;
}

/* --- for people ------------------------------------------------------------------------------------------------- */

static void mounts_text(struct json_object *row, struct json_object *before)
{
	int indent = (int)(2 * row_get_uint(row, "depth"));

	if (!before || row_get_uint(row, "ns") != row_get_uint(before, "ns")) {
		printf("mount namespace %" PRIu64 ", pids", row_get_uint(row, "ns"));
		put_list(row, "pids", " ");
		putchar('\n');
	}
	printf("\t%*s", indent, "");
	put_quoted(row_get_text(row, "mountpoint"));
	printf("  %s  ", row_get_text(row, "fstype"));
	put_quoted(row_get_text(row, "source"));
	if (strcmp(row_get_text(row, "root"), "/")) {
		putchar('[');
		put_quoted(row_get_text(row, "root"));
		putchar(']');
	}
	printf("  %s", row_get_text(row, "flags"));
	if (*row_get_text(row, "options"))
		putchar(',');
	put_quoted(row_get_text(row, "options"));
	printf("  %s", row_get_text(row, "propagation"));
	if (row_has(row, "external")) {
		printf("  external ");
		put_quoted(row_get_text(row, "external"));
	}
	if (row_has(row, "deleted"))
		printf("  deleted");
	putchar('\n');
}

const struct view view_mounts = {
	.name = "mounts",
	.rows = mounts_rows,
	.text = mounts_text,
};
