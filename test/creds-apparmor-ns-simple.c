// SPDX-License-Identifier: GPL-2.0-only
/* The same with one namespace only, profiles that were loaded there, and no hats: what CRIU knows. */
#define LOADS  1
#define COUNT  2
#define FAILED ""
#include "test/creds-apparmor-ns.c"
