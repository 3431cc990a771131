#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# G-29: with a C library whose pread() gives 1024 bytes less than asked for, dump, restore and crit work all the same.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

cat >shim.c <<'END'
#include <sys/syscall.h>
#include <unistd.h>

static ssize_t pread_less(int fd, void *buf, size_t size, long at)
{
	return syscall(SYS_pread64, fd, buf, size > 2048 ? size - 1024 : size, at);
}

ssize_t pread(int fd, void *buf, size_t size, off_t at)
{
	return pread_less(fd, buf, size, at);
}

ssize_t pread64(int fd, void *buf, size_t size, long at)
{
	return pread_less(fd, buf, size, at);
}
END
${CC:-gcc} -shared -fPIC -o shim.so shim.c

shim=$PWD/shim.so
mkdir img

# short_reads TEST [OPTION...]: that test, with these options for cr-restore.
short_reads() {
	local subject=$1
	shift
	mkdir -m 777 "$subject" # some run as another user
	cd "$subject"
	rm -f ../img/*
	"$CR_BUILD/test/$subject" start || fail "$subject does not start"
	pid=$(cat pid)
	LD_PRELOAD=$shim expect 0 "$dump" -t "$pid" -D ../img
	gone "$pid"
	LD_PRELOAD=$shim expect 0 "$crit" verify ../img
	expect 0 "$crit" verify ../img
	LD_PRELOAD=$shim expect 0 "$restore" -D ../img -d "$@"
	kill -TERM "$pid"
	for _ in $(seq 200); do
		[ -e log ] && break
		sleep 0.05
	done
	tail -n 1 log | grep -q '^PASS' || fail "$subject: $(tail -n 3 log log.unfinished 2>&1)"
	gone "$pid"
	cd ..
}

for subject in mem-cow mem-memfd mem-shared-anon mem-many-areas mem-hugetlb file-ghost; do
	short_reads $subject
done
short_reads cpu-vdso-redirect --vdso-redirect
