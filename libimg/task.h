/* SPDX-License-Identifier: LGPL-2.1-only */
/* Values of task_core_entry.task_state. (The names that JSON shows for 3 and 6 are those of CRIU's tool, and wrong.) */
#ifndef CRKIT_LIBIMG_TASK_H
#define CRKIT_LIBIMG_TASK_H

enum task_state { TASK_ALIVE = 1, TASK_DEAD = 2, TASK_STOPPED = 3 };

#endif
