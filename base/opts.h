/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: one table for both tools, with CRIU's names and meanings. An option that only the other tool acts on is
 * accepted; one that is known but not built yet is refused by name unless ignoring it can harm nothing.
 */
#ifndef CRKIT_OPTS_H
#define CRKIT_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"

/* The arguments of an option that may be given several times, in their order. */
struct opt_list {
	const char **items;
	size_t nr;
};

struct opts {
	pid_t tree;		 /* -t; 0: not given */
	const char *images_dir;	 /* -D, default "." */
	const char *work_dir;	 /* -W, default: the images directory */
	const char *log_file;	 /* -o, relative to the work directory; NULL: stderr */
	const char *pidfile;	 /* relative to the work directory */
	const char *root;	 /* -r */
	const char *lsm_profile; /* MODULE:LABEL */
	int verbosity;		 /* -v, 0..4 */
	unsigned int timeout;	 /* seconds in which all tasks must be seized */
	bool leave_running, leave_stopped, shell_job, display_stats;
	bool restore_detached, restore_sibling, plan, file_locks, tcp_established, skip_rwx_check, vdso_redirect;
	bool ext_unix_sk, tcp_close, skip_in_flight;
	const char *ext_unix_inodes; /* numbers, with commas */
	bool link_remap, ghost_fiemap, evasive_devices, validate_size, force_irmap;
	uint64_t ghost_limit; /* bytes */
	struct opt_list external, inherit_fd, remap_path, irmap_scan_paths;
	enum fault fault;
	bool help, version, check;
	const char *check_feature; /* --check NAME; "" for all */
};

enum opts_tool { OPTS_DUMP = 1, OPTS_RESTORE = 2 };

/* Parses the command line. Strings stay those of argv. Returns 0, or -1: a usage error. */
int opts_parse(enum opts_tool tool, int argc, char **argv, struct opts *ret, struct err *e);

/* --help, at most 80 columns a line. */
void opts_usage(enum opts_tool tool);

#endif
