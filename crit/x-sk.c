// SPDX-License-Identifier: GPL-2.0-only
/* crit x sk: sockets, their addresses, states and queues, who is connected to whom, and which descriptors they are. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x.h"
#include "sk-packet.pb-c.h"
#include "tcp-stream.pb-c.h"

/* What waits in the receive queue of a unix socket. */
struct queue {
	uint32_t id; /* of the socket's file */
	uint64_t packets, bytes, files;
};

struct sockets {
	struct checkpoint *c;
	struct queue *queues; /* sorted by id */
	size_t nr_queues;
	const UnixSkEntry **unix_socks; /* sorted by inode */
	size_t nr_unix;
};

/* --- queues and peers of unix sockets --------------------------------------------------------------------------- */

static int by_queue(const void *a, const void *b)
{
	const struct queue *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int add_packet(struct sockets *s, const SkPacketEntry *p, struct err *e)
{
	struct queue *q = s->nr_queues ? &s->queues[s->nr_queues - 1] : NULL;

	if (!q || q->id != p->id_for) {
		if (!(s->nr_queues & (s->nr_queues - 1))) {
			q = reallocarray(s->queues, s->nr_queues ? 2 * s->nr_queues : 1, sizeof(*q));
			if (!q)
				return err_nomem(e, "queues");
			s->queues = q;
		}
		q = &s->queues[s->nr_queues++];
		*q = (struct queue){ .id = p->id_for };
	}
	q->packets++;
	q->bytes += p->length;
	for (size_t i = 0; i < p->n_scm; i++)
		q->files += p->scm[i]->n_rights;
	return 0;
}

/* Packets of one socket need not be neighbours: one queue each in the end. */
static void merge_queues(struct sockets *s)
{
	size_t kept = 0;

	qsort(s->queues, s->nr_queues, sizeof(*s->queues), by_queue);
	for (size_t i = 0; i < s->nr_queues; i++) {
		struct queue *q = kept ? &s->queues[kept - 1] : NULL;

		if (q && q->id == s->queues[i].id) {
			q->packets += s->queues[i].packets;
			q->bytes += s->queues[i].bytes;
			q->files += s->queues[i].files;
		} else {
			s->queues[kept++] = s->queues[i];
		}
	}
	s->nr_queues = kept;
}

static int read_queues(struct sockets *s, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(s->c->source, IMG_SK_QUEUES, 0, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		const SkPacketEntry *p = (const SkPacketEntry *)msg;

		rc = add_packet(s, p, e) || img_skip(r, p->length, e) ? -1 : 0;
		img_free(msg);
		if (rc)
			return -1;
	}
	if (s->nr_queues)
		merge_queues(s);
	return rc;
}

static int by_ino(const void *a, const void *b)
{
	const UnixSkEntry *x = *(const UnixSkEntry *const *)a, *y = *(const UnixSkEntry *const *)b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static int find_unix(struct sockets *s, struct err *e)
{
	s->unix_socks = calloc(s->c->nr_files + 1, sizeof(*s->unix_socks));
	if (!s->unix_socks)
		return err_nomem(e, "sockets");
	for (size_t i = 0; i < s->c->nr_files; i++) {
		if (s->c->files[i].type == FD_TYPES__UNIXSK && s->c->files[i].entry)
			s->unix_socks[s->nr_unix++] = s->c->files[i].entry;
	}
	qsort(s->unix_socks, s->nr_unix, sizeof(*s->unix_socks), by_ino);
	return 0;
}

static const UnixSkEntry *unix_of(const struct sockets *s, uint32_t ino)
{
	UnixSkEntry key = { .ino = ino };
	const UnixSkEntry *p = &key;
	const UnixSkEntry *const *hit = bsearch(&p, s->unix_socks, s->nr_unix, sizeof(p), by_ino);

	return hit ? *hit : NULL;
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

static void add_holders(struct json_object *row, const struct sockets *s, FdTypes type, uint32_t id)
{
	size_t nr;
	const struct holder *h = checkpoint_held_by(s->c, type, id, &nr);
	struct json_object *list = row_list(row, "held_by");

	for (size_t i = 0; i < nr; i++) {
		struct json_object *holder = list_object(list);

		row_uint(holder, "pid", h[i].pid);
		row_uint(holder, "fd", h[i].fd);
	}
}

static struct json_object *new_row(const char *family, FdTypes type, uint32_t id)
{
	struct json_object *row = json_object_new_object();

	row_text(row, "family", family);
	row_uint(row, "id", id);
	return row;
}

/* As people write it: @ for the leading NUL of an abstract name, no NULs at the end. */
static void add_unix_name(struct json_object *row, const char *key, const ProtobufCBinaryData *name)
{
	size_t len = name->len;
	_cleanup_free_ char *text = NULL;

	while (len > 1 && name->data[0] && !name->data[len - 1])
		len--;
	if (!len || (len == 1 && !name->data[0]))
		return;
	text = malloc(len);
	if (!text)
		return;
	memcpy(text, name->data, len);
	if (!text[0])
		text[0] = '@';
	row_bytes(row, key, text, len);
}

static void add_queue(struct json_object *row, const struct sockets *s, uint32_t id)
{
	const struct queue key = { .id = id };
	const struct queue *q = s->nr_queues ? bsearch(&key, s->queues, s->nr_queues, sizeof(key), by_queue) : NULL;

	row_uint(row, "recv_queue", q ? q->bytes : 0);
	row_uint(row, "recv_packets", q ? q->packets : 0);
	if (q && q->files)
		row_uint(row, "recv_files", q->files);
}

static void add_peer(struct json_object *row, const struct sockets *s, uint32_t ino)
{
	const UnixSkEntry *peer = unix_of(s, ino);
	struct json_object *object;

	if (!ino)
		return;
	object = row_object(row, "peer");
	row_uint(object, "ino", ino);
	if (!peer)
		return;
	row_uint(object, "id", peer->id);
	if (peer->name_dir)
		row_text(object, "name_dir", peer->name_dir);
	add_unix_name(object, "name", &peer->name);
	add_holders(object, s, FD_TYPES__UNIXSK, peer->id);
}

/* The options and what else the record has, whole. */
static int finish_row(struct json_object *row, const struct sockets *s, struct rows *r, FdTypes type, uint32_t id,
		      const void *entry, struct err *e)
{
	add_holders(row, s, type, id);
	row_message(row, "socket", entry);
	return rows_put(r, row, e);
}

static int put_unix(const struct sockets *s, struct rows *r, const UnixSkEntry *u, struct err *e)
{
	struct json_object *row = new_row("UNIX", FD_TYPES__UNIXSK, u->id);

	row_uint(row, "ino", u->ino);
	row_named(row, "type", NAMES_SK_TYPE, u->type);
	row_named(row, "state", NAMES_SK_STATE, u->state);
	add_unix_name(row, "name", &u->name);
	if (u->name_dir)
		row_text(row, "name_dir", u->name_dir);
	if (u->has_deleted && u->deleted)
		row_bool(row, "deleted", true);
	add_queue(row, s, u->id);
	if (u->state == 10)
		row_uint(row, "backlog", u->backlog);
	add_peer(row, s, u->peer);
	return finish_row(row, s, r, FD_TYPES__UNIXSK, u->id, u, e);
}

static void add_address(struct json_object *row, const char *key, const uint32_t *words, size_t n)
{
	char buf[INET6_ADDRSTRLEN];

	if ((n == 1 || n == 4) && inet_ntop(n == 1 ? AF_INET : AF_INET6, words, buf, sizeof(buf)))
		row_text(row, key, buf);
}

/* An established connection's own image has its queues. */
static int add_stream(struct json_object *row, const struct sockets *s, const InetSkEntry *i, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	const TcpStreamEntry *t;
	ProtobufCMessage *msg;
	int rc;

	if (i->proto != IPPROTO_TCP || i->type != 1)
		return 0;
	if (source_image(s->c->source, IMG_TCP_STREAM, i->ino, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	rc = img_get(r, &msg, e);
	if (rc <= 0)
		return rc;
	t = (const TcpStreamEntry *)msg;
	row_uint(row, "recv_queue", t->inq_len);
	row_uint(row, "send_queue", t->outq_len);
	if (t->has_unsq_len)
		row_uint(row, "send_unsent", t->unsq_len);
	row_message(row, "stream", t);
	if ((uint64_t)t->inq_len + t->outq_len > img_left(r)) {
		err_set(e, 0, "queues of %u and %u bytes announced, but the image has only %" PRIu64, t->inq_len,
			t->outq_len, img_left(r));
		rc = img_complain(r, e);
	}
	img_free(msg);
	return rc < 0 ? -1 : 0;
}

static int put_inet(const struct sockets *s, struct rows *r, const InetSkEntry *i, struct err *e)
{
	struct json_object *row = new_row(i->family == AF_INET6 ? "INET6" : "INET", FD_TYPES__INETSK, i->id);
	bool raw = i->type == 3; /* of a raw socket the port is the protocol's number once more */

	row_uint(row, "ino", i->ino);
	row_named(row, "type", NAMES_SK_TYPE, i->type);
	row_named(row, "state", NAMES_SK_STATE, i->state);
	row_named(row, "protocol", NAMES_SK_PROTO, i->proto);
	add_address(row, "local_addr", i->src_addr, i->n_src_addr);
	if (!raw)
		row_uint(row, "local_port", i->src_port);
	add_address(row, "remote_addr", i->dst_addr, i->n_dst_addr);
	if (!raw)
		row_uint(row, "remote_port", i->dst_port);
	if (i->state == 10)
		row_uint(row, "backlog", i->backlog);
	if (add_stream(row, s, i, e)) {
		json_object_put(row);
		return -1;
	}
	return finish_row(row, s, r, FD_TYPES__INETSK, i->id, i, e);
}

static int put_netlink(const struct sockets *s, struct rows *r, const NetlinkSkEntry *n, struct err *e)
{
	static const char *const protocols[] = {
		"ROUTE",   "UNUSED", "USERSOCK",      "FIREWALL",  "SOCK_DIAG", "NFLOG",  "XFRM",    "SELINUX",
		"ISCSI",   "AUDIT",  "FIB_LOOKUP",    "CONNECTOR", "NETFILTER", "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT",
		"GENERIC", "17",     "SCSITRANSPORT", "ECRYPTFS",  "RDMA",	"CRYPTO", "SMC",
	};
	struct json_object *row = new_row("NETLINK", FD_TYPES__NETLINKSK, n->id);
	struct json_object *groups;

	row_uint(row, "ino", n->ino);
	row_named(row, "type", NAMES_SK_TYPE, 3);
	row_named(row, "state", NAMES_SK_STATE, n->state);
	if (n->protocol < ARRAY_SIZE(protocols))
		row_text(row, "protocol", protocols[n->protocol]);
	else
		row_uint(row, "protocol", n->protocol);
	row_uint(row, "local_port", n->portid);
	row_uint(row, "remote_port", n->dst_portid);
	groups = row_list(row, "groups");
	for (size_t i = 0; i < n->n_groups * 32; i++) {
		if (n->groups[i / 32] >> (i % 32) & 1)
			list_add(groups, json_object_new_uint64(i + 1));
	}
	return finish_row(row, s, r, FD_TYPES__NETLINKSK, n->id, n, e);
}

static int put_packet(const struct sockets *s, struct rows *r, const PacketSockEntry *p, struct err *e)
{
	struct json_object *row = new_row("PACKET", FD_TYPES__PACKETSK, p->id);
	char protocol[16];

	row_named(row, "type", NAMES_SK_TYPE, p->type);
	snprintf(protocol, sizeof(protocol), "0x%04x", ntohs((uint16_t)p->protocol));
	row_text(row, "protocol", protocol);
	row_uint(row, "interface", p->ifindex);
	return finish_row(row, s, r, FD_TYPES__PACKETSK, p->id, p, e);
}

static int put_socket(const struct sockets *s, struct rows *r, const struct open_file *f, struct err *e)
{
	switch (f->type) {
	case FD_TYPES__UNIXSK:
		return put_unix(s, r, f->entry, e);
	case FD_TYPES__INETSK:
		return put_inet(s, r, f->entry, e);
	case FD_TYPES__NETLINKSK:
		return put_netlink(s, r, f->entry, e);
	case FD_TYPES__PACKETSK:
		return put_packet(s, r, f->entry, e);
	default:
		return 0;
	}
}

static int sk_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	struct sockets s = { .c = c };
	int rc = checkpoint_files(c, e) || checkpoint_holders(c, e) || find_unix(&s, e) || read_queues(&s, e) ? -1 : 0;

	for (size_t i = 0; !rc && i < c->nr_files; i++) {
		if (c->files[i].entry)
			rc = put_socket(&s, r, &c->files[i], e);
	}
	if (!rc && !r->nr)
		rows_note(r, "no task has a socket");
	free(s.queues);
	free(s.unix_socks);
	return rc;
}

/* --- for people ------------------------------------------------------------------------------------------------- */

static void put_port(struct json_object *row, const char *addr_key, const char *port_key, char *buf, size_t size)
{
	const char *addr = row_get_text(row, addr_key);
	bool v6 = strchr(addr, ':');
	bool port = row_has(row, port_key);

	snprintf(buf, size, port ? "%s%s%s:%" PRIu64 : "%s%s%s", v6 && port ? "[" : "", addr, v6 && port ? "]" : "",
		 row_get_uint(row, port_key));
}

static void put_unix_end(struct json_object *end)
{
	printf("[%" PRIu64 "]", row_get_uint(end, "ino"));
	if (!row_has(end, "name"))
		return;
	putchar(' ');
	if (row_has(end, "name_dir") && *row_get_text(end, "name") != '@' && *row_get_text(end, "name") != '/') {
		put_quoted(row_get_text(end, "name_dir"));
		putchar('/');
	}
	put_quoted(row_get_text(end, "name"));
}

/* Returns the width of what it prints. */
static int put_holders(struct json_object *row)
{
	int width = 0;

	for (size_t i = 0; i < row_get_nr(row, "held_by"); i++) {
		struct json_object *h = row_get_at(row, "held_by", i);

		width += printf("%s%" PRIu64 "/%" PRIu64, i ? "," : "", row_get_uint(h, "pid"), row_get_uint(h, "fd"));
	}
	return width ? width : printf("-");
}

static void put_ends(struct json_object *row)
{
	struct json_object *peer = row_get(row, "peer");
	char local[128], remote[128];

	if (!strcmp(row_get_text(row, "family"), "UNIX")) {
		put_unix_end(row);
		if (!peer)
			return;
		printf(" -> ");
		put_unix_end(peer);
		printf(row_has(peer, "id") ? " of " : " outside the checkpoint");
		if (row_has(peer, "id"))
			put_holders(peer);
		return;
	}
	if (row_has(row, "interface")) {
		printf("interface %" PRIu64, row_get_uint(row, "interface"));
		return;
	}
	if (row_has(row, "groups")) {
		printf("port %" PRIu64, row_get_uint(row, "local_port"));
		if (row_get_nr(row, "groups"))
			printf(", groups");
		put_list(row, "groups", " ");
		return;
	}
	put_port(row, "local_addr", "local_port", local, sizeof(local));
	put_port(row, "remote_addr", "remote_port", remote, sizeof(remote));
	printf("%s", local);
	if (row_get_uint(row, "remote_port"))
		printf(" -> %s", remote);
}

static void sk_text(struct json_object *row, struct json_object *before)
{
	int width;

	if (!before)
		printf("%-8s%-10s%-8s%-12s%8s%8s  %-20s%s\n", "FAMILY", "TYPE", "PROTO", "STATE", "RECV-Q", "SEND-Q",
		       "PID/FD", "ADDRESSES");
	printf("%-8s%-10s%-8s%-12s", row_get_text(row, "family"), row_get_text(row, "type"),
	       row_has(row, "protocol") ? row_get_text(row, "protocol") : "-",
	       row_has(row, "state") ? row_get_text(row, "state") : "-");
	for (int i = 0; i < 2; i++) {
		const char *key = i ? "send_queue" : "recv_queue";

		if (row_has(row, key))
			printf("%8" PRIu64, row_get_uint(row, key));
		else
			printf("%8s", "-");
	}
	printf("  ");
	width = put_holders(row);
	printf("%*s", width < 18 ? 20 - width : 2, "");
	put_ends(row);
	putchar('\n');
}

const struct view view_sk = {
	.name = "sk",
	.rows = sk_rows,
	.text = sk_text,
};
