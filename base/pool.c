// SPDX-License-Identifier: LGPL-2.1-only
/* A pool of small objects: see pool.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/pool.h"

#define CHUNK_SIZE (64 * 1024)

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

static struct pool_chunk *chunk_new(size_t size)
{
	struct pool_chunk *c = calloc(1, sizeof(*c) + size);

	if (!c) {
		fprintf(stderr, "out of memory for %zu bytes\n", size);
		abort();
	}
	c->size = size;
	return c;
}

static void add_chunk(struct pool *p, size_t size)
{
	struct pool_chunk *c = chunk_new(size);

	c->next = p->head;
	p->head = c;
}

void pool_reserve(struct pool *p, size_t size)
{
	add_chunk(p, size);
	for (size_t at = 0; at < size; at += 4096)
		*(volatile char *)&p->head->bytes[at] = 0;
}

void *pool_alloc(struct pool *p, size_t size)
{
	struct pool_chunk *c = p->head;
	void *ret;

	size = ALIGN_UP(size ? size : 1, (size_t)16);
	if (!c || c->size - c->used < size) {
		add_chunk(p, size > CHUNK_SIZE ? size : CHUNK_SIZE);
		c = p->head;
	}
	ret = c->bytes + c->used;
	c->used += size;
	return ret;
}

void *pool_copy(struct pool *p, const void *bytes, size_t size)
{
	void *ret = pool_alloc(p, size);

	if (size)
		memcpy(ret, bytes, size);
	return ret;
}

char *pool_str(struct pool *p, const char *s)
{
	return pool_copy(p, s, strlen(s) + 1);
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
	char small[512], *ret;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(small))
		return pool_str(p, small);
	ret = pool_alloc(p, n + 1);
	va_start(ap, fmt);
	vsnprintf(ret, n + 1, fmt, ap);
	va_end(ap);
	return ret;
}

void *pool_grow(struct pool *p, void *array, size_t count, size_t elem)
{
	void *bigger;

	if (count & (count - 1) || (count && count < 8))
		return array;
	if (!count)
		return pool_alloc(p, 8 * elem);
	bigger = pool_alloc(p, 2 * count * elem);
	memcpy(bigger, array, count * elem);
	return bigger;
}

void pool_free(struct pool *p)
{
	while (p->head) {
		struct pool_chunk *c = p->head;

		p->head = c->next;
		free(c);
	}
}
