// SPDX-License-Identifier: GPL-2.0-only
/* Names for open files that no kind claims: a user who reads a refusal should know at once what was meant. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "cr-dump/files.h"

static const struct {
	const char *link, *what;
} anon[] = {
	{ "anon_inode:[timerfd]", "a timerfd" },
	{ "anon_inode:[signalfd]", "a signalfd" },
	{ "anon_inode:inotify", "an inotify instance" },
	{ "anon_inode:[inotify]", "an inotify instance" },
	{ "anon_inode:[fanotify]", "a fanotify group" },
	{ "anon_inode:[pidfd]", "a pidfd" },
	{ "pidfd:", "a pidfd" },
	{ "anon_inode:bpf-map", "a BPF map" },
	{ "anon_inode:bpf-prog", "a BPF program" },
	{ "anon_inode:bpf", "a BPF object" },
	{ "anon_inode:btf", "BPF type information" },
	{ "anon_inode:[perf_event]", "a perf event" },
	{ "anon_inode:[io_uring]", "an io_uring instance" },
	{ "anon_inode:[userfaultfd]", "a userfaultfd" },
	{ "anon_inode:[fscontext]", "a filesystem context" },
	{ "anon_inode:seccomp notify", "a seccomp listener" },
	{ "anon_inode:kvm", "a KVM object" },
	{ "anon_inode:[landlock-ruleset]", "a Landlock rule set" },
	{ "anon_inode:sync_file", "a sync file" },
	{ "/dmabuf:", "a DMA buffer" },
	{ "/secretmem", "secret memory (memfd_secret)" },
	{ "/SYSV", "System V shared memory" },
	{ "net:[", "a network namespace" },
	{ "mnt:[", "a mount namespace" },
	{ "pid:[", "a pid namespace" },
	{ "user:[", "a user namespace" },
	{ "uts:[", "a UTS namespace" },
	{ "ipc:[", "an IPC namespace" },
	{ "time:[", "a time namespace" },
	{ "cgroup:[", "a cgroup namespace" },
};

static const struct {
	int family;
	const char *what;
} families[] = {
	{ AF_NETLINK, "a netlink socket" },
	{ AF_PACKET, "a packet socket" },
	{ AF_VSOCK, "a vsock socket" },
	{ AF_ALG, "a crypto (AF_ALG) socket" },
	{ AF_BLUETOOTH, "a Bluetooth socket" },
	{ AF_CAN, "a CAN socket" },
	{ AF_XDP, "an XDP socket" },
	{ AF_TIPC, "a TIPC socket" },
};

static const char *socket_what(const struct fd_facts *f, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].family == f->family) {
			snprintf(buf, size, "%s", families[i].what);
			return buf;
		}
	snprintf(buf, size, "a socket of family %d", f->family);
	return buf;
}

static void node_what(const struct fd_facts *f, const char *kind, char *buf, size_t size)
{
	snprintf(buf, size, "the %s device %u:%u (%s)", kind, major(f->st.st_rdev), minor(f->st.st_rdev), f->link);
}

const char *file_what(const struct fd_facts *f, char *buf, size_t size)
{
	if (f->family >= 0)
		return socket_what(f, buf, size);
	for (size_t i = 0; i < ARRAY_SIZE(anon); i++)
		if (!strncmp(f->link, anon[i].link, strlen(anon[i].link))) {
			snprintf(buf, size, "%s", anon[i].what);
			return buf;
		}
	if (S_ISCHR(f->st.st_mode))
		node_what(f, "character", buf, size);
	else if (S_ISBLK(f->st.st_mode))
		node_what(f, "block", buf, size);
	else if (S_ISFIFO(f->st.st_mode))
		snprintf(buf, size, "the FIFO %s", f->link);
	else if (f->procfs)
		snprintf(buf, size, "%s, which is of one process", f->link);
	else
		snprintf(buf, size, "%s", f->link);
	return buf;
}
