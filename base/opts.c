// SPDX-License-Identifier: GPL-2.0-only
/* The command line: see opts.h. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/opts.h"

#define DUMP	OPTS_DUMP
#define RESTORE OPTS_RESTORE
#define BOTH	(OPTS_DUMP | OPTS_RESTORE)

enum value { FLAG, FLAG_OFF, OUTSIDE, STRING, LIST, PID, SECONDS, SIZE, VALIDATION, VERBOSITY };

/* What an option is to us: acted on; harmless to ignore (it only permits something); known but not built. */
enum support { ACTS, PERMITS, NOT_BUILT };

struct option_desc {
	const char *name;
	int letter; /* 0: none */
	enum value value;
	enum support support;
	int tools; /* who acts on it and shows it in its help */
	size_t field;
	const char *help;
};

#define F(f) offsetof(struct opts, f)

static const struct option_desc table[] = {
	{ "tree", 't', PID, ACTS, DUMP, F(tree), "PID  the root of the process tree to dump" },
	{ "images-dir", 'D', STRING, ACTS, BOTH, F(images_dir), "DIR  where the images are (default: .)" },
	{ "work-dir", 'W', STRING, ACTS, BOTH, F(work_dir), "DIR  for log, pidfile, statistics (default: -D)" },
	{ "log-file", 'o', STRING, ACTS, BOTH, F(log_file), "FILE  the log (default: standard error)" },
	{ "verbosity", 'v', VERBOSITY, ACTS, BOTH, F(verbosity), "[N]  0 silent ... 4 everything (default 2)" },
	{ "leave-running", 'R', FLAG, ACTS, DUMP, F(leave_running), "  let the tree go on after the dump" },
	{ "leave-stopped", 's', FLAG, ACTS, BOTH, F(leave_stopped), "  leave the tree stopped" },
	{ "shell-job", 'j', FLAG, ACTS, BOTH, F(shell_job), "  session and terminal belong to a shell outside" },
	{ "timeout", 0, SECONDS, ACTS, DUMP, F(timeout), "S  time to stop the whole tree (default 10)" },
	{ "display-stats", 0, FLAG, ACTS, BOTH, F(display_stats), "  print the statistics at the end" },
	{ "pidfile", 0, STRING, ACTS, RESTORE, F(pidfile), "FILE  write the pid of the root there" },
	{ "restore-detached", 'd', FLAG, ACTS, RESTORE, F(restore_detached), "  return when the tree runs" },
	{ "restore-sibling", 'S', FLAG, ACTS, RESTORE, F(restore_sibling), "  the root becomes a child of the caller" },
	{ "plan", 0, FLAG, ACTS, RESTORE, F(plan), "  check everything, print the plan, restore nothing" },
	{ "skip-file-rwx-check", 0, FLAG, ACTS, RESTORE, F(skip_rwx_check), "  accept files whose mode changed" },
	{ "remap-path", 0, LIST, ACTS, RESTORE, F(remap_path), "PATHS  OLD=NEW: what begins with OLD begins with NEW" },
	{ "vdso-redirect", 0, FLAG, ACTS, RESTORE, F(vdso_redirect), "  keep the dumped vDSO, even if it is the same" },
	{ "help", 'h', FLAG, ACTS, BOTH, F(help), "  this text" },
	{ "version", 'V', FLAG, ACTS, BOTH, F(version), "  the version" },
	{ "no-default-config", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "root", 'r', STRING, PERMITS, BOTH, F(root), NULL },
	{ "file-locks", 'l', FLAG, ACTS, DUMP, F(file_locks), "  save file locks too" },
	{ "tcp-established", 0, FLAG, PERMITS, BOTH, F(tcp_established), NULL },
	{ "tcp-close", 0, FLAG, ACTS, BOTH, F(tcp_close), "  TCP connections are closed after the restore" },
	{ "skip-in-flight", 0, FLAG, ACTS, DUMP, F(skip_in_flight), "  drop TCP connections that wait for accept(2)" },
	{ "ext-unix-sk", 'x', OUTSIDE, ACTS, BOTH, F(ext_unix_sk),
	  "[INODES]  sockets may send to one outside the tree" },
	{ "link-remap", 0, FLAG, ACTS, DUMP, F(link_remap), "  give files without their name a link for the restore" },
	{ "ghost-limit", 0, SIZE, ACTS, DUMP, F(ghost_limit), "SIZE  of a deleted file that is saved (default 1M)" },
	{ "ghost-fiemap", 0, FLAG, ACTS, DUMP, F(ghost_fiemap), "  find the holes of deleted files by FIEMAP" },
	{ "no-ghost-fiemap", 0, FLAG_OFF, ACTS, DUMP, F(ghost_fiemap), "  find them by SEEK_DATA (default)" },
	{ "evasive-devices", 0, FLAG, ACTS, DUMP, F(evasive_devices), "  a device may be found under another name" },
	{ "force-irmap", 0, FLAG, ACTS, DUMP, F(force_irmap), "  look for watched files by name, not by handle" },
	{ "irmap-scan-path", 0, LIST, ACTS, DUMP, F(irmap_scan_paths), "DIR  look for watched files there" },
	{ "manage-cgroups", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "enable-external-sharing", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "enable-external-masters", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "ext-mount-map", 0, STRING, PERMITS, BOTH, 0, NULL },
	{ "external", 0, LIST, ACTS, BOTH, F(external), "WHAT  is not of the tree, such as unix[INODE]" },
	{ "enable-fs", 0, STRING, PERMITS, BOTH, 0, NULL },
	{ "file-validation", 0, VALIDATION, ACTS, BOTH, F(validate_size),
	  "HOW  by buildid (default) or by filesize only" },
	{ "network-lock", 0, STRING, PERMITS, BOTH, 0, NULL },
	{ "mntns-compat-mode", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "no-mntns-compat-mode", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "allow-uprobes", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "libdir", 'L', STRING, PERMITS, BOTH, 0, NULL },
	{ "log-pid", 0, FLAG, PERMITS, BOTH, 0, NULL },
	{ "lsm-profile", 0, STRING, ACTS, RESTORE, F(lsm_profile),
	  "PROFILE  apparmor:NAME or selinux:LABEL in its place" },
	{ "lsm-mount-context", 0, STRING, PERMITS, BOTH, 0, NULL },
	{ "cpu-cap", 0, STRING, PERMITS, BOTH, 0, NULL },
	{ "status-fd", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "inherit-fd", 0, LIST, ACTS, RESTORE, F(inherit_fd),
	  "WHAT  fd[N]:KEY: our descriptor N takes the place of KEY" },
	{ "track-mem", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "prev-images-dir", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "pre-dump-mode", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "auto-dedup", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "page-server", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "address", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "port", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "lazy-pages", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "stream", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "join-ns", 'J', STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "empty-ns", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "freeze-cgroup", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "cgroup-root", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "action-script", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "exec-cmd", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
	{ "config", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "veth-pair", 0, STRING, NOT_BUILT, BOTH, 0, NULL },
	{ "unprivileged", 0, FLAG, NOT_BUILT, BOTH, 0, NULL },
};

#define LONG_BASE 1000 /* getopt's value of table row i is LONG_BASE + i */

static const char *tool_name(enum opts_tool tool)
{
	return tool == DUMP ? "cr-dump" : "cr-restore";
}

static const struct option_desc *by_letter(int letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

static int parse_number(const char *text, long min, long max, const char *name, long *ret, struct err *e)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max)
		return err_set(e, 0, "--%s wants a number from %ld to %ld, not \"%s\"", name, min, max, text);
	*ret = v;
	return 0;
}

