// SPDX-License-Identifier: GPL-2.0-only
/* As cpu-vdso, when the task keeps the vDSO that it was dumped with: as after a move to another kernel. */
#define REDIRECTED
#include "test/cpu-vdso.c"
