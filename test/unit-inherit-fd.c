// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections of a tree to its caller: pipes, unix sockets, memfds, FIFOs on a file system that is not
 * mounted any more. The restore is given new ones in their place; it refuses when one is missing, or is open in another way. The
 * numbers, O_NONBLOCK, and where a message comes out are as before, even while a log file has the wanted number.
 */
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "test/crtest-outside.h"

#define MAX 10
#define LEN 16

enum { OURS, THEIRS };

struct sort {
	const char *name;
	int nr;
	void (*make)(int i, int ends[2]);
	void (*key)(const int ends[2], char *text);
	void (*external)(int i, const int ends[2], char *text); /* NULL: the dump needs no option */
	const char *asked; /* how the restore asks for one; NULL: it can do without */
};

/* --- sorts -------------------------------------------------------------------------------------------------- */

static void make_pipe(int i, int ends[2])
{
	int p[2];

	must(pipe2(p, O_CLOEXEC));
	ends[OURS] = p[1];
	ends[THEIRS] = p[0];
}

static void make_reopened(int i, int ends[2])
{
	char path[32];
	int old;

	make_pipe(i, ends);
	old = ends[THEIRS];
	sprintf(path, "/proc/self/fd/%d", old);
	ends[THEIRS] = must(open(path, O_RDONLY | O_CLOEXEC));
	close(old);
}

static void make_stream(int i, int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static void make_seqpacket(int i, int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
}

static void make_dgram(int i, int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
}

/* By connecting to a listening socket of ours; the last one waits to be accepted. */
static void make_connected(int i, int ends[2])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int server = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	sprintf(a.sun_path + 1, "outside-%d-%d", getpid(), server);
	must(bind(server, (struct sockaddr *)&a, sizeof(a)));
	must(listen(server, 1));
	ends[THEIRS] = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	must(connect(ends[THEIRS], (struct sockaddr *)&a, sizeof(a)));
	ends[OURS] = i ? must(accept4(server, NULL, NULL, SOCK_CLOEXEC)) : server;
	if (i)
		close(server);
}

static void make_memfd(int i, int ends[2])
{
	char name[32], path[32];

	sprintf(name, "memory %d", i);
	ends[OURS] = must(memfd_create(name, MFD_CLOEXEC));
	sprintf(path, "/proc/self/fd/%d", ends[OURS]);
	ends[THEIRS] = must(open(path, O_RDONLY | O_CLOEXEC));
}

static void make_fifo(int i, int ends[2])
{
	must(mkdir("mnt", 0700));
	must(mount("none", "mnt", "tmpfs", 0, NULL));
	must(mkfifo("mnt/fifo", 0600));
	ends[OURS] = must(open("mnt/fifo", O_RDWR | O_CLOEXEC));
	ends[THEIRS] = must(open("mnt/fifo", O_RDONLY | O_CLOEXEC));
	must(umount2("mnt", MNT_DETACH));
	must(rmdir("mnt"));
}

/* As /proc shows them, but for what it says of deleted ones. */
static void key_of_link(const int ends[2], char *text)
{
	char path[32], *deleted;
	ssize_t n;

	sprintf(path, "/proc/self/fd/%d", ends[THEIRS]);
	n = must(readlink(path, text, 64));
	text[n] = '\0';
	deleted = strstr(text, " (deleted)");
	if (deleted)
		*deleted = '\0';
}

static void key_of_file(const int ends[2], char *text)
{
	char path[40], line[128];
	unsigned int mount = 0;
	struct stat st;
	FILE *f;

	sprintf(path, "/proc/self/fdinfo/%d", ends[THEIRS]);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "mnt_id: %u", &mount);
	if (f)
		fclose(f);
	must(fstat(ends[THEIRS], &st));
	sprintf(text, "file[%x:%lx]", mount, (unsigned long)st.st_ino);
}

static void external_file(int i, const int ends[2], char *text)
{
	strcpy(text, "--external=");
	key_of_file(ends, text + strlen(text));
}

