/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stages and the kinds of cr-dump share. A dump goes through: freeze (freeze.c), look from outside, ask inside (ask.c),
 * save, pages (pages.c), commit, release (main.c). State is split by subject into parts (parts.def): a part looks at a
 * task from outside, may add system calls to the program that runs inside it, and turns what it learned into messages.
 */
#ifndef CRKIT_DUMP_H
#define CRKIT_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/opts.h"
#include "base/pool.h"
#include "core.pb-c.h"
#include "fs.pb-c.h"
#include "libimg/libimg.h"
#include "libimg/task.h"
#include "mm.pb-c.h"
#include "parasite/infect.h"

enum dump_part_id {
#define PART(name) PART_##name,
#include "cr-dump/parts.def"
#undef PART
	PART_COUNT
};

struct thread {
	struct tracee tr;	     /* tid, registers, signal mask as found */
	CoreEntry *core;	     /* core-TID.img; that of the first one has tc too */
	struct prog prog;	     /* what was asked inside */
	uint32_t ask_at[PART_COUNT]; /* index of each part's first op in prog */
	int32_t blocked_nr;	     /* the system call it slept in before it was seized; -1: none, or unknown */
	int32_t restarted_nr;	     /* where that is restart_syscall(2): the call that goes on by it; -1: unknown */
	uint64_t asleep_ns;	     /* for how long it had slept then */
	uint64_t switches;	     /* how often it had gone to sleep until then */
	bool keeps_timeout;	     /* its call does not write what is left of its timeout */
	bool stands;		     /* it has come to a stop, and tr.regs are its registers */
};

/* A mapping of a task, as found. Paths are as in /proc/PID/maps. */
struct vma {
	uint64_t start, end, pgoff; /* bytes */
	uint64_t ino;
	dev_t dev;
	char perms[5];
	const char *path; /* "" for none */
	bool may_guard;	  /* may have guard pages */
	bool empty;	  /* no page of it is in memory or swapped out */
	VmaEntry *entry;  /* what goes into the image */
};

struct task {
	pid_t pid, ppid, pgid, sid; /* as the tool sees them; ppid 0 for the root */
	pid_t tid;	     /* of threads[0]: by it the kernel shows the task. pid, unless the leader has ended */
	struct task *parent; /* NULL: the root */
	enum task_state state;
	int exit_code;		/* of a dead one, as from wait(2) */
	int exit_signal;	/* what its parent gets at its end */
	int tty;		/* device number of its controlling terminal, 0: none */
	int procfd;		/* the directory /proc/TID */
	int pidfd;		/* likewise of tid */
	struct thread *threads; /* that live, the leader first; none when dead */
	unsigned int nr_threads;
	bool loses;	      /* while it is being stopped: a thread of it has ended */
	struct thread *ended; /* the leader, when it has ended while others live; a zombie, of which only /proc tells */
	struct infection inf;
	struct vma *vmas; /* in address order */
	size_t nr_vmas;
	bool knows_keys; /* memory can have protection keys on this CPU */
	bool uses_keys;	 /* some has */
	MmEntry *mm;
	uint32_t files_id, fs_id; /* equal in tasks that share the table, or the working directory, root and umask */
	FsEntry *fs;
	uint64_t pages_written;
	size_t ask_room; /* more than LEADER_AREA that its program needs: a multiple of 16 */
};

struct dump_ctx {
	const struct opts *opts;
	int images_fd, work_fd; /* directories */
	struct pool pool;	/* messages and everything else that lives as long as the dump */
	struct task **tasks;	/* parents before children, siblings in order of birth; tasks[0] is the root */
	size_t nr_tasks;
	struct refusal *refusals;
	size_t nr_refusals;
	TaskKobjIdsEntry *root_ids;	/* of the tool itself: the namespaces it runs in; set by the core part */
	struct early *early;		/* early.c: what was done before the tree stood still */
	struct files *files;		/* files.c: every open file of the tree */
	struct shmems *shmems;		/* shmem.c: shared anonymous memory */
	struct ahead *ahead;		/* ahead.c: what was read ahead for the look stage */
	struct confined *confined;	/* confined.c */
	struct filters *filters;	/* seccomp.c: all filters of the tree */
	const char *own_label;		/* label.c */
	struct ApparmorEntry *apparmor; /* apparmor.c: policy that is to be saved; NULL: none */
	bool has_labels;		/* some thread has one that the restore is to set */
	struct rescue *rescue;		/* rescue.h: shared with the command; begun: after a failure the images go */
	uint32_t next_pages_id;		/* of the next pages-ID.img, from 1 */
	struct cpu_site site;		/* ask.c: where it was found last, as offsets in that mapping */
	/* For stats-dump. Microseconds, pages. */
	uint64_t freezing_us, frozen_at_us, frozen_until_us, memdump_us, memwrite_us, pages_scanned, pages_written,
		shpages_scanned, shpages_written;
};

