// SPDX-License-Identifier: GPL-2.0-only
/* What the images have of a namespace: names, maps, clocks, limits and objects of System V, devices of a network. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x-ns.h"
#include "ipc-msg.pb-c.h"
#include "ipc-sem.pb-c.h"
#include "ipc-shm.pb-c.h"
#include "ipc-var.pb-c.h"
#include "netdev.pb-c.h"
#include "pidns.pb-c.h"
#include "timens.pb-c.h"
#include "userns.pb-c.h"
#include "utsns.pb-c.h"

static uint64_t padded(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* --- rows: System V objects ------------------------------------------------------------------------------------- */

static void add_desc(struct json_object *object, const IpcDescEntry *d)
{
	char mode[16];

	row_uint(object, "id", d->id);
	row_hex(object, "key", d->key);
	row_uint(object, "uid", d->uid);
	row_uint(object, "gid", d->gid);
	snprintf(mode, sizeof(mode), "%04o", d->mode);
	row_text(object, "mode", mode);
}

static int take_shm(struct img_reader *r, const ProtobufCMessage *msg, struct json_object *object, struct err *e)
{
	const IpcShmEntry *s = (const IpcShmEntry *)msg;

	add_desc(object, s->desc);
	row_uint(object, "size", s->size);
	return s->has_in_pagemaps && s->in_pagemaps ? 0 : img_skip(r, padded(s->size, 4), e);
}

static int take_sem(struct img_reader *r, const ProtobufCMessage *msg, struct json_object *object, struct err *e)
{
	const IpcSemEntry *s = (const IpcSemEntry *)msg;
	struct json_object *values;
	uint64_t size = 2 * (uint64_t)s->nsems;
	uint16_t v;

	add_desc(object, s->desc);
	values = row_list(object, "values");
	for (uint32_t i = 0; i < s->nsems; i++) {
		if (img_get_bytes(r, &v, sizeof(v), e))
			return -1;
		list_add(values, json_object_new_uint64(v));
	}
	return img_skip(r, padded(size, 8) - size, e);
}

static int take_msg(struct img_reader *r, const ProtobufCMessage *msg, struct json_object *object, struct err *e)
{
	const IpcMsgEntry *q = (const IpcMsgEntry *)msg;
	ProtobufCMessage *inner;
	uint64_t bytes = 0;

	add_desc(object, q->desc);
	row_uint(object, "messages", q->qnum);
	row_uint(object, "limit", q->qbytes);
	for (uint32_t i = 0; i < q->qnum; i++) {
		uint32_t size;
		int rc = img_get_as(r, &ipc_msg__descriptor, &inner, e);

		if (rc <= 0) {
			if (rc == 0)
				err_set(e, 0, "the image ends within a message queue");
			return rc ? -1 : img_complain(r, e);
		}
		size = ((const IpcMsg *)inner)->msize;
		img_free(inner);
		bytes += size;
		if (img_skip(r, padded(size, 8), e))
			return -1;
	}
	row_uint(object, "bytes", bytes);
	return 0;
}

static int add_objects(struct checkpoint *c, struct json_object *row, const char *key, enum img_id image,
		       unsigned long ns, struct err *e,
		       int (*take)(struct img_reader *, const ProtobufCMessage *, struct json_object *, struct err *))
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	struct json_object *list;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, image, ns, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	list = row_list(row, key);
	while ((rc = img_get(r, &msg, e)) > 0) {
		rc = take(r, msg, list_object(list), e);
		img_free(msg);
		if (rc)
			return -1;
	}
	return rc;
}

static int add_ipc(struct checkpoint *c, unsigned long key, struct json_object *row, struct err *e)
{
	ProtobufCMessage *msg;

	if (source_optional(c->source, IMG_IPC_VAR, key, &msg, e))
		return -1;
	row_message(row, "limits", msg);
	img_free(msg);
	return add_objects(c, row, "shm", IMG_IPCNS_SHM, key, e, take_shm) ||
			       add_objects(c, row, "sem", IMG_IPCNS_SEM, key, e, take_sem) ||
			       add_objects(c, row, "msg", IMG_IPCNS_MSG, key, e, take_msg) ?
		       -1 :
		       0;
}

/* --- rows: networks --------------------------------------------------------------------------------------------- */

