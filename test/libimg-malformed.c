// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broken images and broken JSON: every truncation and many random changes of every image of the corpus. Whatever
 * comes in, decoding ends with a message that names file and offset, or with JSON that encodes to the same bytes.
 * Most telling when built with sanitizers: make SAN=1 B=build/san build/san/test/libimg-malformed
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libimg/json.h"

#define FLIPS 400 /* random changes of each image, and of each image's JSON */

static int in = -1, json = -1, back = -1; /* memory files */
static unsigned long decoded, refused, encoded, rejected;
static uint64_t seed = 20260101;

static uint64_t next_random(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

static void __attribute__((noreturn)) die(const char *what, const char *file, const char *detail)
{
	printf("%s: %s: %s\n", file, what, detail);
	exit(1);
}

static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0) {
		perror("memfd_create");
		exit(99);
	}
	return fd;
}

static void set_content(int fd, const void *p, size_t len)
{
	if (ftruncate(fd, 0) || pwrite(fd, p, len, 0) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
		perror("write");
		exit(99);
	}
}

static void *content(int fd, size_t *len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *p = malloc((size_t)size + 1);

	if (!p || pread(fd, p, (size_t)size, 0) != size) {
		perror("read");
		exit(99);
	}
	*len = (size_t)size;
	return p;
}

static void rewind_all(void)
{
	lseek(in, 0, SEEK_SET);
	if (ftruncate(json, 0) || ftruncate(back, 0))
		exit(99);
	lseek(json, 0, SEEK_SET);
	lseek(back, 0, SEEK_SET);
}

/* The error must name the file, and where in it. */
static void check_message(const char *file, const struct err *e)
{
	char text[2048];

	err_text(e, text, sizeof(text));
	if (!strstr(text, file) || !strstr(text, "offset"))
		die("the message lacks the file or the offset", file, text);
}

static void try_image(const char *name, const uint8_t *p, size_t len, bool pretty)
{
	struct err e;
	size_t n;
	void *got;

	set_content(in, p, len);
	rewind_all();
	if (img_decode(in, name, json, "json", pretty ? IMG_JSON_PRETTY : 0, &e)) {
		refused++;
		check_message(name, &e);
		return;
	}
	decoded++;
	lseek(json, 0, SEEK_SET);
	if (img_encode(json, "json", back, "image", &e)) {
		char text[2048];

		err_text(&e, text, sizeof(text));
		die("what was decoded cannot be encoded", name, text);
	}
	got = content(back, &n);
	if (n != len || memcmp(got, p, n))
		die("decode and encode give other bytes", name, pretty ? "pretty" : "compact");
	free(got);
}

static void try_json(const char *name, const void *p, size_t len)
{
	struct err e;

	set_content(in, p, len);
	rewind_all();
	if (img_encode(in, name, back, "image", &e)) {
		rejected++;
		check_message(name, &e);
		return;
	}
	encoded++;
	lseek(back, 0, SEEK_SET);
	if (img_decode(back, name, json, "json", 0, &e)) {
		char text[2048];

		err_text(&e, text, sizeof(text));
		die("what was encoded cannot be decoded", name, text);
	}
}

/* Changes a few bytes: single bits, or values that are likely to hurt. */
static void damage(uint8_t *p, size_t len)
{
	static const uint8_t nasty[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '[', '-', '9', ',' };
	unsigned int changes = 1 + next_random() % 4;

	while (changes--) {
		size_t at = next_random() % len;

		if (next_random() % 2)
			p[at] ^= (uint8_t)(1u << (next_random() % 8));
		else
			p[at] = nasty[next_random() % sizeof(nasty)];
	}
}

static void try_file(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	uint8_t *image, *copy, *text;
	size_t len, text_len;
	struct err e;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		exit(99);
	image = content(fd, &len);
	close(fd);
	copy = malloc(len + 1);
	if (!copy)
		exit(99);
	for (size_t cut = 0; cut <= len; cut++)
		try_image(name, image, cut, cut & 1);
	for (int i = 0; len && i < FLIPS; i++) {
		memcpy(copy, image, len);
		damage(copy, len);
		try_image(name, copy, len, i & 1);
	}
	set_content(in, image, len);
	rewind_all();
	if (img_decode(in, name, json, "json", 0, &e))
		die("cannot be decoded", name, e.what);
	text = content(json, &text_len);
	for (int i = 0; i < FLIPS; i++) {
		uint8_t *broken = malloc(text_len);

		if (!broken)
			exit(99);
		memcpy(broken, text, text_len);
		damage(broken, text_len);
		try_json(name, broken, i % 4 ? text_len : next_random() % text_len);
		free(broken);
	}
	free(text);
	free(copy);
	free(image);
}

int main(int argc, char **argv)
{
	const char *top = getenv("CR_TOP");
	char pattern[4096];
	glob_t g;

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	in = memory_file("in");
	json = memory_file("json");
	back = memory_file("back");
	snprintf(pattern, sizeof(pattern), "%s/test/data/criu-images/*/img/*", top ? top : ".");
	if (glob(pattern, 0, NULL, &g) || g.gl_pathc < 100) {
		printf("no images at %s\n", pattern);
		return 99;
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		if (!strstr(g.gl_pathv[i], "/pages-") && !strstr(g.gl_pathv[i], "tar.gz"))
			try_file(g.gl_pathv[i]);
	}
	globfree(&g);
	printf("images: %lu decoded and encoded again, %lu refused; JSON: %lu encoded, %lu refused\n", decoded, refused,
	       encoded, rejected);
	return 0;
}
