// SPDX-License-Identifier: GPL-2.0-only
/* Putting a changed image in the place of the old one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/change.h"
#include "crit/verify.h"

int change_begin(struct change *c, const char *dir, const char *image, struct err *e)
{
	*c = (struct change){ .image = image, .old = PART_NONE, .out = { .fd = -1 } };
	if (source_open(&c->source, dir, e))
		return -1;
	if (source_dirfd(c->source) < 0) {
		err_set(e, 0, "%s is no directory", dir);
		return err_hint(e, "an archive is only read: unpack it first");
	}
	c->type = strchr(image, '/') ? NULL : img_type_by_file(image);
	if (!c->type)
		return err_set(e, 0, "\"%s\" is not the name of an image in %s", image, dir);
	if (!c->type->desc)
		return err_set(e, 0, "%s is a raw image: it has no records", image);
	if (asprintf(&c->path, "%s/%s", dir, image) < 0) {
		c->path = NULL;
		return err_nomem(e, image);
	}
	return source_file(c->source, image, &c->old, e) ? err_in(e, "%s", dir) : output_open(&c->out, c->path, e);
}

void change_end(struct change *c)
{
	output_close(&c->out);
	part_close(&c->old);
	source_close(&c->source);
	free(c->path);
}

int change_restart(struct change *c, struct err *e)
{
	if (ftruncate(c->out.fd, 0) || lseek(c->out.fd, 0, SEEK_SET))
		return err_set(e, errno, "cannot begin %s again", c->path);
	return 0;
}

static int new_part(struct change *c, struct part *ret, struct err *e)
{
	struct stat st;

	if (fstat(c->out.fd, &st))
		return err_set(e, errno, "cannot look at the new %s", c->path);
	*ret = (struct part){ .fd = c->out.fd, .size = (uint64_t)st.st_size };
	return 0;
}

int change_is_none(struct change *c, struct err *e)
{
	struct part new;
	char a[16384], b[sizeof(a)];

	if (new_part(c, &new, e))
		return -1;
	if (new.size != c->old.size)
		return 0;
	for (uint64_t at = 0; at < new.size; at += sizeof(a)) {
		size_t len = new.size - at < sizeof(a) ? (size_t)(new.size - at) : sizeof(a);

		if (part_read(&new, at, a, len, e) || part_read(&c->old, at, b, len, e))
			return err_in(e, "%s", c->path);
		if (memcmp(a, b, len))
			return 0;
	}
	return 1;
}

/* --- verifying -------------------------------------------------------------------------------------------------- */

/*
 * What is wrong, as text. Two findings are the same when they differ in the record only: the records behind one that was removed have
 * new numbers.
 */
struct findings {
	struct line {
		char *key, *text;
	} * list;
	size_t nr;
};

static int keep(void *arg, const struct finding *f, struct err *e)
{
	struct findings *all = arg;
	struct line *l;

	if (!(all->nr & (all->nr - 1))) {
		struct line *bigger = reallocarray(all->list, all->nr ? 2 * all->nr : 1, sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "what is wrong");
		all->list = bigger;
	}
	l = &all->list[all->nr++];
	*l = (struct line){ 0 };
	if (asprintf(&l->key, "%s %s %s", f->image, f->field, f->text) < 0)
		l->key = NULL;
	if (asprintf(&l->text, "%s: record %zu: %s%s%s", f->image, f->record, f->field, *f->field ? ": " : "",
		     f->text) < 0)
		l->text = NULL;
	return l->key && l->text ? 0 : err_nomem(e, "what is wrong");
}

static void findings_free(struct findings *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		free(all->list[i].key);
		free(all->list[i].text);
	}
	free(all->list);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->key, ((const struct line *)b)->key);
}

static int collect(struct change *c, struct findings *all, struct err *e)
{
	size_t nr;

	if (verify_source(c->source, keep, all, &nr, e))
		return -1;
	if (all->nr)
		qsort(all->list, all->nr, sizeof(*all->list), by_key);
	return 0;
}

/* Shows what is in `after` but not in `before`; both are sorted. */
static size_t show_new(const struct findings *before, const struct findings *after)
{
	size_t old = 0, nr = 0;

	for (size_t i = 0; i < after->nr; i++) {
		while (old < before->nr && by_key(&before->list[old], &after->list[i]) < 0)
			old++;
		if (old < before->nr && !by_key(&before->list[old], &after->list[i])) {
			old++;
			continue;
		}
		for (char *p = after->list[i].text; *p; p++)
			*p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
		fprintf(stderr, "%s\n", after->list[i].text);
		nr++;
	}
	return nr;
}

int change_verify(struct change *c, bool force, struct err *e)
{
	_cleanup_(findings_free) struct findings before = { 0 }, after = { 0 };
	struct part new;
	size_t nr;

	if (force)
		return 0;
	if (new_part(c, &new, e) || collect(c, &before, e))
		return -1;
	source_replace(c->source, c->image, new);
	if (collect(c, &after, e))
		return -1;
	source_replace(c->source, NULL, PART_NONE);
	nr = show_new(&before, &after);
	if (!nr)
		return 0;
	err_set(e, 0, "%s: the checkpoint would not be right any more: %zu %s wrong", c->path, nr,
		nr == 1 ? "thing is" : "things are");
	return err_hint(e, "--force puts the image in place all the same");
}

int change_commit(struct change *c, struct err *e)
{
	return output_commit(&c->out, e);
}