static void add_mac(struct json_object *device, const NetDeviceEntry *d)
{
	char buf[3 * 32 + 1] = "";

	for (size_t i = 0; d->has_address && i < d->address.len && i < 32; i++)
		snprintf(buf + (i ? 3 * i - 1 : 0), 4, "%s%02x", i ? ":" : "", d->address.data[i]);
	if (*buf)
		row_text(device, "address", buf);
}

static void add_device(struct json_object *list, const NetDeviceEntry *d)
{
	const ProtobufCEnumValue *type = protobuf_c_enum_descriptor_get_value(&nd_type__descriptor, (int)d->type);
	struct json_object *device = list_object(list);

	row_text(device, "name", d->name);
	row_text(device, "type", type ? type->name : "?");
	row_uint(device, "ifindex", d->ifindex);
	row_uint(device, "mtu", d->mtu);
	row_hex(device, "flags", d->flags);
	row_bool(device, "up", d->flags & 1);
	add_mac(device, d);
	if (d->has_peer_ifindex)
		row_uint(device, "peer_ifindex", d->peer_ifindex);
	if (d->has_peer_nsid)
		row_uint(device, "peer_nsid", d->peer_nsid);
	if (d->has_master)
		row_uint(device, "master", d->master);
	row_message(device, "tun", d->tun);
	row_message(device, "macvlan", d->macvlan);
	row_message(device, "sit", d->sit);
	row_list(device, "addresses");
}

