/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stages and the kinds of cr-restore share. The director (this program) does all the thinking; inside each newborn task only
 * the runner executes programs that the director writes into the arena, memory shared by all of them at one address (hole.c).
 */
#ifndef CRKIT_RESTORE_H
#define CRKIT_RESTORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/opts.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/security.h"
#include "core.pb-c.h"
#include "fdinfo.pb-c.h"
#include "fs.pb-c.h"
#include "ipc-shm.pb-c.h"
#include "libimg/libimg.h"
#include "libimg/task.h"
#include "mm.pb-c.h"
#include "parasite/prog.h"
#include "seccomp.pb-c.h"

struct agent_thread {
	pid_t tid;
	CoreEntry *core;      /* the leader's is the task's */
	struct run_area area; /* of its runner */
	struct prog prog;
	int label_fds
		[ATTR_COUNT]; /* label.c: the descriptors, in its task, of the files to write its labels to; -1: none */
	bool reenters;	      /* it goes on inside of the system call that the dump interrupted */
};

/* A task to be: what the images say, and its agent once it is born. */
struct rtask {
	pid_t pid, pgid, sid;
	struct rtask *parent; /* NULL: the root */
	/* The first task with the same descriptor table, or the same working directory, root and umask: it itself, as a rule. */
	struct rtask *table_of, *fs_of;
	enum task_state state;
	CoreEntry *core; /* of the leader; core->tc, core->ids */
	MmEntry *mm;
	FsEntry *fs;
	FdinfoEntry **fds; /* ascending by fd */
	size_t nr_fds;
	struct agent_thread *threads; /* the leader first; after leaders_end() those that live */
	size_t nr_threads;
	bool helper;	       /* not in the images: a process that only holds an id while others are born */
	struct born *born;     /* birth.c */
	struct memory *memory; /* restorer/memory.c */
};

/* We have more about every task than CRIU, whose images have some things otherwise. */
static inline bool is_of_criu(const struct rtask *t)
{
	return !t->core->tc->has_coredump_filter && !t->core->thread_core->has_cpu_affinity;
}

struct restore_ctx {
	const struct opts *opts;
	int images_fd, work_fd;	 /* directories */
	bool tcp_close;		 /* TCP connections are restored closed: the dump had --tcp-close, or we have */
	uint64_t dump_uptime_us; /* when the tree stood still, by CLOCK_MONOTONIC; 0: unknown */
	uint64_t dump_time_us;	 /* and by CLOCK_REALTIME */
	struct pool pool;	 /* lives as long as the restore; images are read into it or kept until the end */
	struct rtask **tasks;	 /* parents before children; tasks[0] is the root */
	size_t nr_tasks;
	struct files *files;  /* files.c */
	struct shmem *shmems; /* restorer/shmem.c: shared anonymous memory */
	size_t nr_shmems;
	IpcShmEntry **sysvs; /* restorer/sysv.c: System V segments to be attached */
	size_t nr_sysvs;
	struct arena *arena;		    /* arena.c */
	struct regs_layout *regs_layout;    /* restorer/arch/regs.h */
	struct own_creds *own_creds;	    /* creds.c */
	struct ApparmorEntry *apparmor;	    /* apparmor.c: policy of the images; NULL: none, or not read yet */
	struct AaNamespace **apparmor_made; /* of that: what is to be made */
	size_t nr_apparmor_made;
	SeccompEntry *filters; /* seccomp.c: of all tasks; NULL: none, or not read yet */
	size_t nr_problems;
	struct names *names; /* names.h: for a moment; shared with the command whose worker we are, as is the next */
	struct names *made;  /* those that go if the restore fails */
	pid_t *root_ret;     /* shared with the command whose worker we are: the root, once the tree is let go */
	int chan;	     /* our end of the socket over which tasks get descriptors */
	int chan_task; /* the number of the other end in every newborn task: above every descriptor that a task has */
	pthread_mutex_t
		lock; /* held by whoever uses the channel, the files or the pool while memory is filled in parallel */
	struct progress progress; /* of filling memory */
	uint64_t pages_restored, pages_compared, pages_skipped_cow;
	uint64_t forking_us; /* until all tasks were born: microseconds */
};