/* -v counts up, -v4 and --verbosity=4 set, -vvv arrives as -v with the argument "vv". */
static int parse_verbosity(int *level, const char *arg, struct err *e)
{
	long v;

	if (!arg) {
		*level = *level < 3 ? 3 : *level + 1;
		return 0;
	}
	if (*arg == 'v' && strspn(arg, "v") == strlen(arg)) {
		*level = 1 + strlen(arg);
		return 0;
	}
	if (parse_number(arg, 0, 9, "verbosity", &v, e))
		return -1;
	*level = v;
	return 0;
}

/* Bytes, or with a suffix K, M or G. */
static int parse_size(const char *text, const char *name, uint64_t *ret, struct err *e)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	int shift = 0;
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end & ~0x20) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		end++;
	}
	if (errno || end == text || *text == '-' || *end || *ret > UINT64_MAX >> shift)
		return err_set(e, 0, "--%s wants a size such as 65536, 64K or 1M, not \"%s\"", name, text);
	*ret <<= shift;
	return 0;
}

static int add(struct opt_list *list, const char *arg, struct err *e)
{
	const char **items = realloc(list->items, (list->nr + 1) * sizeof(*items));

	if (!items)
		return err_set(e, ENOMEM, "cannot note an option");
	list->items = items;
	items[list->nr++] = arg;
	return 0;
}

