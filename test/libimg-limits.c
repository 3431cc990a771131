// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that claim what they do not have: each is refused from a file and from a pipe with a message that names the
 * file, the record and the offset, and before memory is taken for what is not there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "libimg/image.h"
#include "libimg/json.h"
#include "libimg/messages.h"
#include "test/libimg-make.h"

#define GB5	 (5ull << 30)
#define RSS_MORE (160l << 10) /* KiB that all this may take, sanitizers included; the claims are of gigabytes */
#define VM_MORE	 (32ul << 20) /* bytes of address space, where sanitizers do not take all there is */

static int failures, cases;
static struct bytes img;

static void fail(const char *what, const char *detail)
{
	printf("%s: %s\n", what, detail);
	failures++;
}

static void begin(enum img_id id)
{
	img.len = 0;
	add_word(&img, img_first_word(id));
	add_word(&img, img_type(id)->magic);
}

static int pipe_with_image(pid_t *child)
{
	int fds[2];

	if (pipe(fds))
		exit(99);
	*child = fork();
	if (*child == 0) {
		for (size_t done = 0; done < img.len;) {
			ssize_t n = write(fds[1], img.p + done, img.len - done);

			if (n < 0)
				break;
			done += (size_t)n;
		}
		_exit(0);
	}
	close(fds[1]);
	return fds[0];
}

/* Decodes the image. Returns what img_decode does, the message in text. */
static int decode(bool from_pipe, unsigned int flags, char *text, size_t size)
{
	_cleanup_close_ int out = file_with("", 0);
	pid_t child = 0;
	_cleanup_close_ int in = from_pipe ? pipe_with_image(&child) : file_with(img.p, img.len);
	struct err e = { 0 };
	int rc = img_decode(in, "dir/the-image", out, "json", flags, &e);

	err_text(&e, text, size);
	close(take_fd(in)); /* the writer must not wait for a reader that is gone */
	if (from_pipe)
		waitpid(child, NULL, 0);
	return rc;
}

static void must_be_refused(const char *name, uint64_t record, uint64_t offset, const char *from_file,
			    const char *from_pipe)
{
	static const unsigned int flags[] = { 0, IMG_JSON_PRETTY, IMG_JSON_NO_PAYLOAD };
	char text[2048], place[128];

	cases++;
	snprintf(place, sizeof(place), "dir/the-image: record %" PRIu64 " at offset %" PRIu64 ": ", record, offset);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(flags); i++) {
		const char *want = i & 1 ? from_pipe : from_file;

		if (!decode(i & 1, flags[i / 2], text, sizeof(text)))
			fail(name, "decoded all the same");
		else if (!strstr(text, place) || !strstr(text, want))
			fail(name, text);
	}
}

static void must_decode(const char *name)
{
	char text[2048];

	cases++;
	if (decode(false, 0, text, sizeof(text)) || decode(true, 0, text, sizeof(text)))
		fail(name, text);
}

