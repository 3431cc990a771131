// SPDX-License-Identifier: GPL-2.0-only
/* Colours on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/colour.h"
#include "crit/pager.h"

bool for_people(void)
{
	return isatty(STDOUT_FILENO) || getenv(PAGER_IN_USE);
}

bool colours_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return for_people() && !(no && *no) && term && strcmp(term, "dumb");
}

static const char *const sequences[] = {
	[COLOUR_NONE] = "\033[0m",   [COLOUR_HEAD] = "\033[1m",	   [COLOUR_KEY] = "\033[34m",
	[COLOUR_TEXT] = "\033[32m",  [COLOUR_NUMBER] = "\033[36m", [COLOUR_GOOD] = "\033[32m",
	[COLOUR_BAD] = "\033[1;31m", [COLOUR_HIT] = "\033[1;33m",
};

const char *colour(enum colour c)
{
	return colours_wanted() ? sequences[c] : "";
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

/* Where a walk along JSON text stands; it may be cut anywhere. */
struct walk {
	bool string, escape, number;
	bool key; /* the next string is one: no colon has been since the last one, brace or comma */
};

static void end_number(struct walk *w, FILE *out)
{
	if (w->number)
		fputs(sequences[COLOUR_NONE], out);
	w->number = false;
}

static void put_outside(struct walk *w, char c, FILE *out)
{
	bool plain = strchr("{}[], :\n", c);

	if (plain) {
		end_number(w, out);
		if (c == '{' || c == ',')
			w->key = true;
		else if (c == ':' || c == '[')
			w->key = false;
	} else if (c == '"') {
		w->string = true;
		fputs(sequences[w->key ? COLOUR_KEY : COLOUR_TEXT], out);
	} else if (!w->number) {
		w->number = true;
		fputs(sequences[COLOUR_NUMBER], out);
	}
	putc_unlocked(c, out);
}

static void put_inside(struct walk *w, char c, FILE *out)
{
	putc_unlocked(c, out);
	if (w->escape)
		w->escape = false;
	else if (c == '\\')
		w->escape = true;
	else if (c == '"') {
		w->string = false;
		fputs(sequences[COLOUR_NONE], out);
	}
}

static void paint(int in, FILE *out)
{
	struct walk w = { 0 };
	char buf[16384];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)) {
		for (ssize_t i = 0; i < n; i++) {
			if (w.string)
				put_inside(&w, buf[i], out);
			else
				put_outside(&w, buf[i], out);
		}
	}
	end_number(&w, out);
	fflush(out);
}

void colour_json_begin(int *child_ret)
{
	int ends[2];
	pid_t pid;

	*child_ret = 0;
	fflush(stdout);
	if (!colours_wanted() || pipe(ends))
		return;
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		paint(ends[0], stdout);
		_exit(0);
	}
	if (pid > 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
		*child_ret = pid;
	close(ends[0]);
	close(ends[1]);
}

void colour_json_end(int child)
{
	if (!child)
		return;
	fflush(stdout);
	close(STDOUT_FILENO);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
