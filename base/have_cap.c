// SPDX-License-Identifier: LGPL-2.1-only
/* Own capabilities: see have_cap.h. */
#include <sys/syscall.h>
#include <unistd.h>

#include "base/have_cap.h"

uint64_t own_caps(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}
