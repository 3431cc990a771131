/* SPDX-License-Identifier: GPL-2.0-only */
/* Restartable sequences: the registration that the C library made for the director must not live on in the newborn. */
#ifndef CRKIT_RSEQ_H
#define CRKIT_RSEQ_H

#include "parasite/prog.h"

/* Adds the unregistration of the calling thread's own area to the program of a fresh copy of this process. */
void rseq_unregister(struct prog *p);

#endif
