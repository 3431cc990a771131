/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of crit report: what is collected about each task, and the sections of the page. */
#ifndef CRKIT_CRIT_REPORT_H
#define CRKIT_CRIT_REPORT_H

#include <stdio.h>

#include "crit/memory.h"
#include "crit/x.h"

/* What a mapping is, in the drawing. */
enum report_class {
	CLASS_CODE,
	CLASS_FILE,
	CLASS_HEAP,
	CLASS_STACK,
	CLASS_ANON,
	CLASS_SHARED,
	CLASS_KERNEL,
	CLASS_NR,
};

struct report_task {
	uint32_t pid, ppid, depth, uid;
	char *comm, *args, *state; /* owned; state may be NULL */
	bool has_uid, has_memory, has_pages;
	uint32_t pages_id;
	size_t nr_threads, nr_fds, nr_mappings;
	uint64_t mapped;	     /* bytes */
	uint64_t by_kind[4];	     /* of them, by enum extent_kind */
	uint64_t in_image[CLASS_NR]; /* of those in the images, by class */
};

struct report {
	struct checkpoint c;
	FILE *out;
	struct report_task *tasks; /* in the order of the tree */
	size_t nr_tasks, room;
	struct map *by_pid;
	bool no_memory; /* a callback had none */
	size_t rows;	/* of the table being shown */
};

/* --- primitives: everything from an image goes through html_text --------------------------------------------------- */

/* Text, with what HTML or a terminal would take for more than text escaped. */
void html_text(FILE *out, const char *s);

/* "3.2 MiB" and "12,345". */
void html_size(FILE *out, uint64_t bytes);
void html_count(FILE *out, uint64_t n);

/* The head of the page up to <body>, and its end. */
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* --- collecting ------------------------------------------------------------------------------------------------- */

/* Feeds the rows of a view to a function. */
int report_rows(struct report *r, const struct view *v,
		void (*sink)(void *report, struct json_object *row, struct json_object *before), struct err *e);

int report_collect(struct report *r, struct err *e);

/* NULL when there is no such task. */
struct report_task *report_find(struct report *r, uint32_t pid);

enum report_class report_classify(const MmEntry *mm, const VmaEntry *v);

/* --- sections --------------------------------------------------------------------------------------------------- */

int report_tree(struct report *r, struct err *e);
int report_memory(struct report *r, struct err *e);
int report_descriptors(struct report *r, struct err *e);
int report_sockets(struct report *r, struct err *e);
int report_namespaces(struct report *r, struct err *e);
int report_images(struct report *r, struct err *e);

/* The drawing of one address space. */
int report_map(struct report *r, const struct report_task *t, struct err *e);

#endif