static int add_net(struct checkpoint *c, unsigned long key, struct json_object *row, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	struct json_object *list;
	ProtobufCMessage *msg;
	int rc;

	if (source_optional(c->source, IMG_NETNS, key, &msg, e))
		return -1;
	if (msg && ((const NetnsEntry *)msg)->ext_key)
		row_text(row, "external", ((const NetnsEntry *)msg)->ext_key);
	img_free(msg);
	if (source_image(c->source, IMG_NETDEV, key, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	list = row_list(row, "devices");
	while ((rc = img_get(r, &msg, e)) > 0) {
		add_device(list, (const NetDeviceEntry *)msg);
		img_free(msg);
	}
	return rc ? -1 : ns_addresses(c, key, list, e);
}

/* --- rows: the others ------------------------------------------------------------------------------------------- */

static void add_map(struct json_object *row, const char *key, UidGidExtent *const *map, size_t n)
{
	struct json_object *list = row_list(row, key);

	for (size_t i = 0; i < n; i++) {
		struct json_object *extent = list_object(list);

		row_uint(extent, "first", map[i]->first);
		row_uint(extent, "outside", map[i]->lower_first);
		row_uint(extent, "count", map[i]->count);
	}
}

/* The only record of the image that a kind has, or NULL. */
static int add_record(enum ns_kind kind, const ProtobufCMessage *msg, struct json_object *row)
{
	switch (kind) {
	case NS_UTS:
		row_text(row, "nodename", ((const UtsnsEntry *)msg)->nodename);
		row_text(row, "domainname", ((const UtsnsEntry *)msg)->domainname);
		break;
	case NS_USER:
		add_map(row, "uid_map", ((const UsernsEntry *)msg)->uid_map, ((const UsernsEntry *)msg)->n_uid_map);
		add_map(row, "gid_map", ((const UsernsEntry *)msg)->gid_map, ((const UsernsEntry *)msg)->n_gid_map);
		break;
	case NS_PID:
		if (((const PidnsEntry *)msg)->ext_key)
			row_text(row, "external", ((const PidnsEntry *)msg)->ext_key);
		break;
	case NS_TIME:
		row_message(row, "monotonic", ((const TimensEntry *)msg)->monotonic);
		row_message(row, "boottime", ((const TimensEntry *)msg)->boottime);
		break;
	default:
		break;
	}
	return 0;
}

static int add_mounts(struct checkpoint *c, unsigned long key, struct json_object *row, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	uint64_t nr = 0;
	int rc;

	if (source_image(c->source, IMG_MNTS, key, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	for (; (rc = img_get(r, &msg, e)) > 0; nr++)
		img_free(msg);
	row_uint(row, "mounts", nr);
	return rc;
}

int ns_details(struct checkpoint *c, enum ns_kind kind, uint32_t id, struct json_object *row, struct err *e)
{
	unsigned long key = checkpoint_ns_key(c, id);
	ProtobufCMessage *msg;
	enum img_id image;

	switch (kind) {
	case NS_IPC:
		return add_ipc(c, key, row, e);
	case NS_NET:
		return add_net(c, key, row, e);
	case NS_MNT:
		return add_mounts(c, key, row, e);
	case NS_PID:
		image = IMG_PIDNS;
		break;
	case NS_UTS:
		image = IMG_UTSNS;
		break;
	case NS_USER:
		image = IMG_USERNS;
		break;
	case NS_TIME:
		image = IMG_TIMENS;
		key = 0; /* there is one for the whole tree */
		break;
	default:
		return 0;
	}
	if (source_optional(c->source, image, key, &msg, e))
		return -1;
	if (msg)
		add_record(kind, msg, row);
	img_free(msg);
	return 0;
}

/* --- for people ------------------------------------------------------------------------------------------------- */

static void put_map(struct json_object *row, const char *key)
{
	for (size_t i = 0; i < row_get_nr(row, key); i++) {
		struct json_object *x = row_get_at(row, key, i);

		printf("\t\t%s: %" PRIu64 " to %" PRIu64 " is %" PRIu64 " outside\n", key, row_get_uint(x, "first"),
		       row_get_uint(x, "first") + row_get_uint(x, "count") - 1, row_get_uint(x, "outside"));
	}
}

static void put_clock(struct json_object *row, const char *key)
{
	struct json_object *t = row_get(row, key);

	if (t)
		printf("\t\t%s clock at the dump: %" PRIu64 ".%09" PRIu64 " s\n", key, row_get_uint(t, "tv_sec"),
		       row_get_uint(t, "tv_nsec"));
}

static void put_devices(struct json_object *row)
{
	for (size_t i = 0; i < row_get_nr(row, "devices"); i++) {
		struct json_object *d = row_get_at(row, "devices", i);

		printf("\t\t%" PRIu64 ": ", row_get_uint(d, "ifindex"));
		put_quoted(row_get_text(d, "name"));
		printf("  %s  %s  mtu %" PRIu64 "  %s", row_get_text(d, "type"), row_get_bool(d, "up") ? "up" : "down",
		       row_get_uint(d, "mtu"), row_get_text(d, "address"));
		put_list(d, "addresses", "  ");
		putchar('\n');
	}
}

static void put_objects(struct json_object *row, const char *key, const char *size)
{
	for (size_t i = 0; i < row_get_nr(row, key); i++) {
		struct json_object *o = row_get_at(row, key, i);

		printf("\t\t%s %" PRIu64 "  key %s  mode %s  uid %" PRIu64 "  %s", key, row_get_uint(o, "id"),
		       row_get_text(o, "key"), row_get_text(o, "mode"), row_get_uint(o, "uid"), size);
		if (row_has(o, "values"))
			put_list(o, "values", " ");
		else
			printf(" %" PRIu64, row_get_uint(o, size));
		putchar('\n');
	}
}

static void put_limits(struct json_object *limits)
{
	printf("\t\tlimits:");
	json_object_object_foreach(limits, key, v)
	{
		printf(" %s", key);
		if (json_object_is_type(v, json_type_array))
			put_list(limits, key, " ");
		else
			printf(" %s", json_object_get_string(v));
	}
	putchar('\n');
}

void ns_put_details(struct json_object *row)
{
	static const char *const texts[] = { "nodename", "domainname", "external" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!row_has(row, texts[i]))
			continue;
		printf("\t\t%s: ", texts[i]);
		put_quoted(row_get_text(row, texts[i]));
		putchar('\n');
	}
	put_map(row, "uid_map");
	put_map(row, "gid_map");
	put_clock(row, "monotonic");
	put_clock(row, "boottime");
	if (row_has(row, "mounts"))
		printf("\t\t%" PRIu64 " mounts (crit x DIR mounts)\n", row_get_uint(row, "mounts"));
	put_devices(row);
	put_objects(row, "shm", "size");
	put_objects(row, "sem", "values");
	put_objects(row, "msg", "messages");
	if (row_has(row, "limits"))
		put_limits(row_get(row, "limits"));
}
