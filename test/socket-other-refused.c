// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of families and protocols that cannot be dumped, and one with an eBPF filter, are refused by their names. */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { VSOCK = 50, XDP, MPTCP, FILTERED };

static void open_at(int to, int family, int type, int proto)
{
	int fd = socket(family, type, proto);

	if (fd < 0)
		skip("there are no sockets of family %d, type %d, protocol %d here", family, type, proto);
	must(dup2(fd, to));
	close(fd);
}

static void arrange(void)
{
	/* r0 = 3; exit */
	struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 3 }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2 };
	int prog;

	a.insns = (uintptr_t)insns;
	a.license = (uintptr_t) "GPL";
	open_at(VSOCK, AF_VSOCK, SOCK_STREAM, 0);
	open_at(XDP, AF_XDP, SOCK_RAW, 0);
	open_at(MPTCP, AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	open_at(FILTERED, AF_UNIX, SOCK_DGRAM, 0);
	prog = must(syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a)));
	must(setsockopt(FILTERED, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)));
	close(prog);
}

static void verify(void)
{
	static const int domains[] = { AF_VSOCK, AF_XDP, AF_INET, AF_UNIX };

	for (int i = 0; i < 4; i++) {
		int domain = -1;
		socklen_t len = sizeof(domain);

		check_eq(getsockopt(VSOCK + i, SOL_SOCKET, SO_DOMAIN, &domain, &len), 0);
		check_eq(domain, domains[i]);
	}
}

CRTEST(.about = "sockets of other families and protocols", .arrange = arrange, .verify = verify, .root = true,
       .refused = "fd 50 is a vsock socket|fd 51 is an XDP socket|fd 52 is an IP socket that is neither TCP nor UDP|"
		  "fd 53 is a socket with an eBPF filter")
