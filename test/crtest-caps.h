/* SPDX-License-Identifier: GPL-2.0-only */
/* Capability sets of the calling thread, by the bare system calls. */
#ifndef CRTEST_CAPS_H
#define CRTEST_CAPS_H

#include <linux/capability.h>
#include <linux/securebits.h>

#include "test/crtest.h"

struct caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

#define CAP(name) (1ull << (name))

static inline void caps_get(struct caps *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	must(syscall(SYS_capget, &head, data));
	memset(c, 0, sizeof(*c));
	c->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	c->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	c->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++) {
		c->bounding |= (uint64_t)prctl(PR_CAPBSET_READ, i) << i;
		c->ambient |= (uint64_t)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) << i;
	}
}

/* Effective, permitted and inheritable. */
static inline void caps_set(const struct caps *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ c->effective, c->permitted, c->inheritable },
		{ c->effective >> 32, c->permitted >> 32, c->inheritable >> 32 },
	};

	must(syscall(SYS_capset, &head, data));
}

static inline void caps_same(const struct caps *want)
{
	struct caps now;

	caps_get(&now);
	check_eq(now.effective, want->effective);
	check_eq(now.permitted, want->permitted);
	check_eq(now.inheritable, want->inheritable);
	check_eq(now.bounding, want->bounding);
	check_eq(now.ambient, want->ambient);
}

#endif
