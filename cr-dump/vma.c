// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the mappings of a task from /proc/PID/smaps. It is five times slower than maps and says little more that we need, but that little
 * (the VmFlags line: locked, grows down, madvise(2) ...) is found nowhere else.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "base/kernel.h"
#include "cr-dump/ahead.h"
#include "cr-dump/vma.h"

struct shmems *shmems_of(struct dump_ctx *ctx)
{
	if (!ctx->shmems)
		ctx->shmems = pool_alloc(&ctx->pool, sizeof(*ctx->shmems));
	return ctx->shmems;
}

static uint64_t hex(const char **p)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		unsigned char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			return v;
	}
}

static bool skip(const char **p, char c)
{
	return *(*p)++ == c;
}

/* "7f12a000-7f12c000 rw-p 00001000 fe:00 332383      /usr/bin/true". end: where the line's newline is. */
static int parse_head(struct pool *pool, const char *p, const char *end, const struct vma *last, struct vma *v)
{
	unsigned int major;
	bool ok;

	v->start = hex(&p);
	ok = skip(&p, '-');
	v->end = hex(&p);
	ok = ok && skip(&p, ' ') && end - p > 5;
	if (!ok)
		return -1;
	memcpy(v->perms, p, 4);
	p += 4;
	ok = skip(&p, ' ');
	v->pgoff = hex(&p);
	ok = ok && skip(&p, ' ');
	major = hex(&p);
	ok = ok && skip(&p, ':');
	v->dev = makedev(major, hex(&p));
	ok = ok && skip(&p, ' ');
	v->ino = strtoull(p, (char **)&p, 10);
	while (*p == ' ')
		p++;
	if (!ok || p > end)
		return -1;
	/* The same path as before, mostly. */
	if (last && strlen(last->path) == (size_t)(end - p) && !memcmp(last->path, p, end - p)) {
		v->path = last->path;
		return 0;
	}
	v->path = pool_copy(pool, p, end - p + 1);
	((char *)v->path)[end - p] = '\0';
	return 0;
}

#define FLAG(a, b) ((a) << 8 | (b))

static void parse_flag(int flag, struct vma_flags *f)
{
	switch (flag) {
	case FLAG('m', 'w'):
		f->may_write = true;
		break;
	case FLAG('g', 'd'):
		f->map |= MAP_GROWSDOWN;
		break;
	case FLAG('l', 'o'):
		f->map |= MAP_LOCKED;
		break;
	case FLAG('l', 'f'):
		f->locked_on_fault = true;
		break;
	case FLAG('?', '?'):
		/* Linux 6.1 has no name for it, but one for all others that a locked mapping can have. It comes after "lo". */
		f->locked_on_fault |= f->map & MAP_LOCKED;
		break;
	case FLAG('n', 'r'):
		f->map |= MAP_NORESERVE;
		break;
	case FLAG('r', 'r'):
		f->madv |= 1u << MADV_RANDOM;
		break;
	case FLAG('s', 'r'):
		f->madv |= 1u << MADV_SEQUENTIAL;
		break;
	case FLAG('d', 'c'):
		f->madv |= 1u << MADV_DONTFORK;
		break;
	case FLAG('m', 'g'):
		f->madv |= 1u << MADV_MERGEABLE;
		break;
	case FLAG('h', 'g'):
		f->madv |= 1u << MADV_HUGEPAGE;
		break;
	case FLAG('n', 'h'):
		f->madv |= 1u << MADV_NOHUGEPAGE;
		break;
	case FLAG('d', 'd'):
		f->madv |= 1u << MADV_DONTDUMP;
		break;
	case FLAG('w', 'f'):
		f->madv |= 1u << MADV_WIPEONFORK;
		break;
	case FLAG('d', 'p'):
		f->droppable = true;
		break;
	case FLAG('g', 'u'):
		f->may_guard = true;
		break;
	case FLAG('i', 'o'):
	case FLAG('p', 'f'):
		f->device = true;
		break;
	case FLAG('s', 'f'):
		f->synchronous = true;
		break;
	case FLAG('u', 'm'):
	case FLAG('u', 'w'):
	case FLAG('u', 'i'):
		f->userfault = true;
		break;
	case FLAG('h', 't'):
		f->hugetlb = true;
		break;
	case FLAG('s', 's'):
		f->shadow_stack = true;
		break;
	case FLAG('s', 'l'):
		f->sealed = true;
		break;
	default:
		break;
	}
}