/*
 * A kind of open file. All open files are made by the director, once each, whoever holds them; tasks get them over the channel.
 * One const struct per file of the directory, listed in libimg/kinds.def.
 */
struct restore_kind {
	const char *name;
	FdTypes type;
	/* Plan: reads the kind's own images (pipes-data ...), once. May be NULL. */
	int (*load)(struct restore_ctx *ctx, struct err *e);
	/* Plan: can it be made here? What is wrong is told by problem(); only trouble with images is an error. May be NULL. */
	int (*check)(struct restore_ctx *ctx, const FileEntry *f, struct err *e);
	/* Makes the open file; its status flags, position, content and owner are all set. */
	int (*make)(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e);
	/* Adds to the program of a task that has all its descriptors what only it can do (epoll registration ...). May be NULL. */
	int (*finish)(struct restore_ctx *ctx, struct rtask *t, const FdinfoEntry *fd, const FileEntry *f,
		      struct prog *p, struct err *e);
	/* Once, when all tasks have their files: what needs the whole tree. Closes what the kind keeps. May be NULL. */
	int (*settle)(struct restore_ctx *ctx, struct err *e);
	/* Once, when the director has closed all files of the tree: what would see them being opened and closed. May be NULL. */
	int (*closed)(struct restore_ctx *ctx, struct err *e);
};

/* Plan stage: something that makes this restore impossible. All are reported before the restore gives up. */
void problem(struct restore_ctx *ctx, const char *hint, const char *fmt, ...) _printf_(3, 4);

/* --- files.c ------------------------------------------------------------------------------------------------ */

int files_load(struct restore_ctx *ctx,
	       struct err *e); /* files.img (or the old per-kind images), fdinfo-ID, fs-PID; kinds: load */
int files_check(struct restore_ctx *ctx, struct err *e); /* kinds: check, for every file that a task needs */
/* The director's descriptor of file id, made at the first call. It stays the engine's: do not close. */
int files_get(struct restore_ctx *ctx, uint32_t id, int *fd_ret, struct err *e);
/* The path that a regular file's entry names, NULL when id is no regular file. For messages and the plan. */
const char *files_path(struct restore_ctx *ctx, uint32_t id);
/*
 * Gives a born task all its descriptors, then runs the kinds' finish programs. The task's table is empty but for chan_task. Of tasks
 * that share a table the first gets them; all take the file locks that they had.
 */
int files_give(struct restore_ctx *ctx, struct rtask *t, struct err *e);
/* When all tasks are born and in their groups: owners of files (F_SETOWN) are named, kinds settle; closes all that is ours. */
int files_finish_all(struct restore_ctx *ctx, struct err *e);
/* Sets cwd and root (umask is set elsewhere). Runs as root, before credentials. */
int files_set_fs(struct restore_ctx *ctx, struct rtask *t, struct err *e);
/* The tree runs: the links that its dump made for the restore (--link-remap) go. */
void files_remove_links(struct restore_ctx *ctx);
void files_free(struct restore_ctx *ctx);

/* --- agent.c: talking to a newborn task ---------------------------------------------------------------------- */

/* An empty program in the leader's area. */
void agent_begin(struct rtask *t, struct prog *p);
/* Runs it and waits for its end; a failed op is an error that names the task and the system call. */
int agent_run(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);
/* The same in two halves, so that several tasks work at once. */
int agent_start(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);
int agent_finish(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);

/*
 * Sends n descriptors (at most CHAN_MAX) to a task. In the task they get the lowest free numbers in the order of fds, without FD_CLOEXEC;
 * numbers[] (ours, n elements) says which. The task must be idle. Only one task at a time.
 */
#define CHAN_MAX 250
int agent_send_fds(struct restore_ctx *ctx, struct rtask *t, const int *fds, size_t n, int *numbers, struct err *e);

#endif
