// SPDX-License-Identifier: GPL-2.0-only
/* crit: looks into checkpoint images. Finds the verb; each verb has its own file. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/version.h"
#include "crit/crit.h"

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

static int help(void)
{
	printf("usage: crit VERB [OPTION...] [ARGUMENT...]\n"
	       "Decodes, encodes and explores checkpoint images.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n  -h, --help     this text; \"crit VERB --help\" tells about a verb\n"
	       "  -V, --version  the version\n\n"
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

static int run(int argc, char **argv, struct err *e)
{
	const struct crit_verb *verb;

	if (argc < 2)
		return crit_usage(e, "no verb given");
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		printf("crit %s\n", CRKIT_VERSION);
		return CRIT_OK;
	}
	verb = find(argv[1]);
	if (!verb)
		return crit_usage(e, "there is no verb \"%s\"", argv[1]);
	return verb->run(verb, argc - 1, argv + 1, e);
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
