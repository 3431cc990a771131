// SPDX-License-Identifier: GPL-2.0-only
/* Dumps that must fail: it is said why, the tree is unharmed, and there is no checkpoint. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define TASKS 20
#define SMALL "/tmp/small"

static void unharmed(struct world *w, const char *what, const char *dir)
{
	no_tool_left(w);
	tree_unharmed(w, what);
	if (is_checkpoint(dir) || count_images(dir)) {
		failed(w, "%s: there are %d images", what, count_images(dir));
		clean_dir(dir);
	}
}

/* --- a full disk -------------------------------------------------------------------------------------------- */

static long bytes_in(const char *dir)
{
	char command[128];
	long kib = 0;
	FILE *f;

	snprintf(command, sizeof(command), "du -sk %s", dir);
	f = popen(command, "re");
	if (!f || fscanf(f, "%ld", &kib) != 1)
		exit(BROKEN);
	pclose(f);
	return kib * 1024;
}

/* A file system of so many bytes, or of so many files. */
static void full_disk(struct world *w, const char *option, long limit)
{
	char options[64], what[128];

	snprintf(options, sizeof(options), "%s=%ld", option, limit);
	snprintf(what, sizeof(what), "a dump into a tmpfs with %s", options);
	if (mkdir(SMALL, 0700) || mount("tmpfs", SMALL, "tmpfs", 0, options)) {
		perror(SMALL);
		exit(BROKEN);
	}
	orderly(w, what, run_dump(w, w->root, SMALL), "No space left on device");
	unharmed(w, what, SMALL);
	umount2(SMALL, MNT_DETACH);
	rmdir(SMALL);
}

static void full_disks(struct world *w)
{
	int n = w->full ? 60 : 12, images;
	long bytes;

	if (!dump_ok(w, true))
		return;
	bytes = bytes_in(IMG);
	images = count_images(IMG);
	for (int i = 0; i < n && w->failures < 5; i++)
		full_disk(w, "size", 4096 + (long)((bytes - 65536) * (i + fraction(w)) / n) / 4096 * 4096);
	for (int i = 0; i < n / 2 && w->failures < 5; i++)
		full_disk(w, "nr_inodes", 2 + (long)((images - 3) * (i + fraction(w)) * 2 / n));
	printf("disk full: %d times without room for more bytes (of %ld), %d times for more files (of %d)\n", n, bytes,
	       n / 2, images);
}

/* --- directories -------------------------------------------------------------------------------------------- */

static void directories(struct world *w)
{
	orderly(w, "images directory missing", run_dump(w, w->root, "/tmp/no-such-dir"), "/tmp/no-such-dir");
	tree_unharmed(w, "images directory missing");
	close(open("/tmp/a-file", O_CREAT | O_WRONLY, 0600));
	orderly(w, "images directory is a file", run_dump(w, w->root, "/tmp/a-file"), "/tmp/a-file");
	tree_unharmed(w, "images directory is a file");
	unlink("/tmp/a-file");
	clean_dir(IMG);
	if (mount(IMG, IMG, NULL, MS_BIND, NULL) || mount(NULL, IMG, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)) {
		perror(IMG);
		exit(BROKEN);
	}
	orderly(w, "images directory read-only", run_dump(w, w->root, IMG), "Read-only file system");
	unharmed(w, "images directory read-only", IMG);
	umount2(IMG, MNT_DETACH);
}

/* --- what cannot be dumped ---------------------------------------------------------------------------------- */

static void wrong_pids(struct world *w)
{
	clean_dir(IMG);
	orderly(w, "no such process", run_dump(w, 30000, IMG), "30000");
	orderly(w, "an ancestor of the tool", run_dump(w, 1, IMG), "cr-dump");
	unharmed(w, "wrong pids", IMG);
}

/* A thread that only calculates and sleeps: other system calls would be interrupted by our own stop, as the victim would rightly say. */
static pid_t calculating_thread(const struct world *w)
{
	for (unsigned int i = w->board->nr_slots; i-- > 0;)
		if (!strcmp(w->board->slots[i].what, "memory"))
			return w->board->slots[i].tid;
	printf("BROKEN: the victim has no such thread\n");
	exit(BROKEN);
}

/* One thread of the tree is traced by us: the tool cannot have it, and must leave all others as they were. */
static void traced(struct world *w)
{
	pid_t tid = calculating_thread(w);
	char name[16];
	int status;

	snprintf(name, sizeof(name), "%d", tid);
	if (ptrace(PTRACE_SEIZE, tid, 0, 0)) {
		perror("ptrace");
		exit(BROKEN);
	}
	orderly(w, "a traced thread in the tree", run_dump(w, w->root, IMG), name);
	/* Only a thread that stands can be detached. */
	ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	waitpid(tid, &status, __WALL);
	ptrace(PTRACE_DETACH, tid, 0, 0);
	unharmed(w, "a traced thread in the tree", IMG);
}

/* What no version can dump: a map of the kernel's BPF machine with a value for each CPU. */
static int open_refused(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* The tree's root becomes the child of a process that has something of the kind, and that is dumped. */
static void refused(struct world *w)
{
	int fd = open_refused(), status;
	char pid_text[16];
	pid_t pid;

	if (fd < 0) {
		printf("skipped: a refused object in the tree (no BPF map can be had: %s)\n", strerror(errno));
		return;
	}
	tree_kill(w);
	fcntl(fd, F_SETFD, 0); /* the victim keeps what it inherits */
	tree_start(w, TASKS);
	snprintf(pid_text, sizeof(pid_text), "pid %d", w->root);
	orderly(w, "a BPF map in every process", run_dump(w, w->root, IMG), "BPF");
	if (!file_mentions(OUT, pid_text))
		failed(w, "the message does not say which process has the BPF map");
	unharmed(w, "a BPF map in every process", IMG);
	close(fd);
	pid = w->root;
	if (waitpid(pid, &status, WNOHANG))
		failed(w, "the victim has ended");
}

int main(int argc, char **argv)
{
	struct world w;

	world_enter(&w, argc, argv);
	tree_start(&w, TASKS);
	full_disks(&w);
	directories(&w);
	wrong_pids(&w);
	traced(&w);
	if (tree_finish(&w))
		printf("the tree's last verification of itself: ok\n");
	refused(&w);
	tree_finish(&w);
	return world_end(&w, "dumps that fail leave the tree unharmed and no checkpoint");
}