/* The other option for it takes a list. */
static void external_listed(int i, const int ends[2], char *text)
{
	struct stat st;

	must(fstat(ends[OURS], &st));
	sprintf(text, i ? "--external=unix[%lu]" : "--ext-unix-sk=1,%lu,2", (unsigned long)st.st_ino);
}

/* Either end names it, but for one that is not accepted yet. */
static void external_socket(int i, const int ends[2], char *text)
{
	struct stat st;

	must(fstat(ends[i % 2 ? OURS : THEIRS], &st));
	sprintf(text, "--external=unix[%lu]", (unsigned long)st.st_ino);
}

static const struct sort sorts[] = {
	{ "pipe", MAX, make_pipe, key_of_link, NULL, "no descriptor is given" },
	{ "reopened pipe", 1, make_reopened, key_of_link, NULL, "no descriptor is given" },
	{ "stream", 2, make_stream, key_of_link, external_socket, "give another with --inherit-fd" },
	{ "seqpacket", 2, make_seqpacket, key_of_link, external_listed, "give another with --inherit-fd" },
	{ "datagram", 2, make_dgram, key_of_link, external_socket, "give another with --inherit-fd" },
	{ "connection", 2, make_connected, key_of_link, external_socket, "give another with --inherit-fd" },
	{ "memfd", MAX, make_memfd, key_of_link, NULL, NULL },
	{ "FIFO", 1, make_fifo, key_of_file, external_file, "no descriptor is given" },
};

/* --- the tree ----------------------------------------------------------------------------------------------- */

static int ends[MAX][2], wanted[MAX];
static char key[MAX][64];

static void message(int i, char *text)
{
	snprintf(text, LEN, "message %-7d", i);
}

/* Ends with 42 when each connection has brought its message, if one of its own is as good as ever. */
static void listen_to_all(int nr, int ready)
{
	int left = nr, own[2];
	char c;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, own));
	close(ready);
	while (left) {
		for (int i = 0; i < nr; i++) {
			struct pollfd p = { .fd = ends[i][THEIRS], .events = POLLIN };
			char text[LEN], want[LEN];

			if (wanted[i] < 0 || poll(&p, 1, 0) != 1 || !(p.revents & POLLIN))
				continue;
			if (read(p.fd, text, LEN) != LEN)
				continue;
			message(i, want);
			if (memcmp(text, want, LEN))
				_exit(2);
			wanted[i] = -1;
			left--;
		}
		usleep(5000);
	}
	_exit(write(own[0], "", 1) == 1 && read(own[1], &c, 1) == 1 ? 42 : 3);
}

static void make_all(const struct sort *s)
{
	for (int i = 0; i < s->nr; i++)
		s->make(i, ends[i]);
}

static void close_all(const struct sort *s)
{
	for (int i = 0; i < s->nr; i++)
		for (int j = 0; j < 2; j++)
			close(ends[i][j]);
}

static pid_t start(const struct sort *s)
{
	int ready[2], end;
	pid_t pid;

	must(pipe2(ready, O_CLOEXEC));
	pid = must(fork());
	if (pid) {
		close(ready[1]);
		must(read(ready[0], &end, 1)); /* until it closes its end */
		close(ready[0]);
		return pid;
	}
	close(ready[0]);
	must(setsid());
	for (int i = 0; i < s->nr; i++) {
		close(ends[i][OURS]);
		wanted[i] = i;
		if (i % 2)
			must(fcntl(ends[i][THEIRS], F_SETFL, O_NONBLOCK));
	}
	for (int fd = 0; fd < 3; fd++)
		must(dup2(must(open("/dev/null", O_RDWR | O_CLOEXEC)), fd));
	listen_to_all(s->nr, ready[1]);
	_exit(1);
}

/* --- the restore -------------------------------------------------------------------------------------------- */

/* /bin/sh knows descriptors up to 9 in redirections only: they are inherited. */
static void offer(const struct sort *s, int end, char *options, size_t size)
{
	*options = '\0';
	for (int i = 0; i < s->nr; i++) {
		must(fcntl(ends[i][end], F_SETFD, 0));
		append(options, size, " --inherit-fd 'fd[%d]:%s'", ends[i][end], key[i]);
	}
}

