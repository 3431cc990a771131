/* SPDX-License-Identifier: GPL-2.0-only */
/* The views of crit x, and what they share. */
#ifndef CRKIT_CRIT_X_H
#define CRKIT_CRIT_X_H

#include "crit/checkpoint.h"
#include "crit/rows.h"
#include "libimg/hints.h"

/*
 * One view: it makes rows, and shows a row to people. A task that has nothing to show (it is dead) has a row with its pid alone, so
 * that no task is missing.
 */
struct view {
	const char *name;
	int (*rows)(struct checkpoint *c, struct rows *r, struct err *e);
	void (*text)(struct json_object *row, struct json_object *before);
};

#define VIEWS(V)   V(ps) V(fds) V(mems) V(rss) V(sk) V(mounts) V(env) V(args) V(threads) V(signals) V(ns)
#define VIEW(name) extern const struct view view_##name;
VIEWS(VIEW)
#undef VIEW

/* A message as crit show has it: all its fields, with display hints. */
struct json_object *message_json(const ProtobufCMessage *msg);

/* Adds a message under a key; nothing for NULL. */
void row_message(struct json_object *row, const char *key, const void *msg);

/* Adds a number as names: "A | B | 0x40", or the one name that it has. */
void row_flags(struct json_object *row, const char *key, enum hint_names set, uint64_t v);
void row_named(struct json_object *row, const char *key, enum hint_names set, uint64_t v);

/* Adds an open file: its type, id and name. */
void row_file(struct json_object *row, const struct checkpoint *c, FdTypes type, uint32_t id);

/* Adds what is at an address: "/usr/lib/libc.so.6 + 0x1234", "[stack]"; nothing where nothing is mapped. */
void row_place(struct json_object *row, const char *key, const struct checkpoint *c, const MmEntry *mm, uint64_t addr);

/* The file behind a mapping of one. The caller frees it; NULL: no memory. */
char *mapped_file_name(const struct checkpoint *c, const VmaEntry *v);

/* Adds the state of a task, and of a dead one how it ended. */
void row_state(struct json_object *row, const TaskCoreEntry *tc);
/* Of a first thread that has ended while others live. */
void row_ended(struct json_object *row, const TaskCoreEntry *tc);

/* The name of a signal: "SIGTERM", "SIGRTMIN+3". Returns buf. */
const char *signal_name(CoreEntry__March arch, uint32_t signo, char *buf, size_t size);

/* Adds a mask of signals as a list of their names. */
void row_signals(struct json_object *row, const char *key, CoreEntry__March arch, uint64_t mask);

/* For people: text with control characters as C writes them; the elements of a list, each after the separator. */
void put_quoted(const char *s);
void put_list(struct json_object *row, const char *key, const char *separator);

/* The line with the pid that begins what is shown of a task. */
void put_task(struct json_object *row, struct json_object *before);

#endif
