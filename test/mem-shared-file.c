// SPDX-License-Identifier: GPL-2.0-only
/* Shared file mappings: read-only ones that may become writable, ones that may not, offsets, data past the end. */
#include "test/crtest.h"

static char *may_write, *read_only, *tail;

static void arrange(void)
{
	int fd = tmp_file("file", 3 * PAGE, 3, O_RDWR);

	may_write = must(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	must(mprotect(may_write + PAGE, PAGE, PROT_READ | PROT_WRITE));
	tail = must(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * PAGE));
	close(fd);
	fd = must(open("file", O_RDONLY));
	read_only = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	close(fd);
}

static void verify(void)
{
	char file[3 * PAGE];

	check_random(may_write, 2 * PAGE, 3);
	may_write[PAGE] ^= 1;
	check_eq(mprotect(may_write, PAGE, PROT_READ | PROT_WRITE), 0);
	may_write[0] ^= 1;
	check_fails(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE), EACCES);
	check_eq(read_only[0], may_write[0]);
	tail[1] ^= 1;
	check_eq(read_file("file", file, sizeof(file)), sizeof(file));
	file[0] ^= 1;
	file[PAGE] ^= 1;
	file[2 * PAGE + 1] ^= 1;
	check_random(file, sizeof(file), 3);
	check_eq(can(tail + PAGE, PROT_READ), false); /* past the end of the file: SIGBUS */
}

CRTEST(.about = "shared mappings of a file and the access it was opened with", .ids = "MEM-12", .arrange = arrange,
       .verify = verify)
