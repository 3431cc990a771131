// SPDX-License-Identifier: GPL-2.0-only
/* The world of the failure tests, and the tools in it: see fail.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/fail/fail.h"

static const char *env_or(const char *name, const char *other)
{
	const char *value = getenv(name);

	return value && *value ? value : other;
}

void world_enter(struct world *w, int argc, char **argv)
{
	static const struct option options[] = { { "full", 0, NULL, 'f' }, { "seed", 1, NULL, 's' }, { 0 } };
	const char *build = env_or("B", "build"), *top = env_or("CR_TOP", "."), *bin = getenv("CR_BIN");
	int c;

	*w = (struct world){ .full = getenv("FULL") != NULL, .seed = time(NULL) };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			exit(2);
		if (c == 'f')
			w->full = true;
		else
			w->seed = strtoul(optarg, NULL, 0);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Whatever our caller had open is none of the victim's business. */
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	env_enter(top, false);
	/* The source tree is seen at /mnt/src now, and so are tools that are within it. */
	snprintf(w->dump, sizeof(w->dump), "%s%s/cr-dump", bin ? bin : "/mnt/src/", bin ? "" : build);
	if (!bin)
		snprintf(w->dump, sizeof(w->dump), "/mnt/src/%s/bin/cr-dump", build);
	snprintf(w->restore, sizeof(w->restore), "%s", w->dump);
	strcpy(strstr(w->restore, "cr-dump"), "cr-restore");
	snprintf(w->victim, sizeof(w->victim), "/mnt/src/%s/test/fail/victim", getenv("CR_BUILD") ? "build" : build);
	snprintf(w->shim, sizeof(w->shim), "%.*s/shim-kill.so", (int)(strrchr(w->victim, '/') - w->victim), w->victim);
	printf("seed %u%s\n", w->seed, w->full ? "" : ", a sample; --full does all");
	if (mkdir(WORK, 0755) || chdir(WORK)) {
		perror(WORK);
		exit(BROKEN);
	}
}

int world_end(struct world *w, const char *name)
{
	tree_kill(w);
	printf("%s: %s\n", w->failures ? "FAIL" : "ok", name);
	return w->failures ? FAILED : PASSED;
}

double fraction(struct world *w)
{
	return rand_r(&w->seed) / (RAND_MAX + 1.0);
}

void failed(struct world *w, const char *fmt, ...)
{
	va_list ap;

	w->failures++;
	if (w->quiet)
		return;
	printf("FAIL: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void sleep_s(double s)
{
	struct timespec ts = { (time_t)s, (s - (time_t)s) * 1e9 };

	nanosleep(&ts, NULL);
}

/* --- files -------------------------------------------------------------------------------------------------- */

void clean_dir(const char *path)
{
	DIR *d;
	struct dirent *e;

	mkdir(path, 0700);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

bool file_mentions(const char *path, const char *text)
{
	FILE *f = fopen(path, "re");
	char line[2048];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	if (f)
		fclose(f);
	return found;
}

bool is_checkpoint(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/inventory.img", dir);
	return !access(path, F_OK);
}

int count_images(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += !fnmatch("*.img", e->d_name, 0);
	if (d)
		closedir(d);
	return n;
}

/* --- tools -------------------------------------------------------------------------------------------------- */

pid_t start_dump(struct world *w, bool leave_running)
{
	char pid[16];
	char *argv[] = { w->dump, "-t", pid, "-D", IMG, "-v4", "-o", "dump.log", leave_running ? "-R" : NULL, NULL };

	snprintf(pid, sizeof(pid), "%d", w->root);
	return spawn(argv, OUT);
}

pid_t start_restore(struct world *w)
{
	char *argv[] = { w->restore, "-D", IMG, "-d", "-v4", "-o", "restore.log", NULL };

	return spawn(argv, OUT);
}

int tool_end(pid_t pid)
{
	int status;

	if (reap_until(pid, &status, PATIENCE))
		return status;
	kill(pid, SIGKILL);
	reap_until(pid, &status, PATIENCE);
	return -1;
}

int run_dump(struct world *w, pid_t pid, const char *dir)
{
	char number[16];
	char *argv[] = { w->dump, "-t", number, "-D", (char *)dir, "-R", NULL };

	snprintf(number, sizeof(number), "%d", pid);
	return tool_end(spawn(argv, OUT));
}

int run_restore(const char *tool, const char *dir)
{
	char *argv[] = { (char *)tool, "-D", (char *)dir, "-d", NULL };

	return tool_end(spawn(argv, OUT));
}

bool orderly(struct world *w, const char *what, int status, const char *names)
{
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 1 && file_mentions(OUT, names ? names : ":"))
		return true;
	failed(w, "%s: wait status %#x, exit status 1 and a message with \"%s\" were expected", what, status,
	       names ? names : ":");
	tell_output();
	return false;
}

void tell_output(void)
{
	FILE *f = fopen(OUT, "re");
	char line[2048];

	while (f && fgets(line, sizeof(line), f))
		printf("  | %s", line);
	if (f)
		fclose(f);
}

struct comm_search {
	const char *prefix;
	pid_t pid;
	int n;
};

static void look_at_comm(pid_t pid, void *arg)
{
	struct comm_search *s = arg;
	char path[64], comm[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(comm, sizeof(comm), f) && !strncmp(comm, s->prefix, strlen(s->prefix))) {
		s->n++;
		s->pid = pid;
	}
	if (f)
		fclose(f);
}

int count_comm(const char *prefix, pid_t *pid_ret)
{
	struct comm_search s = { .prefix = prefix };

	pids_each(NULL, look_at_comm, &s);
	if (pid_ret)
		*pid_ret = s.pid;
	return s.n;
}

static void reap_quick(void)
{
	int status;

	reap_until(0, &status, 0);
	reap_forget();
}

bool no_tool_left(struct world *w)
{
	double start = clock_s(), took;

	for (;;) {
		reap_quick();
		took = clock_s() - start;
		if (!count_comm("cr-", NULL))
			break;
		if (took > PATIENCE) {
			failed(w, "a process of the tool is still there after %.0f s", took);
			return false;
		}
		sleep_s(0.001);
	}
	if (took > w->slowest_recovery)
		w->slowest_recovery = took;
	return true;
}

bool dump_ok(struct world *w, bool leave_running)
{
	int status;

	clean_dir(IMG);
	status = tool_end(start_dump(w, leave_running));
	if (!status && is_checkpoint(IMG))
		return true;
	failed(w, "an undisturbed dump ends with status %#x", status);
	tell_output();
	return false;
}

bool restore_ok(struct world *w)
{
	int status = tool_end(start_restore(w));

	if (!status)
		return true;
	failed(w, "an undisturbed restore ends with status %#x", status);
	tell_output();
	return false;
}

/* The median of three undisturbed runs; the images are those of the last dump. */
double usual_time(struct world *w, bool restore)
{
	double t[3], tmp;

	for (int i = 0; i < 3; i++) {
		double start = clock_s();

		if (restore ? !restore_ok(w) : !dump_ok(w, true))
			exit(world_end(w, "nothing can be tested before this works"));
		t[i] = clock_s() - start;
		if (restore)
			tree_kill(w);
	}
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++)
			if (t[j] > t[j + 1])
				tmp = t[j], t[j] = t[j + 1], t[j + 1] = tmp;
	return t[1];
}
