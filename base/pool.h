/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A pool: small objects that live and die together (the messages of one dump). Memory is zeroed. There is no error return:
 * Linux lets small allocations fail only when the process is about to be killed anyway; then the program aborts.
 */
#ifndef CRKIT_POOL_H
#define CRKIT_POOL_H

#include <stddef.h>

struct pool {
	struct pool_chunk *head;
};

void *pool_alloc(struct pool *p, size_t size);
/* Has so much memory at hand from now on: what is allocated next costs no page faults. */
void pool_reserve(struct pool *p, size_t size);
void *pool_copy(struct pool *p, const void *bytes, size_t size);
char *pool_str(struct pool *p, const char *s);
char *pool_printf(struct pool *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pool_free(struct pool *p);
#define _cleanup_pool_ __attribute__((cleanup(pool_free)))

/* A protobuf-c message in the pool: POOL_MSG(&pool, CoreEntry, core_entry). */
#define POOL_MSG(p, Type, name)                             \
	({                                                  \
		Type *msg_ = pool_alloc((p), sizeof(Type)); \
		name##__init(msg_);                         \
		msg_;                                       \
	})

/* Grows an array in the pool by doubling; old copies stay until the pool goes. Evaluates to the new element. */
void *pool_grow(struct pool *p, void *array, size_t count, size_t elem);
#define POOL_PUSH(p, array, count)                                            \
	({                                                                    \
		(array) = pool_grow((p), (array), (count), sizeof(*(array))); \
		&(array)[(count)++];                                          \
	})

#endif
