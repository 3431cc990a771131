/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files at dump. files.c finds every open file of the tree once, whoever holds it, and asks the kinds (libimg/kinds.def)
 * whose it is; a kind turns it into a file_entry. All of it happens while the tree is frozen and leaves no trace: no offset
 * moves, nothing is read that would be gone.
 */
#ifndef CRKIT_DUMP_FILES_H
#define CRKIT_DUMP_FILES_H

#include <sys/stat.h>

#include "base/sockopt.h"
#include "cr-dump/dump.h"
#include "fdinfo.pb-c.h"
#include "fs.pb-c.h"
#include "pipe-data.pb-c.h"
#include "remap-file-path.pb-c.h"
#include "sk-packet.pb-c.h"

enum dump_kind_id {
#define KIND(name) DUMP_KIND_##name,
#define RESTORE_KIND(name)
#include "libimg/kinds.def"
#undef RESTORE_KIND
#undef KIND
	DUMP_KIND_COUNT
};

/* Of descriptor tables, and of working directories: 1 is the tool's own one in the inventory. */
#define FIRST_TABLE_ID 2
/* The network namespace id of ids-PID.img: the one that the tool shares with the tree. */
#define NET_NS_ID 2
#define IPC_NS_ID 3

/* What fdinfo says of every descriptor. */
struct fdinfo {
	int number;
	int early; /* its fdinfo, opened before the tree stood still; or -1 */
	int mnt_id;
	uint64_t pos, ino;
	uint32_t flags;	  /* as F_GETFL gives them */
	uint32_t cloexec; /* FD_CLOEXEC or 0 */
	char *text;	  /* all of it, when it says more than this; else NULL */
	const char *name; /* that the file had before the tree stood still; NULL: unknown */
};

struct dump_kind;

/* What is known of an open file before its kind is asked. */
struct fd_facts {
	struct task *task; /* who was found to have it first */
	int number;	   /* as which descriptor */
	int fd;		   /* ours of the same open file, if the kind needs it; closed after save */
	const struct dump_kind *kind;
	struct stat st;
	int family;	  /* of a socket, else -1 */
	bool procfs;	  /* it is on a proc filesystem */
	bool found;	  /* its name leads to it */
	const char *hint; /* what may be its name, or NULL */
	const char *link; /* its name: what /proc/self/fd shows */
	uint32_t flags;	  /* these four as in fdinfo */
	int mnt_id;
	uint64_t pos, ino;
	const char *text; /* the whole fdinfo, if it says more than that; valid until save returns */
	FownEntry *fown;
	FownEntry owner; /* these two until they are in the pool */
	char *own_link;
};

/* An open file description. Equal in two tables: it is shared. */
struct open_file {
	struct files *files;
	struct task *task;
	int number;
	uint64_t ino;
	int mnt_id;
	uint32_t id;
	dev_t dev;
	const struct dump_kind *kind;
	FileEntry *entry;	   /* without a sub-message: refused */
	const char *label;	   /* files_label.c: of SELinux; NULL: none that must be saved */
	const struct fdinfo *info; /* while it is looked at */
	bool locks_seen;
	bool flying;			 /* it was found in the queue of a socket: task and number are ours */
	bool flying_locks, flying_async; /* then: what only a task could restore */
	struct open_file *less, *more;	 /* files_same.c */
};

struct lock {
	struct open_file *file;
	struct task *task; /* in whose table it was found */
	int number;	   /* descriptor */
	pid_t pid;	   /* who took it */
	uint32_t flag, type;
	long start, len;
};

struct slot {
	int number;
	uint32_t cloexec; /* FD_CLOEXEC or 0 */
	uint32_t locks;	  /* taken through it */
	struct open_file *file;
};

/* A descriptor table, ascending. */
struct table {
	struct task *task; /* the first that has it */
	struct slot *slots;
	struct fdinfo *infos; /* of each slot, while they are looked at */
	size_t nr_slots;
	bool early; /* infos are those of early.h, and may be others by now */
};

