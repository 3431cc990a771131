// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is visible of a tree from outside, as text that must be the same before and after: ids, credentials, signal
 * state, limits, links, descriptors, memory map. Inode numbers of pipes and sockets become ordinals in order of
 * appearance, so that sharing shows but new numbers do not.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/runner/run.h"

struct state {
	FILE *out;
	pid_t root;
	pid_t pids[4096];
	int nr_pids;
	char inodes[4096][64]; /* "pipe:[123]": the n-th is shown as pipe:n */
	int nr_inodes;
};

static FILE *proc_open(pid_t pid, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* The whole file with unprintable bytes as octal; nothing when it cannot be read. */
static void put_raw(struct state *s, pid_t pid, const char *name)
{
	FILE *f = proc_open(pid, name);
	int c;

	fprintf(s->out, "  %s: ", name);
	while (f && (c = fgetc(f)) != EOF) {
		if (isprint(c))
			fputc(c, s->out);
		else
			fprintf(s->out, "\\%03o", c);
	}
	fputc('\n', s->out);
	if (f)
		fclose(f);
}

static void put_lines(struct state *s, pid_t pid, const char *name)
{
	FILE *f = proc_open(pid, name);
	char line[1024];

	while (f && fgets(line, sizeof(line), f))
		fprintf(s->out, "  %s: %s", name, line);
	if (f)
		fclose(f);
}

/* A SIGSTOP that is pending for a stopped task means nothing: SIGCONT, which alone can wake it, also drops that signal. */
static void drop_pending_stop(char *line)
{
	unsigned long long set;
	char *hex = line + strcspn(line, "\t") + 1;

	if (strncmp(line, "SigPnd:", 7) && strncmp(line, "ShdPnd:", 7))
		return;
	set = strtoull(hex, NULL, 16) & ~(1ull << (SIGSTOP - 1));
	sprintf(hex, "%016llx\n", set);
}

/* Lines of a status file whose keys are in `keys` ("|Name:|Uid:|"). */
static void put_status(struct state *s, pid_t pid, const char *name, const char *keys)
{
	FILE *f = proc_open(pid, name);
	char line[4096], key[66];

	while (f && fgets(line, sizeof(line), f)) {
		snprintf(key, sizeof(key), "|%.*s|", (int)strcspn(line, ":"), line);
		if (!strstr(keys, key))
			continue;
		drop_pending_stop(line);
		fprintf(s->out, "    %s", line);
	}
	if (f)
		fclose(f);
}

static void put_target(struct state *s, const char *target)
{
	if (strncmp(target, "pipe:[", 6) && strncmp(target, "socket:[", 8)) {
		fputs(target, s->out);
		return;
	}
	for (int i = 0; i <= s->nr_inodes && i < 4096; i++) {
		if (i == s->nr_inodes)
			snprintf(s->inodes[s->nr_inodes++], sizeof(s->inodes[0]), "%.63s", target);
		if (strcmp(s->inodes[i], target))
			continue;
		fprintf(s->out, "%.*s:%d", (int)strcspn(target, ":"), target, i);
		return;
	}
}

static bool put_link(struct state *s, pid_t pid, const char *name)
{
	char path[300], target[4097];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	fprintf(s->out, "  %s -> ", name);
	put_target(s, target);
	fputc('\n', s->out);
	return true;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int only_numbers(const struct dirent *e)
{
	return isdigit((unsigned char)e->d_name[0]);
}

static int list(pid_t pid, const char *name, struct dirent ***entries)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return scandir(path, entries, only_numbers, by_number);
}

static void put_fds(struct state *s, pid_t pid)
{
	struct dirent **fds;
	int n = list(pid, "fd", &fds);
	char name[300];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "fd/%s", fds[i]->d_name);
		put_link(s, pid, name);
		snprintf(name, sizeof(name), "fdinfo/%s", fds[i]->d_name);
		put_status(s, pid, name, "|pos|flags|eventfd-count|");
		free(fds[i]);
	}
	if (n >= 0)
		free(fds);
}

struct area {
	unsigned long start, end;
	char perms[8], mode[8], flags[256], name[512];
};

/* What a restorer cannot be asked to reproduce: accounting done long ago, soft-dirty tracking. */
static void drop_flags(char *flags)
{
	static const char *const dropped[] = { " ac", " sd" };
	char *p;

	flags[strcspn(flags, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++)
		if ((p = strstr(flags, dropped[i])))
			memmove(p, p + 3, strlen(p + 3) + 1);
}

static void put_area(struct state *s, const struct area *a)
{
	if (a->end)
		fprintf(s->out, "  map %lx-%lx %s %s%s %s\n", a->start, a->end, a->perms, a->mode, a->flags, a->name);
}

static void area_mode(pid_t pid, struct area *a)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, a->start, a->end);
	snprintf(a->mode, sizeof(a->mode), "%03o", lstat(path, &st) ? 0 : st.st_mode & 0777);
}

static void next_area(struct state *s, struct area *last, const struct area *a)
{
	bool same = !strcmp(last->perms, a->perms) && !strcmp(last->mode, a->mode) && !strcmp(last->flags, a->flags) &&
		    !strcmp(last->name, a->name);

	if (last->end == a->start && same) {
		last->end = a->end;
		return;
	}
	put_area(s, last);
	*last = *a;
}

