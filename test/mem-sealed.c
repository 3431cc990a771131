// SPDX-License-Identifier: GPL-2.0-only
/* Mappings sealed by mseal(2) have their content and cannot be changed. */
#include "test/crtest.h"

#define MSEAL 462

static char *data, *locked, *file;
static struct task *child;

static void check_child(void *arg)
{
	check_eq(data[0], 'd');
	check_fails(munmap(data, PAGE), EPERM);
}

static void arrange(void)
{
	char *room = map_anon(8 * PAGE, PROT_NONE, 0);
	int fd = tmp_file("file", PAGE, 1, O_RDWR);

	data = room + PAGE;
	locked = room + 4 * PAGE;
	must(mprotect(data, 2 * PAGE, PROT_READ | PROT_WRITE));
	must(mprotect(locked, PAGE, PROT_READ | PROT_WRITE));
	file = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	data[0] = file[0] = 'd';
	locked[0] = 'l';
	must(mprotect(locked, PAGE, PROT_READ));
	must(mlock(locked, PAGE));
	if (syscall(MSEAL, data, PAGE, 0))
		skip("no mseal(2): %s", strerror(errno));
	must(syscall(MSEAL, locked, PAGE, 0));
	must(syscall(MSEAL, file, PAGE, 0));
	child = task_child(NULL, check_child, NULL);
}

static void verify(void)
{
	check(strstr(vm_flags(data), " sl"));
	check(!strstr(vm_flags(data + PAGE), " sl"));
	check(strstr(vm_flags(locked), " lo"));
	check_eq(data[0], 'd');
	check_eq(file[0], 'd');
	check_eq(locked[0], 'l');
	check_fails(munmap(data, PAGE), EPERM);
	check_fails(mprotect(locked, PAGE, PROT_WRITE), EPERM);
	check_fails(mprotect(file, PAGE, PROT_NONE), EPERM);
	must(munmap(data + PAGE, PAGE));
	data[0] = 'D';
	task_join(child);
}

CRTEST(.about = "sealed mappings", .ids = "MEM-3", .arrange = arrange, .verify = verify)
