// SPDX-License-Identifier: GPL-2.0-only
/* Checks on what a dump wrote: the statistics are true, and crit's decode and encode are the identity. */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/runner/run.h"

#define STATS_MAGICS 8 /* bytes, then a 32-bit record length */

/* field numbers of dump_stats_entry */
#define PAGES_WRITTEN	7
#define SHPAGES_WRITTEN 14

/* Read here by hand, not with libimg: a bug there must not hide itself. */
static uint64_t varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t v = 0;

	for (int shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char c = *(*p)++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			break;
	}
	return v;
}

/* Sums the varint fields `a` and `b` of a message; NULL gives 0. */
static uint64_t sum_fields(const unsigned char *p, const unsigned char *end, unsigned int a, unsigned int b, bool *seen)
{
	uint64_t sum = 0;

	while (p < end) {
		uint64_t key = varint(&p, end);

		if ((key & 7) == 2) {
			uint64_t len = varint(&p, end);

			/* stats_entry.dump is field 1 */
			if (key >> 3 == 1 && a)
				return sum_fields(p, p + len, a, b, seen);
			p += len;
			continue;
		}
		if ((key & 7) != 0)
			break;
		if (key >> 3 == a || key >> 3 == b) {
			sum += varint(&p, end);
			*seen = true;
		} else {
			varint(&p, end);
		}
	}
	return sum;
}

static uint64_t page_bytes(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	while (d && (e = readdir(d)))
		if (!fnmatch("pages-*.img", e->d_name, 0) && !fstatat(dirfd(d), e->d_name, &st, 0))
			sum += st.st_size;
	if (d)
		closedir(d);
	return sum;
}

bool images_stats_true(const char *dir)
{
	unsigned char buf[4096];
	char path[600];
	uint64_t said, there = page_bytes(dir);
	bool seen = false;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/stats-dump", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf));
		close(fd);
	}
	if (n < STATS_MAGICS + 4) {
		printf("%s is missing or too short\n", path);
		return false;
	}
	said = sum_fields(buf + STATS_MAGICS + 4, buf + n, PAGES_WRITTEN, SHPAGES_WRITTEN, &seen);
	if (seen && there % 4096 == 0 && said * 4096 == there)
		return true;
	printf("%s tells of %llu pages, the page images have %llu bytes\n", path, (unsigned long long)said,
	       (unsigned long long)there);
	return false;
}

static bool is_raw(const char *name)
{
	static const char *const raw[] = { "pages-*.img", "tmpfs-*",	"ifaddr-*",    "route-*",    "route6-*",
					   "rule-*",	  "iptables-*", "ip6tables-*", "nftables-*", "autofs-*" };

	for (size_t i = 0; i < sizeof(raw) / sizeof(*raw); i++)
		if (!fnmatch(raw[i], name, 0))
			return true;
	return fnmatch("*.img", name, 0) && strncmp(name, "stats-", 6) && strcmp(name, "irmap-cache");
}

static pid_t crit_stage(const char *crit, const char *verb, int in, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execl(crit, "crit", verb, NULL);
	_exit(127);
}

bool files_same(const char *a, const char *b)
{
	FILE *fa = fopen(a, "re"), *fb = fopen(b, "re");
	bool same = fa && fb;
	int c;

	while (same && (c = fgetc(fa)) != EOF)
		same = c == fgetc(fb);
	same = same && fgetc(fb) == EOF;
	if (fa)
		fclose(fa);
	if (fb)
		fclose(fb);
	return same;
}

static bool round_trip(const char *crit, const char *path, const char *again)
{
	int in = open(path, O_RDONLY | O_CLOEXEC), out = open(again, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int link[2] = { -1, -1 }, status[2] = { -1, -1 };
	pid_t pids[2];

	if (in < 0 || out < 0 || pipe2(link, O_CLOEXEC)) {
		perror(path);
		return false;
	}
	pids[0] = crit_stage(crit, "decode", in, link[1]);
	pids[1] = crit_stage(crit, "encode", link[0], out);
	close(in);
	close(out);
	close(link[0]);
	close(link[1]);
	for (int i = 0; i < 2; i++)
		reap_until(pids[i], &status[i], 20);
	if (status[0] || status[1])
		printf("crit decode | crit encode of %s: status %#x, %#x\n", path, status[0], status[1]);
	else if (!files_same(path, again))
		printf("crit decode | crit encode of %s gives other bytes (%s)\n", path, again);
	else
		return unlink(again) == 0;
	return false;
}

bool images_round_trip(const char *dir, const char *crit)
{
	/* What crit does is the same on any machine, and these are many processes. */
	DIR *d = slowness() > 1 ? NULL : opendir(dir);
	struct dirent *e;
	bool ok = d || slowness() > 1;

	while (d && (e = readdir(d))) {
		char path[600], again[700];

		if (e->d_name[0] == '.' || is_raw(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		snprintf(again, sizeof(again), "%s.again", e->d_name);
		ok = round_trip(crit, path, again) && ok;
	}
	if (d)
		closedir(d);
	return ok;
}

bool images_verify(const char *dir, const char *crit)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl(crit, "crit", "verify", dir, NULL);
		_exit(127);
	}
	reap_until(pid, &status, 20);
	if (status)
		printf("crit verify %s: status %#x\n", dir, status);
	return status == 0;
}
