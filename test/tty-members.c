// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who of a session has its terminal: its leader and whoever was born since; not who is older than that, nor who gave it up.
 * A terminal with another number in another instance of devpts is another one.
 */
#include <sys/mount.h>

#include "test/crtest-tty.h"

static int master, other;
static struct task *older, *younger, *without;

static void has(void *arg)
{
	int fd = open("/dev/tty", O_RDWR);

	check(fd >= 0);
	check_eq(tcgetsid(fd), getppid());
}

static void has_not(void *arg)
{
	check_fails(open("/dev/tty", O_RDWR), ENXIO);
}

static void give_up(void *arg)
{
	int fd = must(open("/dev/tty", O_RDWR));

	must(ioctl(fd, TIOCNOTTY));
	close(fd);
}

static void arrange(void)
{
	int slave;

	if (getsid(0) != getpid())
		must(setsid());
	older = task_child(NULL, has_not, NULL);
	master = tty_master();
	slave = tty_slave(master, 0);
	must(ioctl(slave, TIOCSCTTY, 0));
	close(slave);
	younger = task_child(NULL, has, NULL);
	without = task_child(give_up, has_not, NULL);
	mkdir("pts", 0700);
	must(mount("devpts", "pts", "devpts", 0, "newinstance,ptmxmode=666"));
	other = must(open("pts/ptmx", O_RDWR | O_NOCTTY));
	check_eq(write(other, "other\n", 6), 6);
	check_eq(write(master, "first\n", 6), 6);
}

static void verify(void)
{
	int fd, number;

	task_join(older);
	task_join(younger);
	task_join(without);
	must(ioctl(other, TIOCGPTN, &number));
	check_eq(number, 0);
	must(unlockpt(other));
	check_reads(other, "other\r\n");
	check_reads(master, "first\r\n");
	fd = must(ioctl(other, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	check_reads(fd, "other\n");
	close(fd);
	close(other);
	must(umount2("pts", MNT_DETACH));
	rmdir("pts");
}

CRTEST(.about = "members of a session and its terminal", .ids = "TTY-4", .arrange = arrange, .verify = verify,
       .root = true)
