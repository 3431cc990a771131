// SPDX-License-Identifier: GPL-2.0-only
/* What may come next on a command line: read from the tables of verbs and options and from the synopsis of the verb. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/checkpoint.h"
#include "crit/complete.h"

static void offer(const char *word, const char *about, size_t about_len, const char *start)
{
	if (strncmp(word, start, strlen(start)))
		return;
	printf("%s%s%.*s\n", word, about_len ? "\t" : "", (int)about_len, about_len ? about : "");
}

static void offer_verbs(const struct crit_verb *const *verbs, size_t nr, const char *start)
{
	static const char *const options[] = { "--help", "--version", "--no-pager" };

	for (size_t i = 0; i < nr; i++)
		offer(verbs[i]->name, verbs[i]->summary, strlen(verbs[i]->summary), start);
	for (size_t i = 0; *start == '-' && i < ARRAY_SIZE(options); i++)
		offer(options[i], NULL, 0, start);
}

/* What the text of --help says about an option: behind its name and, where it takes one, its argument. */
static const char *option_about(const char *usage, const char *option, size_t *len_ret)
{
	char line_has[80];
	const char *p;

	*len_ret = 0;
	snprintf(line_has, sizeof(line_has), " %s", option);
	for (p = strchr(usage, '\n'); p && (p = strstr(p, line_has)); p++) {
		const char *end = p + strcspn(p, "\n");
		const char *gap = strstr(p + 1, "  ");

		if ((p[strlen(line_has)] != ' ' && p[strlen(line_has)] != '=') || !gap || gap > end)
			continue;
		gap += strspn(gap, " ");
		*len_ret = (size_t)(end - gap);
		return gap;
	}
	return NULL;
}

static void offer_options(const struct crit_verb *v, const char *start)
{
	char option[64];
	size_t len = 0;

	for (const struct option *o = v->options; o && o->name; o++) {
		const char *about;

		snprintf(option, sizeof(option), "--%s", o->name);
		about = option_about(v->usage, option, &len);
		offer(option, about, len, start);
	}
	offer("--help", NULL, 0, start);
}

/* Does this word of a command line take the next one as its argument? */
static bool takes_next(const struct crit_verb *v, const char *word)
{
	const char *letter;

	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] != '-') {
		letter = v->letters ? strchr(v->letters, word[strlen(word) - 1]) : NULL;
		return letter && *letter != ':' && letter[1] == ':';
	}
	for (const struct option *o = v->options; o && o->name; o++) {
		if (!strcmp(o->name, word + 2))
			return o->has_arg == required_argument;
	}
	return false;
}

/* --- the synopsis: "mem [--raw] DIR PID ADDR [LEN]" -------------------------------------------------------------- */

#define ARGUMENTS_MAX 8

struct synopsis {
	char text[512];
	const char *argument[ARGUMENTS_MAX];
	size_t nr;
	bool repeats; /* the last one */
};

static void read_synopsis(struct synopsis *s, const struct crit_verb *v)
{
	char *save = NULL, *word;
	bool option = false; /* within "[-i IMAGE]" or behind "-o" */

	*s = (struct synopsis){ .nr = 0 };
	snprintf(s->text, sizeof(s->text), "%.*s", (int)strcspn(v->usage, "\n"), v->usage);
	word = strtok_r(s->text, " ", &save); /* the verb */
	while (word && (word = strtok_r(NULL, " ", &save)) && s->nr < ARGUMENTS_MAX) {
		bool bracket = *word == '[';
		size_t len;

		if (word[bracket] == '-') {
			option = bracket ? !strchr(word, ']') : takes_next(v, word);
			continue;
		}
		if (option) {
			option = false;
			continue;
		}
		word += bracket;
		len = strlen(word);
		s->repeats = len > 3 && !strcmp(word + len - 3, "...");
		word[strcspn(word, "].")] = '\0';
		if (*word)
			s->argument[s->nr++] = word;
	}
}

static void offer_alternatives(const char *list, const char *start)
{
	while (*list) {
		char word[64];
		size_t len = strcspn(list, "|");

		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		offer(word, NULL, 0, start);
		list += len + (list[len] == '|');
	}
}

static void offer_images(const char *dir, const char *start)
{
	_cleanup_source_ struct source *s = NULL;
	const char *const *names;
	struct err e;
	size_t nr;

	if (source_open(&s, dir, &e) || source_names(s, &names, &nr, &e))
		return;
	for (size_t i = 0; i < nr; i++) {
		if (img_type_by_file(names[i]))
			offer(names[i], NULL, 0, start);
	}
}

static void offer_tasks(const char *dir, const char *start)
{
	_cleanup_checkpoint_ struct checkpoint c = { 0 };
	struct err e;

	if (checkpoint_open(&c, dir, &e))
		return;
	for (size_t i = 0; i < c.nr_tasks; i++) {
		ProtobufCMessage *msg = NULL;
		const CoreEntry *core;
		char pid[16], comm[64] = "";

		if (!source_optional(c.source, IMG_CORE, c.tasks[i]->pid, &msg, &e) && msg) {
			core = (const CoreEntry *)msg;
			snprintf(comm, sizeof(comm), "%s", core->tc ? core->tc->comm : "");
		}
		for (char *p = comm; *p; p++)
			*p = isprint((unsigned char)*p) ? *p : '?';
		img_free(msg);
		snprintf(pid, sizeof(pid), "%u", c.tasks[i]->pid);
		offer(pid, comm, strlen(comm), start);
	}
}

static void offer_argument(const struct synopsis *s, size_t k, const char *dir, const char *start)
{
	const char *what = k < s->nr ? s->argument[k] : s->repeats && s->nr ? s->argument[s->nr - 1] : NULL;

	if (!what)
		return;
	if (strchr(what, '|'))
		offer_alternatives(what, start);
	else if (!strcmp(what, "PID") && dir)
		offer_tasks(dir, start);
	else if (!strcmp(what, "IMAGE") && dir)
		offer_images(dir, start);
	else if (!strcmp(what, "DIR") || !strcmp(what, "IMAGE") || !strcmp(what, "FILE") || strlen(what) == 1)
		puts(":files");
}

int complete(const struct crit_verb *const *verbs, size_t nr_verbs, int nr, char **words)
{
	const struct crit_verb *v = NULL;
	const char *dir = NULL, *start;
	struct synopsis s;
	size_t k = 0;

	if (nr > 1 && !strcmp(words[0], "--no-pager")) {
		words++;
		nr--;
	}
	if (nr < 1)
		return CRIT_OK;
	start = words[nr - 1];
	for (size_t i = 0; nr > 1 && i < nr_verbs; i++) {
		if (!strcmp(verbs[i]->name, words[0]))
			v = verbs[i];
	}
	if (!v) {
		if (nr == 1)
			offer_verbs(verbs, nr_verbs, start);
		return CRIT_OK;
	}
	if (nr > 2 && takes_next(v, words[nr - 2])) {
		puts(":files");
		return CRIT_OK;
	}
	if (*start == '-') {
		offer_options(v, start);
		return CRIT_OK;
	}
	read_synopsis(&s, v);
	for (int i = 1; i < nr - 1; i++) {
		if (takes_next(v, words[i])) {
			i++;
		} else if (*words[i] != '-') {
			if (k < s.nr && !strcmp(s.argument[k], "DIR"))
				dir = words[i];
			k++;
		}
	}
	offer_argument(&s, k, dir, start);
	return CRIT_OK;
}
