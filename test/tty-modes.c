// SPDX-License-Identifier: GPL-2.0-only
/* Settings of terminals: all flags and characters, odd speeds, size, exclusive use, locks, packet mode with what is to be told. */
#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

#define NR 3

static int master[NR], slave[NR];
static struct termios2 set_to[NR];
static const struct winsize size = { 43, 132, 800, 600 };

static void arrange(void)
{
	struct termios2 locked = { .c_lflag = ECHO };

	for (int i = 0; i < NR; i++) {
		master[i] = must(open("/dev/ptmx", O_RDWR | O_NOCTTY));
		must(ioctl(master[i], TIOCSPTLCK, &(int){ 0 }));
		slave[i] = must(ioctl(master[i], TIOCGPTPEER, O_RDWR | O_NOCTTY));
		must(ioctl(slave[i], TCGETS2, &set_to[i]));
		set_to[i].c_iflag = IXON | IUTF8 | (i ? 0 : ICRNL);
		set_to[i].c_lflag = i ? ECHO : ICANON | ISIG | TOSTOP | IEXTEN;
		set_to[i].c_oflag = i ? 0 : OPOST | ONLCR | TAB3;
		set_to[i].c_cc[VINTR] = 7;
		set_to[i].c_cc[VMIN] = 9;
		set_to[i].c_cc[VTIME] = 3;
		set_to[i].c_cflag = (set_to[i].c_cflag & ~CBAUD) | BOTHER;
		set_to[i].c_ispeed = set_to[i].c_ospeed = 123456;
		must(ioctl(slave[i], TCSETS2, &set_to[i]));
		must(ioctl(slave[i], TCGETS2, &set_to[i]));
	}
	must(ioctl(master[0], TIOCSWINSZ, &size));
	must(ioctl(slave[0], TIOCEXCL));
	must(ioctl(master[1], TIOCEXCL));
	must(ioctl(master[0], TIOCSPTLCK, &(int){ 1 }));
	must(ioctl(slave[1], TIOCSLCKTRMIOS, &locked));
	must(ioctl(master[0], TIOCPKT, &(int){ 1 }));
	must(ioctl(master[1], TIOCPKT, &(int){ 1 }));
	must(ioctl(slave[1], TCFLSH, TCIFLUSH));
	check_eq(write(slave[1], "data", 4), 4);
	check_eq(write(slave[0], "more", 4), 4);
}

static void verify_settings(int i)
{
	struct termios2 now;

	must(ioctl(slave[i], TCGETS2, &now));
	check_eq(now.c_iflag, set_to[i].c_iflag);
	check_eq(now.c_oflag, set_to[i].c_oflag);
	check_eq(now.c_cflag, set_to[i].c_cflag);
	check_eq(now.c_lflag, set_to[i].c_lflag);
	check_eq(now.c_ispeed, set_to[i].c_ispeed);
	check_eq(now.c_ospeed, 123456);
	check_mem(now.c_cc, set_to[i].c_cc, NCCS);
}

static int get(int fd, unsigned int request)
{
	int v = -1;

	must(ioctl(fd, request, &v));
	return v;
}

static void verify(void)
{
	struct termios2 locked;
	struct winsize now;
	char buf[16];

	for (int i = 0; i < NR; i++) {
		verify_settings(i);
		check_eq(get(slave[i], TIOCGEXCL), i == 0);
		check_eq(get(master[i], TIOCGEXCL), i == 1);
		check_eq(get(master[i], TIOCGPTLCK), i == 0);
		check_eq(get(master[i], TIOCGPKT), i < 2);
		must(ioctl(slave[i], TIOCGLCKTRMIOS, &locked));
		check_eq(locked.c_lflag, i == 1 ? ECHO : 0);
	}
	must(ioctl(slave[0], TIOCGWINSZ, &now));
	check_mem(&now, &size, sizeof(size));
	check_eq(read(master[1], buf, sizeof(buf)), 1);
	check_eq(buf[0], TIOCPKT_FLUSHREAD);
	check_eq(read(master[1], buf, sizeof(buf)), 5);
	check_mem(buf, "\0data", 5);
	check_eq(read(master[0], buf, sizeof(buf)), 5);
	check_mem(buf, "\0more", 5);
}

CRTEST(.about = "settings and modes of terminals", .ids = "TTY-1", .arrange = arrange, .verify = verify, .root = true)
