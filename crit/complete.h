/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may come next on a command line, for the completion of shells (completions/): they ask crit itself, so that they know each
 * verb, option, view, image and task without lists of their own that could go stale.
 */
#ifndef CRKIT_CRIT_COMPLETE_H
#define CRKIT_CRIT_COMPLETE_H

#include "crit/crit.h"

/*
 * words: the command line behind "crit", the last one the word to complete, which may be empty. Prints a candidate a line, with a
 * tab and a description where there is one; a line ":files" says that names of files fit. Returns CRIT_OK always.
 */
int complete(const struct crit_verb *const *verbs, size_t nr_verbs, int nr, char **words);

#endif
