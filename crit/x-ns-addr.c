// SPDX-License-Identifier: GPL-2.0-only
/* The addresses of a network namespace: a dump of netlink messages, as ip-address(8) saves it. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x-ns.h"

#define DUMP_MAX (64u << 20) /* bytes; a hundred thousand addresses are a tenth of it */

static struct json_object *device_of(struct json_object *devices, uint32_t ifindex)
{
	for (size_t i = 0; devices && i < json_object_array_length(devices); i++) {
		struct json_object *d = json_object_array_get_idx(devices, i);

		if (row_get_uint(d, "ifindex") == ifindex)
			return row_get(d, "addresses");
	}
	return NULL;
}

/* One message; len: its bytes behind the header. The address of this end is IFA_LOCAL, where there is one. */
static void take_address(struct json_object *devices, const uint8_t *p, size_t len)
{
	char text[INET6_ADDRSTRLEN], buf[INET6_ADDRSTRLEN + 8];
	const uint8_t *address = NULL;
	struct ifaddrmsg head;
	struct rtattr attr;
	size_t want;

	if (len < sizeof(head))
		return;
	memcpy(&head, p, sizeof(head));
	want = head.ifa_family == AF_INET ? 4 : head.ifa_family == AF_INET6 ? 16 : 0;
	for (size_t at = NLMSG_ALIGN(sizeof(head)); want && at + sizeof(attr) <= len; at += RTA_ALIGN(attr.rta_len)) {
		memcpy(&attr, p + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len - at)
			return;
		if (attr.rta_len != sizeof(attr) + want)
			continue;
		if (attr.rta_type == IFA_LOCAL || (attr.rta_type == IFA_ADDRESS && !address))
			address = p + at + sizeof(attr);
	}
	if (!address || !inet_ntop(head.ifa_family, address, text, sizeof(text)))
		return;
	snprintf(buf, sizeof(buf), "%s/%u", text, head.ifa_prefixlen);
	list_text(device_of(devices, head.ifa_index), buf);
}

int ns_addresses(struct checkpoint *c, unsigned long key, struct json_object *devices, struct err *e)
{
	_cleanup_part_ struct part part = PART_NONE;
	_cleanup_free_ uint8_t *buf = NULL;
	struct nlmsghdr head;
	char name[64];

	img_name(IMG_IFADDR, key, name, sizeof(name));
	if (source_file(c->source, name, &part, e))
		return e->errnum == ENOENT ? 0 : -1;
	if (part.size > DUMP_MAX)
		return err_set(e, 0, "%s is too large: %llu bytes", name, (unsigned long long)part.size);
	buf = malloc(part.size + 1);
	if (!buf)
		return err_nomem(e, name);
	if (part_read(&part, 0, buf, part.size, e))
		return err_in(e, "%s", name);
	/* A word that says what it is comes first. */
	for (size_t at = 4; at + sizeof(head) <= part.size; at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, buf + at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > part.size - at)
			return err_set(e, 0, "%s: at offset %zu: a message of %u bytes, but there are only %zu", name,
				       at, head.nlmsg_len, part.size - at);
		if (head.nlmsg_type == RTM_NEWADDR)
			take_address(devices, buf + at + sizeof(head), head.nlmsg_len - sizeof(head));
	}
	return 0;
}
