// SPDX-License-Identifier: GPL-2.0-only
/* Each flag of a terminal turned over, alone, on one of its own, and each special character: the settings are the same afterwards. */
#include <asm/termbits.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

#define BITS 32
#define MAX  (4 * BITS + NCCS)

static int masters[MAX], slaves[MAX];
static struct termios2 set_to[MAX];
static size_t nr;

static tcflag_t *flags_of(struct termios2 *t, int sort)
{
	return sort == 0 ? &t->c_iflag : sort == 1 ? &t->c_oflag : sort == 2 ? &t->c_cflag : &t->c_lflag;
}

/* The next terminal, with what is different; none when the kernel did not take that. */
static void set(int sort, unsigned int which)
{
	struct termios2 usual, t;

	masters[nr] = must(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	must(ioctl(masters[nr], TIOCSPTLCK, &(int){ 0 }));
	slaves[nr] = must(ioctl(masters[nr], TIOCGPTPEER, O_RDWR | O_NOCTTY));
	must(ioctl(slaves[nr], TCGETS2, &usual));
	t = usual;
	if (sort < 4)
		*flags_of(&t, sort) ^= 1u << which;
	else
		t.c_cc[which] ^= 0x15;
	must(ioctl(slaves[nr], TCSETS2, &t));
	must(ioctl(slaves[nr], TCGETS2, &set_to[nr]));
	if (memcmp(&set_to[nr], &usual, sizeof(usual))) {
		nr++;
	} else {
		close(slaves[nr]);
		close(masters[nr]);
	}
}

static void arrange(void)
{
	for (int sort = 0; sort < 4; sort++)
		for (unsigned int bit = 0; bit < BITS; bit++)
			set(sort, bit);
	for (unsigned int i = 0; i < NCCS; i++)
		set(4, i);
	check(nr > 50);
}

static void verify(void)
{
	for (size_t i = 0; i < nr; i++) {
		struct termios2 now;

		must(ioctl(slaves[i], TCGETS2, &now));
		for (int sort = 0; sort < 4; sort++)
			check_eq(*flags_of(&now, sort), *flags_of(&set_to[i], sort));
		check_mem(now.c_cc, set_to[i].c_cc, NCCS);
		check_mem(&now, &set_to[i], sizeof(now));
	}
}

CRTEST(.about = "every setting of terminals", .ids = "TTY-1", .arrange = arrange, .verify = verify)