/* A record whose field says how long a payload is, with the payload missing. */
static void payload_claims(void)
{
	static const struct {
		enum img_id id;
		uint32_t number;
		uint64_t claim;
	} claims[] = {
		{ IMG_PIPES_DATA, 2, UINT32_MAX }, { IMG_FIFO_DATA, 2, UINT32_MAX },
		{ IMG_SK_QUEUES, 2, UINT32_MAX },  { IMG_TCP_STREAM, 1, UINT32_MAX },
		{ IMG_TCP_STREAM, 3, UINT32_MAX }, { IMG_BPFMAP_DATA, 2, UINT32_MAX },
		{ IMG_BPFMAP_DATA, 3, 1u << 31 },  { IMG_IPCNS_SEM, 2, UINT32_MAX },
		{ IMG_IPCNS_MSG, 3, UINT32_MAX },  { IMG_IPCNS_SHM, 2, GB5 },
		{ IMG_IPCNS_SHM, 2, UINT64_MAX },  { IMG_IPCNS_SHM, 2, UINT64_MAX - 3 },
		{ IMG_IPCNS_SHM, 2, 1ull << 63 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		const struct img_type *t = img_type(claims[i].id);
		_cleanup_bytes_ struct bytes record = { 0 }, desc = { 0 };
		char name[64];

		for (uint32_t f = 1; f <= 7; f++)
			add_number(&desc, f, 1);
		for (unsigned int f = 0; f < t->desc->n_fields; f++) {
			const ProtobufCFieldDescriptor *fd = &t->desc->fields[f];

			if (fd->type == PROTOBUF_C_TYPE_MESSAGE && fd->label == PROTOBUF_C_LABEL_REQUIRED)
				add_block(&record, fd->id, desc.p, desc.len);
			else if (fd->label == PROTOBUF_C_LABEL_REQUIRED)
				add_number(&record, fd->id, fd->id == claims[i].number ? claims[i].claim : 0);
		}
		begin(t->id);
		add_record(&img, &record);
		snprintf(name, sizeof(name), "%s claims %" PRIu64, t->pattern, claims[i].claim);
		must_be_refused(name, 1, 8, "offset", claims[i].claim >> 62 ? "no image is as large" : "offset");
		if (t->id == IMG_IPCNS_MSG)
			continue;
		add_word(&img, 0x01020304); /* and some bytes, which are not enough */
		must_be_refused(name, 1, 8, "only 4 more", "offset");
	}
}

static void ghost_claims(void)
{
	_cleanup_bytes_ struct bytes record = { 0 }, chunk = { 0 };

	for (uint32_t f = 1; f <= 3; f++)
		add_number(&record, f, 0);
	add_number(&record, 9, 1);
	add_number(&chunk, 1, GB5);
	add_number(&chunk, 2, 0);
	begin(IMG_GHOST_FILE);
	add_record(&img, &record);
	add_record(&img, &chunk);
	add(&img, "12345", 5);
	must_be_refused("a ghost file's chunk of 5 GB", 2, 8 + 4 + record.len,
			"5368709120 bytes of payload announced at offset", "the image ends at offset");
}

static void message_claims(uint32_t claim)
{
	_cleanup_bytes_ struct bytes record = { 0 }, desc = { 0 }, msg = { 0 };

	for (uint32_t f = 1; f <= 7; f++)
		add_number(&desc, f, 1);
	add_block(&record, 1, desc.p, desc.len);
	add_number(&record, 2, 16384);
	add_number(&record, 3, 2);
	add_number(&msg, 1, 1);
	add_number(&msg, 2, claim);
	begin(IMG_IPCNS_MSG);
	add_record(&img, &record);
	add_record(&img, &msg);
	must_be_refused("a message's text", 1, 8 + 4 + record.len, " bytes of payload announced at offset", "offset");
}

static void record_claims(void)
{
	static const uint32_t lengths[] = { 1, 1000, IMG_RECORD_MAX, IMG_RECORD_MAX + 1, 1u << 31, UINT32_MAX };
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		snprintf(name, sizeof(name), "a record of %u bytes that are not there", lengths[i]);
		begin(IMG_UTSNS);
		add_word(&img, lengths[i]);
		must_be_refused(name, 1, 8, "bytes announced, 0 there",
				lengths[i] > IMG_RECORD_MAX ? "over the limit" : "bytes announced, 0 there");
	}
	for (size_t n = 1; n < 4; n++) {
		begin(IMG_UTSNS);
		add(&img, "\1\0\0", n);
		must_be_refused("a piece of a length word", 1, 8, "ends within a length word",
				"ends within a length word");
	}
}

/* One record of an apparmor image with what is given as the content of its first namespace. */
static void apparmor(const void *p, size_t len)
{
	_cleanup_bytes_ struct bytes record = { 0 };

	add_block(&record, 1, p, len);
	begin(IMG_APPARMOR);
	add_record(&img, &record);
}

