// SPDX-License-Identifier: GPL-2.0-only
/* How long crit takes, and how much memory: its start, large images to JSON and back, searching a checkpoint. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/bench/bench.h"
#include "test/runner/run.h"

#define CHUNK	(512 * 1024)
#define ENTRIES 1000000
#define JSON	"/tmp/json"
#define IMAGE	"/tmp/image"

struct bench {
	struct table *table;
	int runs;
	char crit[512], dump[512], load[512];
};

/* Runs crit; adds how long it took to s, and gives the most memory that it had, in KiB. */
static long run_crit(char *const argv[], int worst, struct series *s)
{
	double start = clock_s();
	pid_t pid = spawn(argv, OUT);
	struct rusage usage;
	int status;

	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > worst)
		die(argv[1]);
	add(s, (clock_s() - start) * 1e3);
	return usage.ru_maxrss;
}

static void measure_start(struct bench *b)
{
	char *version[] = { b->crit, "--version", NULL };
	struct series s = { 0 };

	for (int i = 0; i < 4 * b->runs; i++)
		run_crit(version, 0, &s);
	row(b->table, "crit", "nothing", "start", &s, NULL, 0, 3);
}

/* --- a page map ------------------------------------------------------------------------------------------------- */

static void put_varint(FILE *f, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		fputc((int)(v & 0x7f) | 0x80, f);
	fputc((int)v, f);
}

static void put_word(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

/* Runs of one page, every second page. */
static void write_pagemap(void)
{
	FILE *f = fopen(IMAGE, "we");

	if (!f)
		die(IMAGE);
	put_word(f, 0x54564319);
	put_word(f, 0x56084025);
	put_word(f, 2);
	fputs("\x08\x01", f); /* pages_id 1 */
	for (uint64_t i = 0; i < ENTRIES; i++) {
		uint64_t addr = 0x7f0000000000 + i * 8192;

		put_word(f, 7 + varint_size(addr));
		fputc(1 << 3, f);
		put_varint(f, addr);
		fputs("\x10\x01\x20\x04\x28\x01", f); /* one page, present */
	}
	if (fclose(f))
		die(IMAGE);
}

static void tell_memory(const struct bench *b, const char *what, long kib)
{
	if (!b->table->json)
		printf("%-8s %-16s %-14s %10.1f MiB at most\n", "", "", what, kib / 1024.0);
}

static void measure_pagemap(struct bench *b)
{
	char *decode[] = { b->crit, "decode", "-i", IMAGE, "-o", JSON, NULL };
	char *encode[] = { b->crit, "encode", "-i", JSON, "-o", IMAGE, NULL };
	struct series decoding = { 0 }, encoding = { 0 };
	long most = 0;

	write_pagemap();
	for (int i = 0; i < b->runs; i++) {
		long a = run_crit(decode, 0, &decoding), c = run_crit(encode, 0, &encoding);

		most = a > most ? a : most;
		most = c > most ? c : most;
	}
	row(b->table, "crit", "1 M page runs", "decode", &decoding, NULL, 0, 1000);
	row(b->table, "crit", "1 M page runs", "encode", &encoding, NULL, 0, 2000);
	tell_memory(b, "memory", most);
	unlink(IMAGE);
	unlink(JSON);
}

/* The bare reading to compare a search with: all page images, into memory that is there. */
static void measure_reading(struct series *s)
{
	static char chunk[CHUNK];
	double start = clock_s();
	int dir = open(IMG, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n = 1;

	for (int i = 1; n >= 0; i++) {
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "pages-%d.img", i);
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : 0;
		while (fd >= 0 && (n = read(fd, chunk, CHUNK)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
	close(dir);
	add(s, (clock_s() - start) * 1e3);
}

/* Dumps the load; false, with a word about it, when that fails. */
static bool checkpoint(struct bench *b, const char *what, const char *kind, const char *n)
{
	char pid[16], failed[FAILED_SIZE];
	char *argv[] = { b->dump, "-t", pid, "-D", IMG, NULL };
	double ms;

	snprintf(pid, sizeof(pid), "%d", start_load(b->load, kind, n));
	ms = run_tool(failed, argv);
	end_all();
	if (ms < 0)
		fprintf(b->table->json ? stderr : stdout, "%s: FAILED: %s\n", what, failed);
	return ms >= 0;
}

static void measure_files(struct bench *b)
{
	char *decode[] = { b->crit, "decode", "-i", IMG "/files.img", "-o", JSON, NULL };
	struct series s = { 0 };

	if (!checkpoint(b, "crit files", "files", "900"))
		return;
	for (int i = 0; i < 4 * b->runs; i++)
		run_crit(decode, 0, &s);
	row(b->table, "crit", "900 open files", "decode", &s, NULL, 0, 0);
	unlink(JSON);
}

/* Through 1 GiB: for a text that is not there, and for a regular expression. */
static void measure_search(struct bench *b)
{
	static const char *const patterns[] = { "no text like this", "[0-9]{5}[a-z]{5}@[a-z]{5}" };
	struct series found[2] = { 0 }, reading = { 0 };

	if (!checkpoint(b, "crit search", "memory", "1024"))
		return;
	for (int i = 0; i < 2 * b->runs; i++) {
		char *search[] = { b->crit, "search", i % 2 ? "-r" : "--", IMG, (char *)patterns[i % 2], NULL };

		run_crit(search, 1, &found[i % 2]); /* 1: nothing was found */
		measure_reading(&reading);
	}
	row(b->table, "crit", "1 GiB of memory", "search text", &found[0], "read loop", median(&reading), 1000);
	row(b->table, "crit", "1 GiB of memory", "search -r", &found[1], "read loop", median(&reading), 0);
}

void measure_crit(struct table *table, const char *build, int runs, bool (*wanted)(const char *name))
{
	static const struct {
		const char *name;
		void (*measure)(struct bench *b);
	} parts[] = {
		{ "crit start", measure_start },
		{ "crit files", measure_files },
		{ "crit pagemap", measure_pagemap },
		{ "crit search", measure_search },
	};
	struct bench b = { .table = table, .runs = runs };

	snprintf(b.crit, sizeof(b.crit), "/mnt/src/%s/bin/crit", build);
	snprintf(b.dump, sizeof(b.dump), "/mnt/src/%s/bin/cr-dump", build);
	snprintf(b.load, sizeof(b.load), "/mnt/src/%s/test/bench/load", build);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (wanted(parts[i].name))
			parts[i].measure(&b);
		fflush(stdout);
	}
}