static void check_refusals(const struct sort *s)
{
	char options[2048];

	if (s->asked && (!restore("") || lines_of("refused", s->asked) != s->nr))
		fail("a restore without descriptors does not ask for each");
	if (s->make != make_pipe && s->make != make_memfd)
		return;
	offer(s, OURS, options, sizeof(options));
	if (!restore(options) || lines_of("refused", "in the same way") != s->nr)
		fail("a restore takes the wrong end");
}

static void check_nonblock(const struct sort *s)
{
	for (int i = 0; i < s->nr; i++)
		if ((fcntl(ends[i][THEIRS], F_GETFL) ^ (i % 2 ? O_NONBLOCK : 0)) & O_NONBLOCK)
			fail("O_NONBLOCK is not as it was");
}

static void send_all(const struct sort *s)
{
	char text[LEN];

	for (int i = 0; i < s->nr; i++) {
		int fd = ends[i][OURS];

		message(i, text);
		if (s->make == make_connected && !i)
			fd = must(accept(fd, NULL, NULL));
		if (write(fd, text, LEN) != LEN)
			fail("cannot send a message");
	}
}

/* A log file of the caller at the number that the tree's file has. */
static int occupy(int number)
{
	int fd = must(open("caller.log", O_WRONLY | O_CREAT | O_APPEND, 0600));

	must(dup2(fd, number));
	if (fd != number)
		close(fd);
	return number;
}

static void dump_all(const struct sort *s, pid_t pid)
{
	char options[2048] = "", text[64];

	for (int i = 0; i < s->nr; i++) {
		s->key(ends[i], key[i]);
		wanted[i] = ends[i][THEIRS];
		if (s->external) {
			s->external(i, ends[i], text);
			append(options, sizeof(options), " '%s'", text);
		}
	}
	if (s->external && s->make != make_fifo && (!dump(pid, "") || lines_of("refused", "--external unix") != s->nr))
		fail("a dump does not name all that leads outside");
	must(kill(pid, SIGSTOP));
	must(waitpid(pid, NULL, WUNTRACED));
	if (s->make == make_pipe || s->make == make_stream)
		must(write(ends[0][OURS], "not for the new one", 19));
	if (dump(pid, options))
		fail("the dump failed");
	if (s->make == make_pipe && lines_of("img/cr-dump.log", "has its other end outside the tree") != s->nr)
		fail("the dump says nothing about the other ends");
	ends_by(pid, SIGKILL, 0);
}

static void test(const struct sort *s)
{
	char options[2048];
	pid_t pid;

	printf("%s\n", s->name);
	make_all(s);
	pid = start(s);
	dump_all(s, pid);
	close_all(s);
	make_all(s);
	check_refusals(s);
	offer(s, THEIRS, options, sizeof(options));
	if (s->make == make_reopened) {
		if (!restore(options) || !lines_of("refused", "once more through /proc"))
			fail("a restore takes one descriptor for two");
		close_all(s);
		return;
	}
	append(options, sizeof(options), " --inherit-fd 'fd[0]:pipe:[1]'");
	occupy(wanted[0] == ends[0][THEIRS] ? 99 : wanted[0]);
	if (restore(options))
		fail("the restore failed");
	if (!lines_of("img/cr-restore.log", "pipe:[1]: the tree has no such open file"))
		fail("a descriptor that is of no use is not mentioned");
	if (s->make == make_pipe || s->make == make_stream)
		if (lines_of("img/cr-restore.log", "that were in it are not in the one that --inherit-fd gives") != 1)
			fail("what is lost is not mentioned");
	check_nonblock(s);
	must(kill(pid, SIGCONT));
	send_all(s);
	ends_by(pid, 0, 42);
	close_all(s);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
		must(mkdir("img", 0700));
		test(&sorts[i]);
		if (system("rm -rf img"))
			fail("cannot remove the images");
	}
	return 0;
}
