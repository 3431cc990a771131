// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long dump and restore take: bench [--json] [--runs N] [NAME...]. Medians of several runs, each figure beside what the machine
 * needs for the bare copying, measured in the same runs. The same is done with criu when it is on the PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/bench/bench.h"
#include "test/runner/run.h"

#define CHUNK (512 * 1024)

struct tool {
	const char *name, *load;
	char dump[512], restore[512];
	bool criu;
};

static const struct work {
	const char *name, *kind, *n;
	size_t copied; /* bytes of the bare copying to compare with; 0: none */
	double goal_dump_ms, goal_frozen_ms, goal_restore_ms;
} works[] = {
	{ "4 MB process", "memory", "4", 4 << 20, 8, 1, 8 },
	{ "1 GiB of memory", "memory", "1024", 1 << 30, 0, 600, 1000 },
	{ "100 processes", "processes", "100", 0, 0, 50, 0 },
	{ "400 processes", "processes", "400", 0, 0, 200, 0 },
	{ "500 threads", "threads", "500", 0, 0, 40, 0 },
	{ "900 open files", "files", "900", 0, 0, 10, 0 },
	{ "100 x 200 files", "descriptors", "200", 0, 0, 250, 1000 },
	{ "1000 processes", "processes", "1000", 0, 0, 0, 0 },
	{ "2000 threads", "threads", "2000", 0, 0, 0, 0 },
	{ "65000 mappings", "mappings", "65000", 0, 0, 0, 0 },
	{ "1 TiB reserved", "reserved", "1024", 0, 0, 0, 0 },
};

struct result {
	struct series dump, frozen, restore, write, read;
	double pages, pages_restored;
	char failed[FAILED_SIZE];
};

/* --- the bare copying --------------------------------------------------------------------------------------- */

/* The same number of bytes from memory that is there into a new file, and from that into new memory: the limits. */
static void measure_limits(struct result *r, size_t bytes)
{
	static char chunk[CHUNK];
	char *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/tmp/limit", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	double start = clock_s();

	if (fd < 0 || fresh == MAP_FAILED)
		die("/tmp/limit");
	memset(chunk, 1, sizeof(chunk));
	start = clock_s();
	for (size_t done = 0; done < bytes; done += CHUNK)
		if (write(fd, chunk, CHUNK) != CHUNK)
			die("/tmp/limit");
	add(&r->write, (clock_s() - start) * 1e3);
	start = clock_s();
	for (size_t done = 0; done < bytes; done += CHUNK)
		if (pread(fd, fresh + done, CHUNK, done) != CHUNK)
			die("/tmp/limit");
	add(&r->read, (clock_s() - start) * 1e3);
	munmap(fresh, bytes);
	close(fd);
	unlink("/tmp/limit");
}

/* --- statistics --------------------------------------------------------------------------------------------- */

static uint64_t varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t v = 0;

	for (int shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char byte = *(*p)++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return v;
}

/* Field number `field` of the message in stats-dump or stats-restore: two magics, a length, and one message in another. */
static double stat_field(const char *file, unsigned int field)
{
	unsigned char buf[512];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	const unsigned char *p = buf + 12, *end = buf + n;

	if (fd >= 0)
		close(fd);
	if (n < 14)
		return 0;
	varint(&p, end); /* the tag, and the length, of the inner message */
	varint(&p, end);
	while (p < end) {
		uint64_t tag = varint(&p, end), value = varint(&p, end);

		if (tag >> 3 == field)
			return value;
	}
	return 0;
}

/* --- one run ------------------------------------------------------------------------------------------------ */

static void shell(const char *command)
{
	if (system(command))
		die(command);
}

pid_t start_load(const char *load, const char *kind, const char *n)
{
	char *argv[] = { (char *)load, (char *)kind, (char *)n, NULL };
	double start = clock_s();
	pid_t pid;

	shell("rm -rf " WORK " " IMG " && mkdir -p " WORK " " IMG);
	if (chdir(WORK))
		die(WORK);
	reap_forget();
	pid = spawn(argv, OUT);
	while (access(WORK "/ready", F_OK)) {
		if (clock_s() - start > 60)
			die("the load does not get ready");
		usleep(1000);
	}
	usleep(20000); /* the last of them falls asleep */
	return pid;
}

static void kill_one(pid_t pid, void *arg)
{
	kill(pid, SIGKILL);
}

void end_all(void)
{
	int status;

	do
		pids_each(NULL, kill_one, NULL);
	while (!reap_until(0, &status, 0.5));
	reap_forget();
}

double run_tool(char *failed, char *const argv[])
{
	double start = clock_s();
	pid_t pid = spawn(argv, OUT);
	int status;
	FILE *f;

	/* Not reap_until, which looks only every millisecond. */
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (!status)
		return (clock_s() - start) * 1e3;
	f = fopen(OUT, "re");
	if (!f || !fgets(failed, FAILED_SIZE, f))
		snprintf(failed, FAILED_SIZE, "%s: wait status %#x", argv[0], status);
	failed[strcspn(failed, "\n")] = '\0';
	if (f)
		fclose(f);
	return -1;
}

