// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that are cut off, and images with a bit flipped: an orderly error and nothing left behind, or, where the bit means nothing
 * to the restore, a tree. Each attempt has a pid namespace of its own, where all that is left is found, and dies. CR_RESTORE names another
 * cr-restore, one built with sanitizers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define TASKS	   4
#define KEEP	   "/tmp/keep"
#define MAX_IMAGES 256

struct image {
	char name[64];
	unsigned char *bytes;
	size_t size;
};

struct tally {
	int refused, restored;
};

static struct image images[MAX_IMAGES];
static int nr_images;
static const char *tool;

/* --- one attempt -------------------------------------------------------------------------------------------- */

enum outcome { REFUSED, RESTORED, BAD };

static bool sanitizer_spoke(void)
{
	return file_mentions(OUT, "Sanitizer") || file_mentions(OUT, "runtime error:");
}

/* The tool's own pid must not be one of the tree's. */
static void skip_pids(void)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "20000", 5) != 5)
		_exit(BROKEN);
	close(fd);
}

/* As init of the new namespace. */
static enum outcome attempt(const char *names)
{
	int status = run_restore(tool, IMG), unused;

	if (sanitizer_spoke() || status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		printf("  cr-restore ended with wait status %#x\n", status);
		return BAD;
	}
	if (!WEXITSTATUS(status))
		return RESTORED;
	if (!reap_until(0, &unused, 5) || pids_count(NULL)) {
		printf("  %d processes are left behind\n", pids_count(NULL));
		return BAD;
	}
	if (!file_mentions(OUT, "cr-restore: ") || (names && !file_mentions(OUT, names))) {
		printf("  no message%s%s\n", names ? " with " : "", names ? names : "");
		return BAD;
	}
	return REFUSED;
}

static enum outcome in_namespace(const char *names)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS))
			_exit(BROKEN);
		pid = fork();
		if (pid)
			_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : BAD);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
			_exit(BROKEN);
		skip_pids();
		status = attempt(names);
		fflush(stdout);
		_exit(status);
	}
	reap_forget();
	if (!reap_until(pid, &status, 60) || !WIFEXITED(status) || WEXITSTATUS(status) > BAD) {
		printf("BROKEN: an attempt in a pid namespace ended with status %#x\n", status);
		exit(BROKEN);
	}
	return WEXITSTATUS(status);
}

/* --- images ------------------------------------------------------------------------------------------------- */

static int is_image(const struct dirent *e)
{
	return !fnmatch("*.img", e->d_name, 0);
}

static void put(const struct image *i, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), IMG "/%s", i->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, i->bytes, size) != (ssize_t)size) {
		perror(path);
		exit(BROKEN);
	}
	close(fd);
}

static void load(void)
{
	struct dirent **list;
	int n = scandir(IMG, &list, is_image, alphasort);
	char path[512];

	for (int k = 0; k < n && nr_images < MAX_IMAGES; k++) {
		struct image *i = &images[nr_images++];
		struct stat st;
		FILE *f;

		snprintf(i->name, sizeof(i->name), "%.60s", list[k]->d_name);
		snprintf(path, sizeof(path), IMG "/%s", i->name);
		f = fopen(path, "re");
		if (!f || fstat(fileno(f), &st) || !(i->bytes = malloc(st.st_size + 1)) ||
		    fread(i->bytes, 1, st.st_size, f) != (size_t)st.st_size) {
			perror(path);
			exit(BROKEN);
		}
		i->size = st.st_size;
		fclose(f);
		free(list[k]);
	}
	free(list);
}

/* A tree that ran has changed its files; what they hold at the dump is kept apart. */
static void keep_files(bool back)
{
	if (system(back ? "cp -a " KEEP "/. " WORK "/." : "cp -a " WORK " " KEEP))
		exit(BROKEN);
}

