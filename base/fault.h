/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults for tests: CRIU_FAULT=NUMBER in the environment makes a command fail at a point where failing is hard, or take a way that it would
 * take on another machine. The numbers are in fault.def.
 */
#ifndef CRKIT_FAULT_H
#define CRKIT_FAULT_H

#include "base/err.h"

enum fault {
	FAULT_NONE,
#define FAULT(number, id, text) FAULT_##id = number,
#include "base/fault.def"
#undef FAULT
};

/* What CRIU_FAULT says. -1: no such fault. */
int fault_from_environment(enum fault *ret, struct err *e);

/* Here a call may fail: -1 with an error if `here` is what was chosen. */
int fault_strikes(enum fault chosen, enum fault here, struct err *e);

#endif