/* Adjacent areas that differ in nothing count as one: the kernel splits and merges at will. */
static void put_maps(struct state *s, pid_t pid)
{
	FILE *f = proc_open(pid, "smaps");
	struct area last = { 0 }, a = { 0 };
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			memset(&a, 0, sizeof(a));
			a.start = start;
			a.end = end;
			sscanf(line, "%*s %7s %*s %*s %*s %511[^\n]", a.perms, a.name);
			area_mode(pid, &a);
		} else if (!strncmp(line, "VmFlags:", 8)) {
			snprintf(a.flags, sizeof(a.flags), "%.255s", line + 8);
			drop_flags(a.flags);
			next_area(s, &last, &a);
		}
	}
	put_area(s, &last);
	if (f)
		fclose(f);
}

/* The fields of /proc/PID/stat after the command name, of which the first one here is number 3. */
static int stat_fields(pid_t pid, const char *name, char *line, size_t size, char *fields[64])
{
	FILE *f = proc_open(pid, name);
	size_t len = f ? fread(line, 1, size - 1, f) : 0;
	char *p;
	int n = 0;

	if (f)
		fclose(f);
	line[len] = '\0';
	p = strrchr(line, ')'); /* the command name may hold anything, line ends included */
	for (p = p ? strtok(p + 1, " \n") : NULL; p && n < 64; p = strtok(NULL, " \n"))
		fields[n++] = p;
	return n;
}

static void put_thread(struct state *s, pid_t pid, const char *tid)
{
	static const char keys[] =
		"|Name|Uid|Gid|Groups|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt|CapInh|CapPrm|CapEff|CapBnd"
		"|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters|Cpus_allowed_list|Umask|FDSize_|THP_enabled|";
	char name[64], line[1024], *v[64] = { 0 };

	fprintf(s->out, "  thread %s\n", tid);
	snprintf(name, sizeof(name), "task/%.10s/status", tid);
	put_status(s, pid, name, keys);
	snprintf(name, sizeof(name), "task/%.10s/stat", tid);
	/* 19 nice, 40 rt_priority, 41 policy of proc(5) */
	if (stat_fields(pid, name, line, sizeof(line), v) > 38)
		fprintf(s->out, "    nice %s rt_priority %s policy %s\n", v[16], v[37], v[38]);
}

static void put_threads(struct state *s, pid_t pid)
{
	struct dirent **tids;
	int n = list(pid, "task", &tids);

	for (int i = 0; i < n; i++) {
		put_thread(s, pid, tids[i]->d_name);
		free(tids[i]);
	}
	if (n >= 0)
		free(tids);
}

/* By which the kernel shows the process: the first one, or another when that has ended. */
static pid_t living_thread(pid_t pid, char state)
{
	struct dirent **tids;
	int n = list(pid, "task", &tids);
	pid_t living = pid;

	for (int i = 0; i < n; i++) {
		if (state == 'Z' && living == pid)
			living = atoi(tids[i]->d_name);
		free(tids[i]);
	}
	if (n >= 0)
		free(tids);
	return living;
}

static void put_process(struct state *s, pid_t pid)
{
	static const char *const links[] = { "exe", "cwd", "root" };
	static const char *const raws[] = { "cmdline", "environ", "auxv", "comm" };
	static const char *const lines[] = { "limits",	      "oom_score_adj",	 "personality",
					     "timerslack_ns", "coredump_filter", "loginuid" };
	char line[1024], *v[64] = { 0 };
	bool zombie;
	pid_t shown;

	if (stat_fields(pid, "stat", line, sizeof(line), v) < 18)
		return;
	zombie = v[0][0] == 'Z' && atoi(v[17]) == 1; /* one thread */
	/* The root's parent is not part of the tree. */
	fprintf(s->out, "pid %d state %s parent %s group %s session %s\n", pid, strchr("TZ", v[0][0]) ? v[0] : "-",
		pid == s->root ? "-" : v[1], v[2], v[3]);
	if (zombie)
		return;
	shown = living_thread(pid, v[0][0]);
	fprintf(s->out, "  terminal %s\n", v[4]);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		put_link(s, shown, links[i]);
	for (size_t i = 0; i < sizeof(raws) / sizeof(*raws); i++)
		put_raw(s, shown, raws[i]);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		put_lines(s, shown, lines[i]);
	put_threads(s, pid);
	put_fds(s, shown);
	put_maps(s, shown);
}

static void add_pid(pid_t pid, void *arg)
{
	struct state *s = arg;

	if (s->nr_pids < 4096)
		s->pids[s->nr_pids++] = pid;
}

static int by_value(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

int state_write(const char *path, pid_t root, const pid_t *except, bool busy)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	s->out = fopen(path, "we");
	if (!s->out) {
		free(s);
		return -1;
	}
	s->root = root;
	if (!busy)
		pids_each(except, add_pid, s);
	qsort(s->pids, s->nr_pids, sizeof(*s->pids), by_value);
	for (int i = 0; i < s->nr_pids; i++)
		put_process(s, s->pids[i]);
	fclose(s->out);
	free(s);
	return 0;
}
