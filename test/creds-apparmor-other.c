// SPDX-License-Identifier: GPL-2.0-only
/* --lsm-profile: what was confined gets another profile of AppArmor. */
#define AFTERWARDS   "crkit-other"
#define RESTORE_OPTS "--lsm-profile apparmor:crkit-other"
#define FLAVOURS     "plain"
#include "test/creds-apparmor.c"