/* A task whose table (or working directory) no task before it shares: a node of a tree in kcmp(2)'s order. */
struct sharer {
	struct task *task;
	struct sharer *less, *more;
};

/* What was found in queues of sockets. */
struct packets {
	struct packet {
		SkPacketEntry *entry;
		const uint8_t *bytes;
	} * list;
	size_t nr;
};

#define SAME_BITS 12

struct files {
	struct open_file *same[1 << SAME_BITS];
	struct sharer *table_sharers, *fs_sharers;
	struct open_file **list; /* in the order in which they were found */
	size_t nr_list;
	struct table *tables;
	size_t nr_tables;
	uint32_t nr_fs;		 /* working directories that are not shared */
	struct path_file *paths; /* of files_add_path */
	size_t nr_paths;
	FileEntry **entries; /* all of files.img */
	size_t nr_entries;
	uint32_t next_id;
	struct lock *locks;
	size_t nr_locks;
	RemapFilePathEntry **remaps; /* files that are not found by their names */
	size_t nr_remaps;
	struct ghost **ghosts; /* reg_ghost.c: deleted files */
	size_t nr_ghosts;
	struct link **links; /* reg_find.c: made for the restore */
	size_t nr_links;
	void *kind[DUMP_KIND_COUNT];	      /* what a kind has to remember */
	struct task *self;		      /* files_flying.c */
	struct packets packets;		      /* sk_queues.c */
	struct usual *usual_options;	      /* sockopt.c */
	struct groups *groups;		      /* sockopt_groups.c */
	struct inotify_queue *inotify_queues; /* inotify_queue.c */
	size_t nr_inotify_queues;
	int self_fds; /* /proc/self/fd */
};

struct dump_kind {
	const char *name;
	FdTypes type;
	bool (*claims)(const struct fd_facts *f);
	bool by_name; /* neither save nor files_label() need the descriptor */
	/* Fills in of->entry (id and type are there), or refuses and leaves it without a sub-message. */
	int (*save)(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e);
	/* All files of the tree are known: finds the other ends, refuses what leads out of the tree. May be NULL. */
	int (*looked)(struct dump_ctx *ctx, struct err *e);
	/* Writes the kind's own images. May be NULL. */
	int (*write)(struct dump_ctx *ctx, struct err *e);
};

/* --- files.c ------------------------------------------------------------------------------------------------ */

struct files *files_of(struct dump_ctx *ctx);
uint32_t files_new_id(struct dump_ctx *ctx);
/* One more file_entry of files.img, with a fresh id. */
FileEntry *files_add_entry(struct dump_ctx *ctx, FdTypes type);
/* The table of a task, NULL when it has none (yet). */
struct table *files_table(struct dump_ctx *ctx, const struct task *t);
/* The slot of a descriptor, or NULL. */
struct slot *table_slot(const struct table *table, int number);
/* Refuses an open file: "pid 4312: fd 7 is <what>". */
void refuse_file(struct dump_ctx *ctx, const struct open_file *of, const char *hint, const char *fmt, ...)
	_printf_(4, 5);

/* Files that were not known: what they are, by their kinds. */
int files_look_new(struct dump_ctx *ctx, struct open_file *const *files, size_t nr, struct err *e);

/* Its kind, or NULL. */
const struct dump_kind *kind_for(const struct fd_facts *f);

/* --- files_facts.c ------------------------------------------------------------------------------------------ */

/* *f is all zero before. */
void facts_begin(struct fd_facts *f, const struct open_file *of);
/* Finds out the rest. facts_end() also after a failure. */
int facts_look(struct dump_ctx *ctx, struct fd_facts *facts, size_t nr, struct err *e);
void facts_end(struct fd_facts *facts, size_t nr);
/* The name of a file that we have as fd. */
const char *facts_link(struct dump_ctx *ctx, int fd, struct err *e);
/* Is it the file with this name? */
bool name_leads_to(const char *name, const struct stat *st);

/* --- files_flying.c ----------------------------------------------------------------------------------------- */

