/* SPDX-License-Identifier: GPL-2.0-only */
/* For unit tests of trees whose files lead outside: they are the caller, call the tools, and get the restored root as their child. */
#ifndef CRTEST_OUTSIDE_H
#define CRTEST_OUTSIDE_H

#include <stdarg.h>

#include "test/crtest.h"

/* The framework's subject is not used: such a test has a main of its own. */
static inline void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	exit(1);
}

static inline void append(char *options, size_t size, const char *fmt, ...)
{
	size_t len = strlen(options);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(options + len, size - len, fmt, ap);
	va_end(ap);
}

/* exec: the tool is our child, not the shell's, and --restore-sibling makes the restored process ours. */
static inline int tool(const char *name, const char *options)
{
	static char text[8192];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "exec %s/%s -D img -v4 -o %s.log %s 2>refused", getenv("CR_BIN"), name, name,
		 options);
	pid = must(fork());
	if (!pid) {
		execl("/bin/sh", "sh", "-c", text, NULL);
		_exit(127);
	}
	must(waitpid(pid, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 2)
		fail("a tool did not end in an orderly way");
	return WEXITSTATUS(status);
}

static inline int dump(pid_t pid, const char *options)
{
	char text[8000];

	snprintf(text, sizeof(text), "-t %d%s", pid, options);
	return tool("cr-dump", text);
}

static inline int restore(const char *options)
{
	char text[8000];

	snprintf(text, sizeof(text), "-d -S%s", options);
	return tool("cr-restore", text);
}

/* How many lines of what the last tool wrote on stderr, or of another file, have it? */
static inline int lines_of(const char *file, const char *part)
{
	FILE *f = fopen(file, "re");
	char line[1024];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, part);
	if (f)
		fclose(f);
	return n;
}

static inline void ends_by(pid_t pid, int sig, int code)
{
	int status;

	must(waitpid(pid, &status, 0));
	if (sig ? !WIFSIGNALED(status) || WTERMSIG(status) != sig : !WIFEXITED(status) || WEXITSTATUS(status) != code) {
		printf("wait status %#x\n", status);
		fail("the process did not end as it should have");
	}
}

#endif