static void parse_flags(const char *p, struct vma_flags *f)
{
	*f = (struct vma_flags){ 0 };
	for (; *p != '\n'; p++)
		if (p[0] != ' ' && p[1] != ' ' && p[1] != '\n') {
			parse_flag(FLAG(p[0], p[1]), f);
			p++;
		}
}

/* What a line between the first and that of the flags says, in bytes; 0 also when there is none. name: with the newline before it. */
static uint64_t bytes_of(const char *head, const char *flags_line, const char *name)
{
	const char *line = memmem(head, flags_line - head, name, strlen(name));

	return line ? strtoull(line + strlen(name), NULL, 10) << 10 : 0;
}

/* Not told of huge pages, which are in lines of their own. */
static bool is_empty(const char *head, const char *flags_line)
{
	return !bytes_of(head, flags_line, "\nRss:") && !bytes_of(head, flags_line, "\nSwap:");
}

/* The line before VmFlags, where the CPU has protection keys; else -1. */
static int protection_key(const char *head, const char *flags_line)
{
	static const char name[] = "\nProtectionKey:";
	const char *line = memrchr(head, '\n', flags_line - head);

	return line && !strncmp(line, name, strlen(name)) ? atoi(line + strlen(name)) : -1;
}

/* The time namespace's page lies behind the clock pages; images have them as one. */
static bool belongs_to_vvar(const struct vma *last, const struct vma *v)
{
	return last && !strcmp(v->path, "[vvar_vclock]") && !strcmp(last->path, "[vvar]") && last->end == v->start;
}

/* flags: the newline in front of the VmFlags line, which is the last of an entry. */
static int add(struct dump_ctx *ctx, struct task *t, const char *head, const char *flags, struct err *e)
{
	struct vma *last = t->nr_vmas ? &t->vmas[t->nr_vmas - 1] : NULL, v = { 0 };
	const char *end = memchr(head, '\n', flags - head);
	struct vma_flags f;

	if (!end || parse_head(&ctx->pool, head, end, last, &v))
		return err_set(e, 0, "cannot make sense of /proc/%d/smaps at \"%.60s\"", t->tid, head);
	parse_flags(flags + strlen("\nVmFlags: "), &f);
	f.pkey = protection_key(head, flags);
	t->knows_keys = f.pkey >= 0;
	v.empty = !f.hugetlb && is_empty(head, flags);
	f.huge_page = f.hugetlb ? bytes_of(head, flags, "\nKernelPageSize:") : 0;
	if (belongs_to_vvar(last, &v)) {
		last->end = last->entry->end = v.end;
		return 0;
	}
	if (vma_classify(ctx, t, &v, &f, e))
		return err_in(e, "mapping %lx-%lx", v.start, v.end);
	*POOL_PUSH(&ctx->pool, t->vmas, t->nr_vmas) = v;
	return 0;
}

int vmas_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	const char *head, *flags, *end;
	char *text;

	if (ahead_get(ctx, t, 0, AHEAD_SMAPS, &text, NULL, e))
		return -1;
	for (head = text; *head; head = end + 1) {
		flags = strstr(head, "\nVmFlags: ");
		end = flags ? strchr(flags + 1, '\n') : NULL;
		if (!end)
			return err_set(e, 0, "/proc/%d/smaps ends in the middle of an entry", t->tid);
		if (add(ctx, t, head, flags, e))
			return -1;
	}
	return 0;
}
