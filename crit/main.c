// SPDX-License-Identifier: GPL-2.0-only
/* crit: looks into checkpoint images. Finds the verb; each verb has its own file. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/version.h"
#include "crit/complete.h"
#include "crit/crit.h"
#include "crit/pager.h"

static const struct crit_verb *const verbs[] = {
#define VERB(name) &verb_##name,
#include "crit/verbs.def"
#undef VERB
};

int crit_usage(struct err *e, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(e, 0, "%s", what);
	return CRIT_USAGE;
}

int crit_help(const struct crit_verb *verb)
{
	printf("usage: crit %s", verb->usage);
	return CRIT_OK;
}

/* The verb's options and --help; room for the last, empty row. */
#define OPTIONS_MAX 24

int crit_option(const struct crit_verb *self, int argc, char **argv, int *status, struct err *e)
{
	struct option all[OPTIONS_MAX] = { { "help", no_argument, NULL, 'h' } };
	char letters[2 * OPTIONS_MAX];
	int c;

	for (size_t i = 0; self->options && self->options[i].name && i + 2 < ARRAY_SIZE(all); i++)
		all[i + 1] = self->options[i];
	snprintf(letters, sizeof(letters), "h%s", self->letters ? self->letters : "");
	opterr = 0;
	c = getopt_long(argc, argv, letters, all, NULL);
	if (c == -1)
		return 0;
	if (c != 'h' && c != '?')
		return c;
	if (c == 'h')
		*status = crit_help(self);
	else
		*status = crit_usage(e, "%s: bad option \"%s\"", self->name, argv[optind - 1]);
	return -1;
}

int crit_flag(const struct crit_verb *self, int argc, char **argv, bool *flag, int *status, struct err *e)
{
	int c;

	while ((c = crit_option(self, argc, argv, status, e)) > 0)
		*flag = true;
	return c;
}

static int help(void)
{
	printf("usage: crit [--no-pager] VERB [OPTION...] [ARGUMENT...]\n"
	       "Decodes, encodes and explores checkpoint images.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n  -h, --help      this text; \"crit VERB --help\" tells about a verb\n"
	       "  -V, --version   the version\n"
	       "      --no-pager  long output stays on the terminal, whatever $PAGER says\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
	return CRIT_OK;
}

static const struct crit_verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	}
	return NULL;
}

/* Is it among the arguments, before a "--"? */
static bool has_argument(int argc, char **argv, const char *wanted)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], wanted))
			return true;
	}
	return false;
}

static int run_verb(const struct crit_verb *verb, int argc, char **argv, bool page, struct err *e)
{
	struct err at_end;
	int pager = 0, ret;

	page = page && verb->paged && !has_argument(argc, argv, "-h") && !has_argument(argc, argv, "--help");
	if (page && pager_begin(&pager, e))
		return CRIT_FAILED;
	ret = verb->run(verb, argc, argv, e);
	if (pager && pager_end(pager, &at_end) && ret == CRIT_OK) {
		*e = at_end;
		return CRIT_FAILED;
	}
	return ret;
}

static int run(int argc, char **argv, struct err *e)
{
	const struct crit_verb *verb;
	bool page = true;

	if (argc > 1 && !strcmp(argv[1], "--no-pager")) {
		page = false;
		argv++;
		argc--;
	}
	if (argc < 2)
		return crit_usage(e, "no verb given");
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		printf("crit %s\n", CRKIT_VERSION);
		return CRIT_OK;
	}
	if (!strcmp(argv[1], "--complete")) /* for the shells, see completions/ */
		return complete(verbs, ARRAY_SIZE(verbs), argc - 2, argv + 2);
	verb = find(argv[1]);
	if (!verb)
		return crit_usage(e, "there is no verb \"%s\"", argv[1]);
	return run_verb(verb, argc - 1, argv + 1, page, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	int ret = log_open("crit", -1, NULL, LOG_WARN, &e);

	ret = ret ? CRIT_FAILED : run(argc, argv, &e);
	if (ret == CRIT_OK && fflush(stdout)) {
		err_set(&e, errno, "cannot write to standard output");
		ret = CRIT_FAILED;
	}
	if (ret == CRIT_USAGE)
		err_hint(&e, "see \"crit --help\" or \"crit VERB --help\"");
	if (ret != CRIT_OK)
		log_err(&e);
	return ret;
}