static void nested(unsigned int levels)
{
	struct bytes inner = { 0 }, outer = { 0 };

	for (unsigned int i = 0; i < levels; i++) {
		struct bytes swap = outer;

		swap.len = 0;
		add_block(&swap, 1, "n", 1);
		if (i)
			add_block(&swap, 3, inner.p, inner.len);
		outer = inner;
		inner = swap;
	}
	apparmor(inner.p, inner.len);
	bytes_free(&inner);
	bytes_free(&outer);
}

static void nesting(void)
{
	nested(WIRE_DEPTH_MAX - 1);
	must_decode("namespaces as deep as may be");
	nested(WIRE_DEPTH_MAX);
	must_be_refused("namespaces that are a little too deep", 1, 8, "messages nest too deep",
			"messages nest too deep");
	nested(20000);
	must_be_refused("namespaces that are very deep", 1, 8, "messages nest too deep", "messages nest too deep");
}

static void bad_fields(void)
{
	static const struct {
		const char *name, *bytes, *want;
		size_t len;
	} bad[] = {
#define BAD(name, bytes, want) { name, bytes, want, sizeof(bytes) - 1 }
		BAD("a varint without an end", "\x08\xff\xff", "no valid field"),
		BAD("a varint of eleven bytes", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "no valid field"),
		BAD("a varint of 65 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "no valid field"),
		BAD("field number 0", "\x02\x00", "no valid field"),
		BAD("a group", "\x0b\x0c", "no valid field"),
		BAD("wire type 7", "\x0f\x00", "no valid field"),
		BAD("a block that is too long", "\x0a\x05n", "no valid field"),
		BAD("a block of nearly 2^64 bytes", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01n", "no valid field"),
		BAD("half a 64-bit number", "\x09\x01\x02\x03", "no valid field"),
		BAD("half a 32-bit number", "\x0d\x01\x02", "no valid field"),
		BAD("a number in place of a name", "\x08\x01", "aa_namespace.name at offset 14: wrong wire type"),
		BAD("no name", "", "aa_namespace.name at offset 14: required, but missing"),
		BAD("a policy without a blob", "\x0a\x01n\x12\x03\x0a\x01p", "aa_policy.blob"),
#undef BAD
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		apparmor(bad[i].bytes, bad[i].len);
		must_be_refused(bad[i].name, 1, 8, bad[i].want, bad[i].want);
	}
}

/* The number of the record counts, and what is in front of the bad one is no excuse. */
static void later_record(void)
{
	_cleanup_bytes_ struct bytes record = { 0 };
	uint64_t offset = 8;

	add_block(&record, 1, "node", 4);
	add_block(&record, 2, "domain", 6);
	begin(IMG_UTSNS);
	for (int i = 0; i < 20000; i++) { /* over several buffers */
		add_record(&img, &record);
		offset += 4 + record.len;
	}
	must_decode("many good records");
	record.len -= 8;
	add_record(&img, &record);
	must_be_refused("record 20001", 20001, offset, "utsns_entry.domainname", "utsns_entry.domainname");
}

static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	unsigned long pages;
	struct rlimit limit;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%lu", &pages) != 1)
		exit(99);
	fclose(f);
	limit.rlim_cur = limit.rlim_max = pages * (unsigned long)sysconf(_SC_PAGESIZE) + VM_MORE;
	if (setrlimit(RLIMIT_AS, &limit))
		exit(99);
#endif
}

int main(void)
{
	struct rusage before, after;

	limit_memory();
	getrusage(RUSAGE_SELF, &before);
	payload_claims();
	ghost_claims();
	message_claims(1);
	message_claims(IMG_RECORD_MAX - 10);
	message_claims(UINT32_MAX);
	record_claims();
	nesting();
	bad_fields();
	later_record();
	getrusage(RUSAGE_SELF, &after);
	if (after.ru_maxrss > before.ru_maxrss + RSS_MORE)
		fail("memory", "more than the images are large");
	bytes_free(&img);
	printf("%d cases, %ld MiB: %d failures\n", cases, after.ru_maxrss >> 10, failures);
	return failures ? 1 : 0;
}