static bool one_run(const struct tool *t, const struct work *w, struct result *r)
{
	char pid[16];
	char *dump[] = { (char *)t->dump,
			 t->criu ? "dump" : "-t",
			 t->criu ? "-t" : pid,
			 t->criu ? pid : "-D",
			 t->criu ? "-D" : IMG,
			 t->criu ? IMG : NULL,
			 NULL };
	char *restore[] = { (char *)t->restore,	  t->criu ? "restore" : "-d", t->criu ? "-d" : "-D",
			    t->criu ? "-D" : IMG, t->criu ? IMG : NULL,	      NULL };
	double ms;

	snprintf(pid, sizeof(pid), "%d", start_load(t->load, w->kind, w->n));
	if (w->copied)
		measure_limits(r, w->copied);
	ms = run_tool(r->failed, dump);
	if (ms >= 0) {
		add(&r->dump, ms);
		add(&r->frozen, stat_field(IMG "/stats-dump", 2) / 1e3);
		r->pages = stat_field(IMG "/stats-dump", 7);
		end_all(); /* reaps them */
		ms = run_tool(r->failed, restore);
	}
	if (ms >= 0) {
		add(&r->restore, ms);
		r->pages_restored = stat_field(IMG "/stats-restore", 5);
	}
	end_all();
	return ms >= 0;
}

/* A dump that leaves the process running: how long could it do nothing, as it sees that itself? */
static double seen_from_inside(const struct tool *t, struct result *r)
{
	int64_t gap = 0;
	char pid[16];
	char *dump[] = { (char *)t->dump, t->criu ? "dump" : "-R", "-t", pid, "-D", IMG, t->criu ? "-R" : NULL, NULL };
	int fd;

	snprintf(pid, sizeof(pid), "%d", start_load(t->load, "ticker", "10000"));
	usleep(50000);
	fd = open(WORK "/gap", O_RDWR | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, &gap, sizeof(gap), 0) != sizeof(gap))
		die(WORK "/gap");
	if (run_tool(r->failed, dump) >= 0) {
		usleep(20000);
		if (pread(fd, &gap, sizeof(gap), 0) != sizeof(gap))
			die(WORK "/gap");
	}
	close(fd);
	end_all();
	return gap / 1e3;
}

/* --- the table ---------------------------------------------------------------------------------------------- */

static void print_pages(const struct table *t, const struct work *w, const struct result *r)
{
	if (!t->json)
		printf("%-8s %-16s %-14s %10.0f pages dumped, %.0f restored\n", "", "", "pages", r->pages,
		       r->pages_restored);
}

static bool measure(struct table *table, const struct tool *t, const struct work *w, int runs)
{
	struct result r = { 0 };

	for (int i = 0; i < runs && !r.failed[0]; i++)
		one_run(t, w, &r);
	if (r.failed[0]) {
		fprintf(table->json ? stderr : stdout, "%-8s %-16s FAILED: %s\n", t->name, w->name, r.failed);
		return false;
	}
	row(table, t->name, w->name, "dump", &r.dump, "write loop", median(&r.write), t->criu ? 0 : w->goal_dump_ms);
	row(table, t->name, w->name, "frozen", &r.frozen, "write loop", median(&r.write),
	    t->criu ? 0 : w->goal_frozen_ms);
	row(table, t->name, w->name, "restore", &r.restore, "read loop", median(&r.read),
	    t->criu ? 0 : w->goal_restore_ms);
	print_pages(table, w, &r);
	fflush(stdout);
	return true;
}

static void measure_inside(struct table *table, const struct tool *t, int runs)
{
	struct result r = { 0 };
	struct series s = { 0 };

	for (int i = 0; i < runs && !r.failed[0]; i++)
		add(&s, seen_from_inside(t, &r));
	if (r.failed[0])
		fprintf(table->json ? stderr : stdout, "%-8s %-16s FAILED: %s\n", t->name, "4 MB, with -R", r.failed);
	else
		row(table, t->name, "4 MB, with -R", "frozen, inside", &s, NULL, 0, 0);
}

static char **names; /* of the command line, NULL at the end */

static bool wanted(const char *name)
{
	for (char **n = names; *n; n++)
		if (strstr(name, *n))
			return true;
	return !*names;
}

static int find_tools(struct tool *tools, const char *build)
{
	static char load[512];
	char line[512] = "";
	FILE *f = popen("command -v criu", "re");

	if (f && fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = '\0';
	if (f)
		pclose(f);
	snprintf(load, sizeof(load), "/mnt/src/%s/test/bench/load", build);
	tools[0] = (struct tool){ .name = "crkit", .load = load };
	snprintf(tools[0].dump, sizeof(tools[0].dump), "/mnt/src/%s/bin/cr-dump", build);
	snprintf(tools[0].restore, sizeof(tools[0].restore), "/mnt/src/%s/bin/cr-restore", build);
	if (!line[0])
		return 1;
	tools[1] = (struct tool){ .name = "criu", .load = load, .criu = true };
	snprintf(tools[1].dump, sizeof(tools[1].dump), "%s", line);
	snprintf(tools[1].restore, sizeof(tools[1].restore), "%s", line);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", 0, NULL, 'j' }, { "runs", 1, NULL, 'r' }, { 0 } };
	const char *build = getenv("B") && *getenv("B") ? getenv("B") : "build";
	struct table table = { 0 };
	struct tool tools[2];
	int c, runs = 5, nr_tools;
	bool ok = true;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return 2;
		if (c == 'j')
			table.json = true;
		else
			runs = atoi(optarg) < 1 ? 1 : atoi(optarg) > MAX_RUNS ? MAX_RUNS : atoi(optarg);
	}
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	env_enter(".", false);
	nr_tools = find_tools(tools, build);
	names = argv + optind;
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
		for (int t = 0; t < nr_tools; t++)
			if (wanted(works[i].name))
				ok &= measure(&table, &tools[t], &works[i], runs);
	for (int t = 0; t < nr_tools; t++)
		if (wanted("with -R"))
			measure_inside(&table, &tools[t], runs);
	measure_crit(&table, build, runs, wanted);
	if (table.json)
		printf("%s\n]\n", table.rows ? "" : "[");
	return ok ? PASSED : FAILED;
}
