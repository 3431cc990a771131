// SPDX-License-Identifier: GPL-2.0-only
/* The log: see log.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/log.h"

static struct {
	const char *prog;
	int fd; /* -1: stderr */
	int level;
	struct timespec start;
} sink = { .prog = "crkit", .fd = -1, .level = LOG_WARN };

int log_open(const char *prog, int dirfd, const char *path, int level, struct err *e)
{
	sink.prog = prog;
	sink.level = level;
	clock_gettime(CLOCK_MONOTONIC, &sink.start);
	if (!path)
		return 0;
	sink.fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (sink.fd < 0)
		return err_set(e, errno, "cannot create the log file %s", path);
	return 0;
}

void log_close(void)
{
	if (sink.fd >= 0)
		close(sink.fd);
	sink.fd = -1;
}

bool log_wants(enum log_level level)
{
	return (int)level <= sink.level;
}

static void put(int fd, const char *line, size_t len)
{
	ssize_t n = write(fd, line, len);

	(void)n; /* a log that cannot be written must not fail the work */
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "", "Error ", "Warn  ", "", "" };
	char line[2048];
	struct timespec now;
	va_list ap;
	int n, saved = errno;
	long us;

	if (!log_wants(level))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (now.tv_sec - sink.start.tv_sec) * 1000000L + (now.tv_nsec - sink.start.tv_nsec) / 1000;
	n = snprintf(line, sizeof(line), "(%02ld.%06ld) %s", us / 1000000, us % 1000000, names[level]);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	put(sink.fd >= 0 ? sink.fd : STDERR_FILENO, line, n);
	errno = saved;
}

void log_err(const struct err *e)
{
	char text[sizeof(*e)], line[sizeof(*e) + 64];
	int n;

	err_text(e, text, sizeof(text));
	n = snprintf(line, sizeof(line), "%s: %s\n", sink.prog, text);
	put(STDERR_FILENO, line, n);
	if (e->hint[0]) {
		n = snprintf(line, sizeof(line), "%s: hint: %s\n", sink.prog, e->hint);
		put(STDERR_FILENO, line, n);
	}
	if (sink.fd < 0)
		return;
	log_line(LOG_ERROR, "%s", text);
	if (e->hint[0])
		log_line(LOG_ERROR, "hint: %s", e->hint);
}
