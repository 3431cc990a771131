/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log: one stream a process, written by one fprintf a line so that lines never interleave. It is the one piece
 * of state that is not passed around: every function may have something to tell, and there is one reader.
 *
 * Levels follow the -v option: 0 only what the user must see, 1 errors, 2 warnings, 3 the story, 4 every detail.
 * Each line begins with the seconds since log_open().
 */
#ifndef CRKIT_LOG_H
#define CRKIT_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_MSG, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* `prog` prefixes messages on stderr. `path` NULL logs to stderr. dirfd anchors a relative path. */
int log_open(const char *prog, int dirfd, const char *path, int level, struct err *e);
void log_close(void);
bool log_wants(enum log_level level);

/* One line; no newline in fmt. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) (log_wants(LOG_DEBUG) ? log_line(LOG_DEBUG, __VA_ARGS__) : (void)0)

/* Prints an error and its hint on stderr and into the log. For main only. */
void log_err(const struct err *e);

#endif
