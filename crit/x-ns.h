/* SPDX-License-Identifier: GPL-2.0-only */
/* Namespaces as crit x ns shows them. */
#ifndef CRKIT_CRIT_X_NS_H
#define CRKIT_CRIT_X_NS_H

#include "crit/x.h"

enum ns_kind { NS_PID, NS_NET, NS_IPC, NS_UTS, NS_MNT, NS_USER, NS_CGROUP, NS_TIME, NS_KINDS };

/* Adds what the images have of a namespace to its row. */
int ns_details(struct checkpoint *c, enum ns_kind kind, uint32_t id, struct json_object *row, struct err *e);

/* Adds the addresses of a network namespace to the objects of its devices. */
int ns_addresses(struct checkpoint *c, unsigned long key, struct json_object *devices, struct err *e);

/* Prints them for people, each line indented by two tabs. */
void ns_put_details(struct json_object *row);

#endif
