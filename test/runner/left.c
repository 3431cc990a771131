// SPDX-License-Identifier: GPL-2.0-only
/* What a test's tools may not leave behind: processes, mounts, files, a taint of the kernel. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "test/runner/run.h"

static int count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	int c, n = 0;

	while (file && (c = fgetc(file)) != EOF)
		n += c == '\n';
	if (file)
		fclose(file);
	return n;
}

static unsigned long taint(void)
{
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long mask = 0;

	if (!file || fscanf(file, "%lu", &mask) != 1)
		mask = 0;
	if (file)
		fclose(file);
	return mask;
}

static int dir_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

void left_begin(struct left *l)
{
	l->mounts = count_mounts();
	l->taint = taint();
}

void left_names(struct left *l)
{
	l->nr_names = scandir(".", &l->names, NULL, alphasort);
}

/* Images, logs and states, which the runner asked for. */
static bool ours(const char *name)
{
	static const char *const prefixes[] = { "img", "state.", "dump.err", "restore.err", "restored.pid" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool was_there(const struct left *l, const char *name)
{
	for (int i = 0; i < l->nr_names; i++)
		if (!strcmp(l->names[i]->d_name, name))
			return true;
	return false;
}

bool left_new_names(const struct left *l)
{
	struct dirent *e;
	DIR *d = opendir(".");
	bool any = false;

	while (d && (e = readdir(d))) {
		if (ours(e->d_name) || was_there(l, e->d_name))
			continue;
		printf("the file %s was left behind in the working directory\n", e->d_name);
		any = true;
	}
	if (d)
		closedir(d);
	return any;
}

bool left_behind(const struct left *l)
{
	int status;

	if (!reap_until(0, &status, 5) || pids_count(NULL)) {
		printf("processes were left behind\n");
		run_system("sh", "-c", "grep -H '^State' /proc/[0-9]*/status", NULL);
		return true;
	}
	if (count_mounts() != l->mounts) {
		printf("mounts were left behind\n");
		return true;
	}
	if (dir_entries("/tmp") != 2 || dir_entries("/dev/shm") > 2) {
		printf("files were left behind in /tmp or /dev/shm\n");
		run_system("ls", "-la", "/tmp", "/dev/shm");
		return true;
	}
	if (taint() & ~l->taint) {
		printf("the kernel's taint mask was %#lx and is %#lx; see dmesg\n", l->taint, taint());
		return true;
	}
	return false;
}
