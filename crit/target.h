/* SPDX-License-Identifier: GPL-2.0-only */
/* What the arguments PID and ADDR of a verb stand for, and how mappings are called. */
#ifndef CRKIT_CRIT_TARGET_H
#define CRKIT_CRIT_TARGET_H

#include "crit/checkpoint.h"
#include "crit/memory.h"

#define MAPPING_NAME_MAX 4200 /* a path, and a few words */

/* The task that an argument names, or NULL with *e. */
const PstreeEntry *target_task(const struct checkpoint *c, const char *pid, struct err *e);

/* As target_task, with its memory. A task without memory is an error. */
int target_memory(const struct checkpoint *c, const char *pid, const PstreeEntry **task_ret, struct memory **ret,
		  struct err *e);

/*
 * The address that an argument stands for: a number ("0x7f00", "7f00a0", "4096": digits alone are decimal), or the name of a
 * mapping, which is where the first one of that name begins, and perhaps "+" and a number of bytes. A file has its path or the last part of it
 * for name.
 */
int target_address(const struct checkpoint *c, const struct memory *m, const char *text, uint64_t *ret, struct err *e);

/* A number of bytes: decimal or 0x..., perhaps followed by k, M or G. */
int target_size(const char *text, uint64_t *ret, struct err *e);

/*
 * What a mapping is called: the path of its file, "[heap]", "[stack]", "[vdso]" ... , "" for private memory. checkpoint_files must
 * have been called. Returns buf.
 */
const char *target_mapping(const struct checkpoint *c, const struct memory *m, const VmaEntry *v, char *buf,
			   size_t size);

/* The file that a mapping is of; NULL when it is of none, or of one that is in no image of files. */
const RegFileEntry *target_file(const struct checkpoint *c, const VmaEntry *v);

#endif