/*
 * The open file behind a descriptor that was on its way through a socket. *fd is ours; when the file was not known before, it
 * is kept until the end (*fd is -1 then).
 */
int files_add_flying(struct dump_ctx *ctx, int *fd, struct open_file **ret, struct err *e);
/* Refuses what only a task that has the file in its table could restore. */
void files_settle_flying(struct dump_ctx *ctx);
void files_end_flying(struct dump_ctx *ctx);

/* --- files_label.c ------------------------------------------------------------------------------------------ */

/* The label of a file that its maker's own label has been given to, such as a socket. Nothing without SELinux. */
void files_label(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f);

/* --- files_same.c ------------------------------------------------------------------------------------------- */

/*
 * The one open_file of a descriptor of a task. *new_ret: it was not known before, and is now, without an entry.
 */
int same_file(struct dump_ctx *ctx, struct task *t, const struct fdinfo *info, struct open_file **ret, bool *new_ret,
	      struct err *e);
/* A file with this inode number, as fdinfo has it, that fits; or NULL. */
const struct open_file *file_of_inode(struct dump_ctx *ctx, uint64_t ino,
				      bool (*fits)(const struct open_file *of, void *arg), void *arg);
/*
 * The first task of the tree that has the same descriptor table as t, or the same working directory, root and umask; NULL: t is
 * it. What is shared with somebody outside, or what only some threads of a task have, is refused.
 */
int same_table(struct dump_ctx *ctx, struct task *t, const struct task **first_ret, struct err *e);
int same_fs(struct dump_ctx *ctx, struct task *t, const struct task **first_ret, struct err *e);

/* --- fdinfo.c ----------------------------------------------------------------------------------------------- */

/* Everything but number and text of f. *more_ret: there is more in it. */
int fdinfo_parse(const char *text, struct fdinfo *f, bool *more_ret, struct err *e);
/* Splits "key: value" lines; fn takes what it knows and ignores the rest, so that a new kernel's extra key breaks nothing. */
int fdinfo_each(const char *text, int (*fn)(void *arg, const char *key, const char *val, struct err *e), void *arg,
		struct err *e);

/* --- fdinfo_reader.c ---------------------------------------------------------------------------------------- */

/* nr_slots, ascending, and infos of each table. fdinfo_free() also after a failure. */
int fdinfo_read(const struct dump_ctx *ctx, struct table *tables, size_t nr, struct err *e);
void fdinfo_free(struct table *tables, size_t nr);

/* --- files_locks.c ------------------------------------------------------------------------------------------ */

/* The locks that fdinfo shows for a descriptor of a table. */
int locks_look(struct dump_ctx *ctx, const struct table *table, const struct slot *slot, const char *text,
	       struct err *e);
/* All tables are known: by which descriptor each lock will be taken again. */
void locks_settle(struct dump_ctx *ctx);
int locks_write(struct dump_ctx *ctx, struct err *e);

/* --- files_what.c ------------------------------------------------------------------------------------------- */

/* What an open file that no kind claims is called, for a refusal: "a timerfd". Returns buf. */
const char *file_what(const struct fd_facts *f, char *buf, size_t size);

/* --- pipe_data.c -------------------------------------------------------------------------------------------- */

struct pipe_content {
	bool packets;	     /* an end is in packet mode (O_DIRECT) */
	PipeDataEntry *data; /* NULL: not asked yet */
	uint8_t *bytes;
};

/* Of pipe `id`, by an end of it. What is there when it is open for writing only is left to whoever has the other end. */
int pipe_content_save(struct dump_ctx *ctx, struct pipe_content *c, uint32_t id, int fd, int mode, struct err *e);
int pipe_content_put(struct pipe_content *c, struct img_writer *w, struct err *e);

/* --- reg.c -------------------------------------------------------------------------------------------------- */

