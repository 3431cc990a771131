// SPDX-License-Identifier: GPL-2.0-only
/* Anonymous shared memory as a file, which /proc/self/map_files makes of it: descriptors and other mappings of it. */
#include <sys/statfs.h>

#include "test/crtest.h"

static int fd;
static struct statfs fs;
static char *shared, *private, *other;

static int open_map(const void *p, size_t len, int flags)
{
	char path[96];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)p, (unsigned long)p + len);
	ret = open(path, flags);
	if (ret < 0)
		skip("cannot open %s: %s", path, strerror(errno));
	return ret;
}

static void arrange(void)
{
	char *gone = map_anon(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), *room;
	int temp;

	memcpy(gone, "5 bytes", 7);
	fd = open_map(gone, PAGE, O_RDWR | O_APPEND | O_CLOEXEC);
	must(munmap(gone, PAGE));
	must(ftruncate(fd, 5));
	must(lseek(fd, 3, SEEK_SET));
	must(fstatfs(fd, &fs));

	room = map_anon(8 * PAGE, PROT_NONE, 0);
	shared = must(
		mmap(room + PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	temp = open_map(shared, 4 * PAGE, O_RDWR);
	private = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, temp, PAGE));
	other = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, temp, 2 * PAGE));
	must(close(temp));
	strcpy(shared + PAGE, "one");
	strcpy(shared + 2 * PAGE, "two");
	strcpy(private, "mine");
}

static void verify(void)
{
	struct statfs now;
	char buf[8] = "";

	check_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	check_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_eq(lseek(fd, 0, SEEK_CUR), 3);
	must(fstatfs(fd, &now));
	check_eq(now.f_type, fs.f_type);
	check_eq(pread(fd, buf, sizeof(buf), 0), 5);
	check_mem(buf, "5 byt", 6);

	check_str(private, "mine");
	check_str(shared + PAGE, "one");
	check_str(private + PAGE, "two");
	check_str(other, "two");
	strcpy(shared + 2 * PAGE, "new");
	check_str(private + PAGE, "new");
	check_str(other, "new");
	strcpy(other + PAGE, "last");
	check_str(shared + 3 * PAGE, "last");
	check_str(private, "mine");
}

CRTEST(.about = "files of anonymous shared memory", .ids = "MEM-23 MEM-24", .root = true, .arrange = arrange,
       .verify = verify)