/* Of --ext-unix-sk. */
static int parse_inodes(const char *text, struct opts *o, struct err *e)
{
	if (strspn(text, "0123456789,") != strlen(text))
		return err_set(e, 0, "--ext-unix-sk wants inode numbers with commas between, not \"%s\"", text);
	o->ext_unix_inodes = text;
	return 0;
}

static int parse_validation(const char *text, bool *size_only, struct err *e)
{
	*size_only = !strcmp(text, "filesize");
	if (*size_only || !strcmp(text, "buildid"))
		return 0;
	return err_set(e, 0, "--file-validation is filesize or buildid, not \"%s\"", text);
}

static int store(const struct option_desc *d, const char *arg, struct opts *o, struct err *e)
{
	void *field = (char *)o + d->field;
	long v;

	if (d->support == NOT_BUILT) {
		err_set(e, 0, "--%s is not supported by this version", d->name);
		return err_hint(e, "NEWS and README.md list what works today");
	}
	if (!d->field && d->support == PERMITS)
		return 0;
	switch (d->value) {
	case FLAG:
		*(bool *)field = true;
		return 0;
	case FLAG_OFF:
		*(bool *)field = false;
		return 0;
	case OUTSIDE:
		o->ext_unix_sk = true;
		return arg ? parse_inodes(arg, o, e) : 0;
	case STRING:
		*(const char **)field = arg;
		return 0;
	case LIST:
		return add(field, arg, e);
	case SIZE:
		return parse_size(arg, d->name, field, e);
	case VALIDATION:
		return parse_validation(arg, field, e);
	case PID:
		if (parse_number(arg, 1, INT_MAX, d->name, &v, e))
			return -1;
		*(pid_t *)field = v;
		return 0;
	case SECONDS:
		if (parse_number(arg, 0, INT_MAX, d->name, &v, e))
			return -1;
		*(unsigned int *)field = v;
		return 0;
	case VERBOSITY:
		return parse_verbosity(field, arg, e);
	}
	return 0;
}

/* getopt's two tables, made of ours. */
static void build(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int has = table[i].value <= FLAG_OFF				   ? no_argument :
			  table[i].value == VERBOSITY || table[i].value == OUTSIDE ? optional_argument :
										     required_argument;

		longs[i] = (struct option){ table[i].name, has, NULL, LONG_BASE + (int)i };
		if (!table[i].letter)
			continue;
		*shorts++ = table[i].letter;
		for (int c = 0; c < has; c++)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

int opts_parse(enum opts_tool tool, int argc, char **argv, struct opts *ret, struct err *e)
{
	struct option longs[ARRAY_SIZE(table) + 1] = { 0 };
	char shorts[3 * ARRAY_SIZE(table) + 2];
	int c;

	*ret = (struct opts){ .images_dir = ".", .verbosity = LOG_WARN, .timeout = 10 };
	ret->ghost_limit = 1 << 20;
	if (fault_from_environment(&ret->fault, e))
		return -1;
	ret->vdso_redirect = ret->fault == FAULT_VDSO_REDIRECT;
	ret->force_irmap = ret->fault == FAULT_NO_HANDLES;
	build(longs, shorts);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_desc *d = c >= LONG_BASE ? &table[c - LONG_BASE] : by_letter(c);

		if (c == ':')
			return err_set(e, 0, "option %s wants an argument", argv[optind - 1]);
		if (c == '?' || !d)
			return err_set(e, 0, "unknown option %s", argv[optind - 1]);
		if (store(d, optarg, ret, e))
			return -1;
	}
	if (optind < argc)
		return err_set(e, 0, "%s takes no argument \"%s\"", tool_name(tool), argv[optind]);
	return 0;
}

void opts_usage(enum opts_tool tool)
{
	printf("Usage: %s\n\n", tool == DUMP ? "cr-dump -t PID [-D DIR] [options]" : "cr-restore [-D DIR] [options]");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct option_desc *d = &table[i];

		if (!d->help || !(d->tools & tool))
			continue;
		if (d->letter)
			printf("  -%c, --%s %s\n", d->letter, d->name, d->help);
		else
			printf("      --%s %s\n", d->name, d->help);
	}
	printf("\nOptions of CRIU that this version does not need are accepted. See %s(1).\n", tool_name(tool));
}
