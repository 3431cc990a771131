// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dump is complete or does not exist: the inventory, without which nothing can be restored, goes first when a directory is used
 * again and is written last; after a failure every image goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/security.h"
#include "cr-dump/commit.h"
#include "cr-dump/rescue.h"
#include "inventory.pb-c.h"
#include "stats.pb-c.h"

int commit_begin(struct dump_ctx *ctx, struct err *e)
{
	char name[32];

	img_name(IMG_INVENTORY, 0, name, sizeof(name));
	if (unlinkat(ctx->images_fd, name, 0) && errno != ENOENT)
		return err_set(e, errno, "cannot remove the %s of an earlier dump from %s", name,
			       ctx->opts->images_dir);
	ctx->rescue->begun = true;
	return 0;
}

/* A template as a pattern: "core-%u.img" is "core-*.img". */
static void to_pattern(const char *template, char *buf, size_t size)
{
	size_t n = 0;

	for (const char *p = template; *p && n + 1 < size; p++) {
		if (*p != '%') {
			buf[n++] = *p;
			continue;
		}
		buf[n++] = '*';
		p += 1 + strspn(p + 1, "l");
	}
	buf[n] = '\0';
}

static bool is_image(const char *name)
{
	char pattern[64];

	for (int id = 0; id < IMG_COUNT; id++) {
		to_pattern(img_type(id)->pattern, pattern, sizeof(pattern));
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return false;
}

void commit_undo(struct dump_ctx *ctx)
{
	int fd = openat(ctx->images_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (is_image(d->d_name))
			unlinkat(ctx->images_fd, d->d_name, 0);
}

static int write_stats(struct dump_ctx *ctx, struct err *e)
{
	StatsEntry stats = STATS_ENTRY__INIT;
	DumpStatsEntry d = DUMP_STATS_ENTRY__INIT;
	uint64_t until = ctx->frozen_until_us ? ctx->frozen_until_us : now_us();

	d.freezing_time = ctx->freezing_us;
	d.frozen_time = until - ctx->frozen_at_us;
	d.memdump_time = ctx->memdump_us;
	d.memwrite_time = ctx->memwrite_us;
	d.pages_scanned = ctx->pages_scanned;
	d.pages_written = ctx->pages_written;
	d.has_irmap_resolve = d.has_page_pipes = d.has_page_pipe_bufs = true;
	d.has_shpages_scanned = d.has_shpages_skipped_parent = d.has_shpages_written = true;
	d.shpages_scanned = ctx->shpages_scanned;
	d.shpages_written = ctx->shpages_written;
	stats.dump = &d;
	if (ctx->opts->display_stats)
		printf("Displaying dump stats:\nFreezing time: %u us\nFrozen time: %u us\nMemory dump time: %u us\n"
		       "Memory write time: %u us\nMemory pages scanned: %lu (0x%lx)\nMemory pages written: %lu (0x%lx)\n"
		       "Shared memory pages written: %lu (0x%lx)\n",
		       d.freezing_time, d.frozen_time, d.memdump_time, d.memwrite_time, d.pages_scanned,
		       d.pages_scanned, d.pages_written, d.pages_written, d.shpages_written, d.shpages_written);
	return img_write_one(ctx->work_fd, IMG_STATS_DUMP, 0, &stats.base, e);
}

static const char *run_id(char buf[37])
{
	unsigned char b[16] = { 0 };
	ssize_t n = getrandom(b, sizeof(b), 0);

	(void)n; /* an id that is not random is still an id */
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(buf, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
		 b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return buf;
}

static Lsmtype lsmtype(const struct dump_ctx *ctx)
{
	if (!ctx->has_labels)
		return LSMTYPE__NO_LSM;
	return security_module() == SECURITY_SELINUX ? LSMTYPE__SELINUX : LSMTYPE__APPARMOR;
}

static int write_inventory(struct dump_ctx *ctx, struct err *e)
{
	InventoryEntry inv = INVENTORY_ENTRY__INIT;
	PluginsEntry plugins = PLUGINS_ENTRY__INIT;
	char id[37];

	inv.img_version = IMG_VERSION;
	inv.has_fdinfo_per_id = inv.fdinfo_per_id = true;
	inv.has_ns_per_id = inv.ns_per_id = true;
	inv.root_ids = ctx->root_ids;
	inv.has_root_cg_set = true;
	inv.root_cg_set = 1;
	inv.has_lsmtype = true;
	inv.lsmtype = lsmtype(ctx);
	inv.has_network_lock_method = true;
	inv.has_tcp_close = inv.tcp_close = ctx->opts->tcp_close;
	inv.has_dump_uptime = inv.has_dump_time = true;
	inv.dump_uptime = ctx->frozen_at_us + ctx->freezing_us;
	inv.dump_time = clock_us(CLOCK_REALTIME) - (now_us() - inv.dump_uptime);
	inv.plugins_entry = &plugins;
	inv.dump_criu_run_id = (char *)run_id(id);
	return img_write_one(ctx->images_fd, IMG_INVENTORY, 0, &inv.base, e);
}

/* The inventory too must be there after a power cut, or neither tree nor checkpoint would be. */
static int sync_inventory(struct dump_ctx *ctx, struct err *e)
{
	char name[32];

	img_name(IMG_INVENTORY, 0, name, sizeof(name));
	_cleanup_close_ int fd = openat(ctx->images_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) || fsync(ctx->images_fd))
		return err_set(e, errno, "cannot write %s to disk", name);
	return 0;
}

int commit_finish(struct dump_ctx *ctx, struct err *e)
{
	/* What the inventory vouches for must be on disk before it. */
	if (syncfs(ctx->images_fd))
		return err_set(e, errno, "cannot write the images in %s to disk", ctx->opts->images_dir);
	log_debug("the images are on disk");
	return write_stats(ctx, e) || write_inventory(ctx, e) || sync_inventory(ctx, e) ? -1 : 0;
}