static void judge(struct world *w, struct tally *t, enum outcome o, const char *what)
{
	t->refused += o == REFUSED;
	t->restored += o == RESTORED;
	if (o == RESTORED)
		keep_files(true);
	if (o != BAD)
		return;
	failed(w, "%s", what);
	tell_output();
}

/* --- the test ----------------------------------------------------------------------------------------------- */

static bool is_first_of_its_kind(int k)
{
	size_t n = strcspn(images[k].name, "-.");

	return !k || strncmp(images[k].name, images[k - 1].name, n) || strcspn(images[k - 1].name, "-.") != n;
}

static void cut(struct world *w, struct tally *t, const struct image *i, size_t size)
{
	char what[128];
	enum outcome o;

	if (size >= i->size)
		return;
	snprintf(what, sizeof(what), "%s cut off at %zu of %zu bytes", i->name, size, i->size);
	put(i, size);
	o = in_namespace(i->name);
	judge(w, t, o, what);
	put(i, i->size);
	if (o == RESTORED)
		printf("  restored: %s\n", what);
}

/* Within the magic, within a length, and at random. */
static void cut_all(struct world *w)
{
	struct tally t = { 0 };

	for (int k = 0; k < nr_images && w->failures < 10; k++) {
		const struct image *i = &images[k];

		if (!w->full && !is_first_of_its_kind(k))
			continue;
		cut(w, &t, i, 0);
		cut(w, &t, i, 1 + 2 * fraction(w));
		cut(w, &t, i, i->size - 1);
		if (!w->full)
			continue;
		cut(w, &t, i, 9 + 2 * fraction(w));
		cut(w, &t, i, i->size * fraction(w));
	}
	printf("cut off: %d refused, %d restored\n", t.refused, t.restored);
}

static void flip(struct world *w, struct tally *t, const struct image *i)
{
	size_t at = i->size * fraction(w);
	int bit = 8 * fraction(w);
	char what[128];

	if (!i->size)
		return;
	i->bytes[at] ^= 1 << bit;
	put(i, i->size);
	snprintf(what, sizeof(what), "%s with bit %d of byte %zu of %zu flipped", i->name, bit, at, i->size);
	judge(w, t, in_namespace(NULL), what);
	i->bytes[at] ^= 1 << bit;
	put(i, i->size);
}

static void flip_all(struct world *w)
{
	int n = w->full ? 300 : 60;
	struct tally t = { 0 };

	for (int i = 0; i < n && w->failures < 10; i++)
		flip(w, &t, &images[(int)(nr_images * fraction(w))]);
	printf("%d bits flipped: %d refused, %d restored\n", n, t.refused, t.restored);
}

int main(int argc, char **argv)
{
	const char *other = getenv("CR_RESTORE");
	struct world w;

	world_enter(&w, argc, argv);
	tool = w.restore;
	if (other && !*other)
		other = NULL;
	if (other && asprintf((char **)&tool, "/mnt/src/%s", other) < 0)
		return BROKEN;
	setenv("ASAN_OPTIONS", "detect_leaks=0:exitcode=99", 1);
	setenv("UBSAN_OPTIONS", "print_stacktrace=1:exitcode=99", 1);
	printf("cr-restore: %s\n", other ? other : "as built");
	tree_start(&w, TASKS);
	if (!dump_ok(&w, false) || !tree_gone(PATIENCE))
		return world_end(&w, "no checkpoint to restore from");
	load();
	keep_files(false);
	if (in_namespace(NULL) != RESTORED) {
		failed(&w, "the images as they are cannot be restored");
		tell_output();
		return world_end(&w, "nothing can be tested before this works");
	}
	keep_files(true);
	cut_all(&w);
	flip_all(&w);
	keep_files(true);
	w.board->stop = 0;
	if (restore_ok(&w) && tree_adopt(&w) && tree_finish(&w))
		printf("the good images restore; the tree's last verification of itself: ok\n");
	return world_end(&w, "broken images");
}
