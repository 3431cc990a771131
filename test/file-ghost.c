// SPDX-License-Identifier: GPL-2.0-only
/* Deleted files that are open, in two tasks, by two hard links, with odd attributes, changed after their end. */
#include <sys/xattr.h>

#include "test/crtest.h"

#define SIZE 1000000

static int mine, childs, odd, links[2], changed, written, copy;
static uint32_t *turn;
static struct task *child;
static const struct timespec times[2] = { { 98765, 4321 }, { 123456, 789123456 } };

/* A separate open file of the same inode. */
static void open_again(void *arg)
{
	childs = must(open("shared", O_WRONLY));
	cell_set(turn, 1);
}

static void write_again(void *arg)
{
	check_eq(write(childs, "from the child", 14), 14);
}

static void check_gone(const char *name)
{
	check_fails(access(name, F_OK), ENOENT);
}

static void check_size(int fd, off_t size)
{
	struct stat st;

	check_eq(fstat(fd, &st), 0);
	check_eq(st.st_size, size);
	check_eq(lseek(fd, 0, SEEK_END), size);
}

static void arrange_odd(void)
{
	odd = tmp_file("odd", SIZE, 7, O_RDWR);
	must(fsetxattr(odd, "user.note", "kept", 4, 0));
	must(fsetxattr(odd, "trusted.empty", "", 0, 0));
	must(fchown(odd, 11, 12));
	must(fchmod(odd, 06604));
	must(futimens(odd, times));
	must(unlink("odd"));
}

static void verify_odd(void)
{
	static char data[SIZE];
	struct stat st;
	char value[8];

	check_eq(fstat(odd, &st), 0);
	check_eq(st.st_mode, S_IFREG | 06604);
	check_eq(st.st_uid, 11);
	check_eq(st.st_gid, 12);
	check_eq(st.st_nlink, 0);
	check_eq(st.st_mtim.tv_sec, times[1].tv_sec);
	check_eq(st.st_mtim.tv_nsec, times[1].tv_nsec);
	check_eq(st.st_atim.tv_sec, times[0].tv_sec);
	check_eq(st.st_atim.tv_nsec, times[0].tv_nsec);
	check_eq(fgetxattr(odd, "user.note", value, sizeof(value)), 4);
	check_mem(value, "kept", 4);
	check_eq(fgetxattr(odd, "trusted.empty", value, sizeof(value)), 0);
	check_eq(pread(odd, data, SIZE, 0), SIZE);
	check_random(data, SIZE, 7);
	check_gone("odd");
}

static void arrange(void)
{
	turn = shared_alloc(sizeof(*turn));
	mine = tmp_file("shared", 0, 1, O_RDONLY);
	child = task_child(open_again, write_again, NULL);
	cell_wait(turn, 1);
	must(unlink("shared"));
	arrange_odd();
	links[0] = tmp_file("one", 0, 1, O_RDWR);
	must(link("one", "two"));
	links[1] = must(open("two", O_RDWR));
	must(unlink("one"));
	must(unlink("two"));
	must(ftruncate(links[1], 1000));
	changed = tmp_file("changed", 0, 1, O_RDWR);
	must(unlink("changed"));
	must(write(changed, times, sizeof(times)));
	must(fchmod(changed, 0640));
	must(lseek(changed, 0, SEEK_SET));
	written = tmp_file("written", 500, 3, O_WRONLY);
	must(unlink("written"));
	copy = must(dup(written));
}

static void verify(void)
{
	char data[PAGE], name[32];
	struct stat a, b;

	task_join(child);
	check_eq(pread(mine, data, sizeof(data), 0), 14);
	check_mem(data, "from the child", 14);
	check_gone("shared");
	verify_odd();
	check_eq(fstat(links[0], &a), 0);
	check_eq(fstat(links[1], &b), 0);
	check_eq(a.st_dev, b.st_dev);
	check_eq(a.st_ino, b.st_ino);
	check_size(links[0], 1000);
	check_eq(read(changed, data, sizeof(data)), sizeof(times));
	check_mem(data, times, sizeof(times));
	check_eq(fstat(changed, &a), 0);
	check_eq(a.st_mode, S_IFREG | 0640);
	check_eq(fcntl(written, F_GETFL) & O_ACCMODE, O_WRONLY);
	check_size(copy, 500);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", written);
	check_eq(read_file(name, data, sizeof(data)), 500);
	check_random(data, 496, 3);
}

CRTEST(.about = "deleted files", .ids = "FS-2 FS-5 FS-14 FS-15 FS-16", .root = true, .arrange = arrange,
       .verify = verify)
