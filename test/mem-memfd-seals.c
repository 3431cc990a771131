// SPDX-License-Identifier: GPL-2.0-only
/* Seals of memfds, and the mappings that they let live. */
#include "test/crtest.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int writes, future, all, noexec;
static char *before_seal, *read_map;

static void arrange(void)
{
	writes = must(memfd_create("writes", MFD_ALLOW_SEALING));
	must(write(writes, "sealed", 6));
	must(fcntl(writes, F_ADD_SEALS, F_SEAL_WRITE));
	read_map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writes, 0); /* since Linux 6.7 */

	future = must(memfd_create("future", MFD_ALLOW_SEALING));
	must(ftruncate(future, PAGE));
	before_seal = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, future, 0));
	before_seal[0] = 'f';
	must(fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_GROW));

	all = must(memfd_create("all", MFD_ALLOW_SEALING));
	must(fcntl(all, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
	noexec = memfd_create("noexec", MFD_NOEXEC_SEAL);
}

static void verify(void)
{
	char buf[8] = "";
	char *p;

	check_eq(fcntl(writes, F_GET_SEALS), F_SEAL_WRITE);
	check_fails(write(writes, "x", 1), EPERM);
	check_fails(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, writes, 0), EPERM);
	p = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, writes, 0));
	check_mem(p, "sealed", 7);
	p[0] = 'S';
	check_eq(pread(writes, buf, sizeof(buf), 0), 6);
	check_mem(buf, "sealed", 7);
	if (read_map != MAP_FAILED) {
		check_mem(read_map, "sealed", 7);
		check_fails(mprotect(read_map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	}
	must(fcntl(writes, F_ADD_SEALS, F_SEAL_GROW));

	check_eq(fcntl(future, F_GET_SEALS), F_SEAL_FUTURE_WRITE | F_SEAL_GROW);
	check_eq(before_seal[0], 'f');
	before_seal[0] = 'g';
	check_eq(pread(future, buf, 1, 0), 1);
	check_eq(buf[0], 'g');
	check_fails(pwrite(future, "h", 1, 0), EPERM);

	check_eq(fcntl(all, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	check_fails(fcntl(all, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), EPERM);
	if (noexec >= 0) {
		struct stat st;

		check_eq(fcntl(noexec, F_GET_SEALS), F_SEAL_EXEC);
		must(fstat(noexec, &st));
		check_eq(st.st_mode & 0777, 0666);
		check_fails(fchmod(noexec, 0777), EPERM);
	}
}

CRTEST(.about = "seals of memfds", .ids = "MEM-21", .arrange = arrange, .verify = verify)
