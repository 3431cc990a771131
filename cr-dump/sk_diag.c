// SPDX-License-Identifier: GPL-2.0-only
/* sock_diag(7): one request for all sockets of a family, and what the kernel answers. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/files.h"

#define REQUEST_MAX 128

static int ask(int fd, const void *request, size_t len)
{
	struct {
		struct nlmsghdr h;
		uint8_t request[REQUEST_MAX];
	} m = { .h = { NLMSG_LENGTH(len), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 } };

	memcpy(m.request, request, len);
	return send(fd, &m, m.h.nlmsg_len, 0) == (ssize_t)m.h.nlmsg_len ? 0 : -1;
}

static int no_answer(struct err *e, const char *what, int errnum)
{
	err_set(e, errnum, "the kernel does not list its %s sockets (sock_diag)", what);
	return errnum == ENOENT ? err_hint(e, "it needs to be built with %s_diag; try: modprobe %s_diag", what, what) :
				  -1;
}

int sk_diag(const char *what, const void *request, size_t len, sk_diag_fn *fn, void *arg, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	union {
		struct nlmsghdr h;
		char bytes[32768];
	} buf;

	if (fd < 0 || ask(fd, request, len))
		return err_set(e, errno, "cannot ask the kernel for its %s sockets (sock_diag)", what);
	for (;;) {
		ssize_t n = recv(fd, &buf, sizeof(buf), 0);

		if (n <= 0)
			return no_answer(e, what, n < 0 ? errno : 0);
		for (struct nlmsghdr *h = &buf.h; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return no_answer(e, what, -((struct nlmsgerr *)NLMSG_DATA(h))->error);
			fn(arg, NLMSG_DATA(h), NLMSG_PAYLOAD(h, 0));
		}
	}
}