/* What leads to a file that a restore has to find. */
struct reg_place {
	struct task *task;
	const struct open_file *of; /* NULL: it is no descriptor */
	const char *what;	    /* then: what the task has it for, "mapping" */
	const char *where;	    /* below /proc/PID: "fd/3", "cwd" */
	const char *link;	    /* where that points, as the kernel shows it */
	bool found;		    /* that leads to it */
	const struct stat *st;
	int mnt_id; /* of a descriptor */
};

void reg_fill(struct dump_ctx *ctx, FileEntry *entry, const struct stat *st, const char *name, uint32_t flags,
	      uint64_t pos, FownEntry *fown);
/* Of what is mapped at where (map_files/START-END), by which a restore knows it again; not with --file-validation filesize. */
void reg_add_build_id(struct dump_ctx *ctx, const struct task *t, const char *where, RegFileEntry *reg);

/* --- reg_find.c --------------------------------------------------------------------------------------------- */

/* The name under which a restore of file `id` finds it. NULL: it was refused. */
int reg_find(struct dump_ctx *ctx, const struct reg_place *p, uint32_t id, const char **name_ret, struct err *e);
/* The links that --link-remap wants; a dump that fails, or lets the tree go on, removes them. */
int links_make(struct dump_ctx *ctx, struct err *e);
void links_remove(struct dump_ctx *ctx);

/* --- reg_proc.c --------------------------------------------------------------------------------------------- */

struct reg_proc {
	const char *name;    /* that a restore has to open */
	pid_t dead;	     /* of a process that has ended: its number; else 0 */
	const char *why_not; /* it cannot be had again; NULL: it can */
};

/* Is it below /proc/PID? */
bool reg_in_proc(struct dump_ctx *ctx, const struct reg_place *p, struct reg_proc *ret);

/* --- reg_ghost.c -------------------------------------------------------------------------------------------- */

/* The number of the image that a deleted file will have. */
int ghost_note(struct dump_ctx *ctx, struct task *t, const char *where, const struct stat *st, uint32_t *id_ret,
	       struct err *e);
int ghosts_write(struct dump_ctx *ctx, struct err *e);

/* --- inotify_queue.c ---------------------------------------------------------------------------------------- */

/* The tree is dead and the checkpoint complete: what could not be looked at before. */
int inotify_queues_save(struct dump_ctx *ctx, struct err *e);

/* --- external.c --------------------------------------------------------------------------------------------- */

/* Was it said, with --external, that this is not of the tree? Pipes have the name pipe[INODE], files file[MNT:INODE] in hex. */
bool external_named(const struct dump_ctx *ctx, const char *fmt, ...) _printf_(2, 3);

/* --- sk_queues.c -------------------------------------------------------------------------------------------- */

/* One more record of sk-queues.img; both live in the pool. */
void files_add_packet(struct dump_ctx *ctx, SkPacketEntry *p, const uint8_t *bytes);
int sk_queues_write(struct dump_ctx *ctx, struct err *e);

/* --- sk_diag.c ---------------------------------------------------------------------------------------------- */

/* A message of the answer: that of the family, with attributes behind it. */
typedef void sk_diag_fn(void *arg, const void *msg, size_t len);

/* Asks sock_diag(7) with the request of a family ("unix"). e->errnum is ENOENT when this kernel has no such list. */
int sk_diag(const char *what, const void *request, size_t len, sk_diag_fn *fn, void *arg, struct err *e);

/* --- sockopt.c ---------------------------------------------------------------------------------------------- */

/* Options of any socket; `other` ones too. Refuses (*refused_ret) what no image field can hold. */
int sockopt_save(struct dump_ctx *ctx, struct open_file *of, int fd, int family, SkOptsEntry **ret, struct err *e);
int sockopt_save_ip(struct dump_ctx *ctx, int fd, int family, InetSkEntry *sk, struct err *e);
void sockopt_add(struct dump_ctx *ctx, SkOptsEntry *o, int level, int name, const void *value, size_t len);
/* sockopt_groups.c: multicast groups that the socket is a member of. */
int sockopt_save_groups(struct dump_ctx *ctx, int fd, int family, SkOptsEntry *o, struct err *e);

#endif
