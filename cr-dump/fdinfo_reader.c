// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads all of /proc/PID/fdinfo. That is half of the work on a task with many descriptors, and needs no order: a second thread
 * reads ahead there while the first looks at the files.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cr-dump/files.h"

#define MANY 48 /* descriptors that are worth a thread */

enum entry_state { NOT_READ, BEING_READ, READ };

struct fdinfo_entry {
	int number;
	uint32_t state; /* enum entry_state; whoever takes it from NOT_READ reads */
	int errnum;	/* 0: it was read */
	char *text;
};

/* The kernel lists descriptors in ascending order. */
static int list(struct fdinfo_reader *r, const struct task *t, struct err *e)
{
	size_t room = 0;
	struct dirent *d;

	while ((errno = 0, d = readdir(r->dir))) {
		if (d->d_name[0] == '.')
			continue;
		if (r->nr == room) {
			size_t more = room ? 2 * room : 64;
			struct fdinfo_entry *bigger = realloc(r->entries, more * sizeof(*bigger));

			if (!bigger)
				return err_nomem(e, "the list of descriptors");
			r->entries = bigger;
			room = more;
		}
		r->entries[r->nr++] = (struct fdinfo_entry){ .number = atoi(d->d_name) };
	}
	return errno ? err_set(e, errno, "cannot list /proc/%d/fdinfo", t->tid) : 0;
}

/* The whole file: a large epoll set has a long one. */
static int read_text(int dir, struct fdinfo_entry *f)
{
	size_t len = 0, size = 1024;
	char name[16];
	ssize_t n;

	snprintf(name, sizeof(name), "%d", f->number);
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = malloc(size);
	if (fd < 0 || !text)
		return errno;
	while ((n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (size - len < 512) {
			char *bigger = realloc(text, 2 * size);

			if (!bigger)
				return ENOMEM;
			text = bigger;
			size *= 2;
		}
	}
	if (n < 0)
		return errno;
	text[len] = '\0';
	f->text = take_ptr(text);
	return 0;
}

static bool read_if_first(struct fdinfo_reader *r, struct fdinfo_entry *f)
{
	uint32_t not_read = NOT_READ;

	if (!__atomic_compare_exchange_n(&f->state, &not_read, BEING_READ, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return false;
	f->errnum = read_text(dirfd(r->dir), f);
	__atomic_store_n(&f->state, READ, __ATOMIC_RELEASE);
	return true;
}

static void *read_ahead(void *arg)
{
	struct fdinfo_reader *r = arg;

	for (size_t i = 0; i < r->nr && !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE); i++)
		read_if_first(r, &r->entries[i]);
	return NULL;
}

/* Signals are for the thread that knows what to do with them. Without a second thread all goes as well, if slower. */
static void start_thread(struct fdinfo_reader *r)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r->has_thread = !pthread_create(&r->thread, NULL, read_ahead, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int fdinfo_open(struct fdinfo_reader *r, const struct task *t, struct err *e)
{
	int fd = openat(t->procfd, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	r->dir = fd < 0 ? NULL : fdopendir(fd);
	if (!r->dir)
		return err_set(e, errno, "cannot list /proc/%d/fdinfo", t->tid);
	if (list(r, t, e))
		return -1;
	if (r->nr >= MANY)
		start_thread(r);
	return 0;
}

/* One that the other thread is busy with is read here, too: that thread may have lost its CPU. */
int fdinfo_get(struct fdinfo_reader *r, size_t i, int *number_ret, const char **text_ret, struct err *e)
{
	struct fdinfo_entry *f = &r->entries[i];
	struct fdinfo_entry own = { .number = f->number };

	*number_ret = f->number;
	if (!read_if_first(r, f) && __atomic_load_n(&f->state, __ATOMIC_ACQUIRE) != READ) {
		own.errnum = read_text(dirfd(r->dir), &own);
		free(r->own_text);
		r->own_text = own.text;
		f = &own;
	}
	if (f->errnum)
		return err_set(e, f->errnum, "cannot read its fdinfo");
	*text_ret = f->text;
	return 0;
}

void fdinfo_close(struct fdinfo_reader *r)
{
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELEASE);
	if (r->has_thread)
		pthread_join(r->thread, NULL);
	for (size_t i = 0; i < r->nr; i++)
		free(r->entries[i].text);
	free(r->entries);
	free(r->own_text);
	if (r->dir)
		closedir(r->dir);
	*r = (struct fdinfo_reader){ 0 };
}
