// SPDX-License-Identifier: GPL-2.0-only
/* crit set: changes fields of an image. All bytes but those of the records that are changed stay as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/change.h"
#include "crit/images.h"
#include "crit/set.h"

struct set {
	struct change change;
	struct assignment *list;
	size_t nr;
	bool force;
	uint64_t copied; /* bytes of the old image that were dealt with */
};

static int put(struct set *x, const void *buf, size_t len, struct err *e)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(x->change.out.fd, (const char *)buf + done, len - done);

		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "cannot write %s", x->change.path);
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Copies the old image up to an offset. */
static int copy_to(struct set *x, uint64_t end, struct err *e)
{
	char buf[65536];

	while (x->copied < end) {
		size_t len = end - x->copied < sizeof(buf) ? (size_t)(end - x->copied) : sizeof(buf);

		if (part_read(&x->change.old, x->copied, buf, len, e))
			return err_in(e, "%s", x->change.path);
		if (put(x, buf, len, e))
			return -1;
		x->copied += len;
	}
	return 0;
}

static int put_record(struct set *x, const ProtobufCMessage *msg, struct err *e)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	_cleanup_free_ uint8_t *buf = NULL;
	uint32_t word = (uint32_t)len;

	if (len > IMG_RECORD_MAX)
		return err_set(e, 0, "%s: a record may not have more than %u bytes", x->change.path, IMG_RECORD_MAX);
	buf = malloc(len + sizeof(word));
	if (!buf)
		return err_nomem(e, x->change.path);
	memcpy(buf, &word, sizeof(word));
	protobuf_c_message_pack(msg, buf + sizeof(word));
	return put(x, buf, len + sizeof(word), e);
}

/* Does all that is to be done to one record. Returns 1 when it is changed, 2 when it is to go. */
static int change_record(struct set *x, ProtobufCMessage *msg, uint64_t index, struct err *e)
{
	int ret = 0;

	/* Which record is meant is asked before any is changed. */
	for (size_t i = 0; i < x->nr; i++)
		x->list[i].hit = assignment_meets(&x->list[i], msg, index);
	for (size_t i = 0; i < x->nr; i++) {
		struct assignment *a = &x->list[i];

		if (!a->hit)
			continue;
		a->hits++;
		if (assignment_apply(a, msg, e))
			return -1;
		ret = a->nr == 1 || ret == 2 ? 2 : 1;
	}
	return ret;
}

/* What follows a record stays, unless the record goes. */
static int one_record(struct set *x, struct img_reader *r, ProtobufCMessage *msg, uint64_t begin, uint64_t index,
		      struct err *e)
{
	uint64_t end = x->change.old.size - img_left(r);
	int what;

	/* How much follows is what the record says before it is changed. */
	if (payload_skip(r, msg, e))
		return -1;
	what = change_record(x, msg, index, e);
	if (what < 0)
		return err_in(e, "%s", x->change.path);
	if (what == 0)
		return 0;
	if (copy_to(x, begin, e) || (what == 1 && put_record(x, msg, e)))
		return -1;
	x->copied = what == 1 ? end : x->change.old.size - img_left(r);
	return 0;
}

static int all_records(struct set *x, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	const struct part *old = &x->change.old;
	ProtobufCMessage *msg;
	int rc = 1;

	if (img_open_part(old->fd, old->at, old->size, x->change.path, x->change.type, &r, e))
		return -1;
	for (uint64_t index = 0; rc > 0; index++) {
		uint64_t begin = old->size - img_left(r);

		rc = img_get(r, &msg, e);
		if (rc <= 0)
			break;
		if (one_record(x, r, msg, begin, index, e))
			rc = -1;
		img_free(msg);
	}
	return rc ? -1 : copy_to(x, old->size, e);
}

/* Each path must lead to one record, so that a wrong one cannot do nothing, or too much, in silence. */
static int check_hits(const struct set *x, struct err *e)
{
	for (size_t i = 0; i < x->nr; i++) {
		const struct assignment *a = &x->list[i];

		if (a->hits == 1)
			continue;
		if (a->hits)
			err_set(e, 0, "%s: %zu entries are meant by \"%s\"", x->change.path, a->hits, a->text);
		else
			err_set(e, 0, "%s: no entry is meant by \"%s\"", x->change.path, a->text);
		return err_hint(e, a->hits ? "name one by its number, .entries[0]" : "\"crit show\" shows the entries");
	}
	return 0;
}

static int set(struct set *x, const char *dir, const char *image, struct err *e)
{
	int same;

	if (change_begin(&x->change, dir, image, e) || all_records(x, e) || check_hits(x, e))
		return -1;
	same = change_is_none(&x->change, e);
	if (same)
		return same < 0 ? -1 : 0;
	return change_verify(&x->change, x->force, e) || change_commit(&x->change, e) ? -1 : 0;
}

static int set_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	_cleanup_free_ struct assignment *list = calloc((size_t)argc, sizeof(*list));
	_cleanup_free_ const char **deleted = calloc((size_t)argc, sizeof(*deleted));
	struct set x = { .list = list, .change = { .old = PART_NONE, .out = { .fd = -1 } } };
	size_t nr_deleted = 0;
	int c, status, failed = 0;

	if (!list || !deleted)
		return err_nomem(e, "the command line"), CRIT_FAILED;
	while ((c = crit_option(self, argc, argv, &status, e)) > 0) {
		if (c == 'd')
			deleted[nr_deleted++] = optarg;
		else
			x.force = true;
	}
	if (c < 0)
		return status;
	if (argc - optind < 2 || (argc - optind == 2 && !nr_deleted))
		return crit_usage(e, "set: give a directory, an image in it, and what to set or delete");
	for (int i = optind + 2; !failed && i < argc; i++)
		failed = assignment_parse(&list[x.nr++], argv[i], false, e);
	for (size_t i = 0; !failed && i < nr_deleted; i++)
		failed = assignment_parse(&list[x.nr++], deleted[i], true, e);
	status = failed ? CRIT_USAGE : set(&x, argv[optind], argv[optind + 1], e) ? CRIT_FAILED : CRIT_OK;
	change_end(&x.change);
	for (size_t i = 0; i < x.nr; i++)
		assignment_free(&list[i]);
	return status;
}

static const struct option options[] = {
	{ "delete", required_argument, NULL, 'd' },
	{ "force", no_argument, NULL, 'f' },
	{ 0 },
};

const struct crit_verb verb_set = {
	.name = "set",
	.summary = "change fields of an image",
	.usage = "set [-d PATH] [--force] DIR IMAGE PATH=VALUE...\n"
		 "Changes fields of an image without an editor, for example\n"
		 "  crit set DIR files.img .entries[id=5].reg.name=/new/path\n"
		 "PATH begins with .entries and says which one, as all elements of lists are named: by number\n"
		 "from 0 or by a field and its value. [+] is a new element of a list of values. VALUE is written\n"
		 "as \"crit decode --pretty\" shows it. The checkpoint is verified with the new image (see\n"
		 "\"crit verify\") before it takes the place of the old one.\n\n"
		 "  -d, --delete PATH  remove an optional field, an element or an entry; after all PATH=VALUE\n"
		 "      --force        change it even if the checkpoint is not right afterwards\n"
		 "  -h, --help         this text\n",
	.options = options,
	.letters = "d:",
	.run = set_run,
};
