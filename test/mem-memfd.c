// SPDX-License-Identifier: GPL-2.0-only
/* Memfds: name, size with holes, mode, owner, times, flags, offset; several open files of one; empty ones. */
#include <sys/statfs.h>

#include "test/crtest.h"

#define BIG (64ul << 20)

static const char odd[] = "od\\d na\nme (deleted)";
static int five, again, read_only, path_only, sparse, empty;
static struct stat before[3];
static struct statfs fs;

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return must(open(path, flags));
}

static void arrange(void)
{
	five = must(memfd_create("five", MFD_CLOEXEC));
	must(write(five, "5 bytes", 5));
	must(fcntl(five, F_SETFL, O_APPEND));
	must(lseek(five, 3, SEEK_SET));
	must(fchmod(five, 0642));
	must(fchown(five, 12, 34));
	again = reopen(five, O_RDWR | O_NONBLOCK);
	must(lseek(again, 1, SEEK_SET));
	read_only = reopen(five, O_RDONLY);
	path_only = reopen(five, O_PATH);

	sparse = must(memfd_create(odd, 0));
	must(ftruncate(sparse, BIG + 77));
	must(pwrite(sparse, "middle", 6, BIG / 2));
	must(pwrite(sparse, "end", 3, BIG + 74));
	empty = must(memfd_create("", MFD_ALLOW_SEALING));
	must(fstat(five, &before[0]));
	must(fstat(sparse, &before[1]));
	must(fstat(empty, &before[2]));
	must(fstatfs(five, &fs));
}

static void same(int fd, const struct stat *b, const char *name)
{
	char path[64], link[128] = "", want[128];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(want, sizeof(want), "/memfd:%s (deleted)", name);
	must(readlink(path, link, sizeof(link) - 1));
	check_str(link, want);
	must(fstat(fd, &st));
	check_eq(st.st_size, b->st_size);
	check_eq(st.st_mode, b->st_mode);
	check_eq(st.st_uid, b->st_uid);
	check_eq(st.st_gid, b->st_gid);
	check_eq(st.st_blocks, b->st_blocks);
	check_eq(st.st_mtim.tv_sec, b->st_mtim.tv_sec);
	check_eq(st.st_mtim.tv_nsec, b->st_mtim.tv_nsec);
	check_eq(st.st_atim.tv_nsec, b->st_atim.tv_nsec);
}

static void verify(void)
{
	struct statfs now;
	struct stat a, b;
	char buf[16] = "";

	same(five, &before[0], "five");
	same(sparse, &before[1], odd);
	same(empty, &before[2], "");
	check_eq(fcntl(five, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_APPEND);
	check_eq(fcntl(five, F_GETFD), FD_CLOEXEC);
	check_eq(lseek(five, 0, SEEK_CUR), 3);
	check_eq(fcntl(again, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_NONBLOCK);
	check_eq(fcntl(again, F_GETFD), 0);
	check_eq(lseek(again, 0, SEEK_CUR), 1);
	check_eq(fcntl(read_only, F_GETFL) & O_ACCMODE, O_RDONLY);
	check(fcntl(path_only, F_GETFL) & O_PATH);
	must(fstatfs(five, &now));
	check_eq(now.f_type, fs.f_type);
	check_eq(fcntl(five, F_GET_SEALS), F_SEAL_SEAL);
	check_eq(fcntl(empty, F_GET_SEALS), 0);

	check_eq(pread(read_only, buf, sizeof(buf), 0), 5);
	check_mem(buf, "5 byt", 5);
	check_eq(write(five, "X", 1), 1);
	check_eq(lseek(five, 0, SEEK_CUR), 6);
	check_eq(pread(again, buf, sizeof(buf), 0), 6);
	must(fstat(path_only, &a));
	must(fstat(five, &b));
	check_eq(a.st_ino, b.st_ino);
	check_eq(pread(sparse, buf, 8, BIG / 2 - 1), 8);
	check_mem(buf, "\0middle", 8);
	check_eq(pread(sparse, buf, 8, BIG + 74), 3);
	check_mem(buf, "end", 3);
}

CRTEST(.about = "memfds", .ids = "MEM-18", .root = true, .arrange = arrange, .verify = verify)
