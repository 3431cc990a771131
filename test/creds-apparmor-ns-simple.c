// SPDX-License-Identifier: GPL-2.0-only
/* The same with one namespace only, and profiles that were loaded there: what CRIU knows. */
#define LOADS  1
#define COUNT  3
#define FAILED ""
#include "test/creds-apparmor-ns.c"