/*
 * One subject of a task's state. Every member may be NULL. Order of calls, over the whole tree each:
 * begin once (looks at all tasks together), look (tree frozen, nothing injected), ask and ask_thread (add ops to the program), save
 * and save_thread (the program has run: prog_result(&thread->prog, at + k) is the result of the part's op k), then finish once (write
 * images of all tasks).
 * look, save: once a living task; *_thread: every thread, the leader included. look_dead: tasks that are zombies.
 */
struct dump_part {
	const char *name;
	int (*begin)(struct dump_ctx *ctx, struct err *e);
	int (*look)(struct dump_ctx *ctx, struct task *t, struct err *e);
	int (*looked)(struct dump_ctx *ctx, struct err *e); /* once, at all tasks; may refuse still */
	void (*ask)(struct dump_ctx *ctx, struct task *t, struct prog *p);
	void (*ask_thread)(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p);
	int (*save)(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e);
	int (*save_thread)(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e);
	int (*finish)(struct dump_ctx *ctx, struct err *e);
};

/* Sizes of the areas that parts may fill with ops and data: of the leader's program and of the other threads' ones. */
#define LEADER_AREA (40 * 1024)
#define THREAD_AREA (4 * 1024)

/* State that is seen but cannot be saved: named, all of it in one run, after the look stage. hint may be NULL. */
void refuse(struct dump_ctx *ctx, const struct task *t, const char *hint, const char *fmt, ...) _printf_(4, 5);
int refuse_report(struct dump_ctx *ctx, struct err *e); /* 0 when there is nothing to refuse */

/* --- stages, in this order ---------------------------------------------------------------------------------- */

/* Seizes every thread of the tree of opts->tree, fills ctx->tasks. On failure everything is let go again. */
int freeze_tree(struct dump_ctx *ctx, struct err *e);
/* Lets the tree go as opts say (kill, running, stopped); after a failure: as it was. */
int release_tree(struct dump_ctx *ctx, bool success, struct err *e);

int look_tree(struct dump_ctx *ctx, struct err *e); /* parts: look */
int ask_tree(struct dump_ctx *ctx, struct err *e);  /* infect, parts: ask, run, cure, parts: save */

/* Private memory of all living tasks into pagemap-PID and pages-ID images; called by the mm part's finish. */
int pages_dump(struct dump_ctx *ctx, struct err *e);

/* --- files.c: open files, fd tables ------------------------------------------------------------------------- */

/*
 * The id of a regular file or directory that is not an open descriptor of the task (exe, mapping, cwd, root), added to
 * files.img. fd: any descriptor of it (O_PATH is enough); where: below /proc/PID, what leads to it ("exe"); flags: O_RDONLY or
 * O_RDWR ... as a restore must open it. What a restore cannot find is refused (refuse()), then *id_ret is 0.
 */
int files_add_path(struct dump_ctx *ctx, struct task *t, int fd, const char *where, uint32_t flags, const char *what,
		   uint32_t *id_ret, struct err *e);

/* --- files_same.c ------------------------------------------------------------------------------------------- */

/*
 * Does the root share an object of this type (KCMP_FILES ...) with a process outside? Then it is refused. Only the root's parent is
 * asked, by whose clone(2) such sharing begins: to ask all would cost every dump as much as the machine has processes. One that we
 * may not look at, or that ends now, is none.
 */
int same_outside(struct dump_ctx *ctx, struct task *t, int type, const char *what, struct err *e);

/* --- look at /proc ------------------------------------------------------------------------------------------ */

/* Reads /proc/TID/name (all of it) into a buffer of the pool, with a terminating zero. */
int proc_read(struct dump_ctx *ctx, const struct task *t, const char *name, char **ret, size_t *len_ret, struct err *e);

#endif
