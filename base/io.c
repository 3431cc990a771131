// SPDX-License-Identifier: GPL-2.0-only
/* Reading as much as was asked for: see io.h. */
#include <errno.h>
#include <unistd.h>

#include "base/io.h"

ssize_t pread_all(int fd, void *buf, size_t size, off_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, at + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += n;
	}
	return done;
}
