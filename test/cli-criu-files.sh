#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The checkpoint that CRIU 4.2 made of a program with open files of many kinds comes back to life.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

corpus=$CR_TOP/test/data/criu-images
pid=15319 child=15321

# The places that the images name, without touching those of the machine.
mount -t tmpfs none /opt
mount -t tmpfs none /tmp
mkdir -p /opt/corpus/work
zcat "$corpus/zoo.gz" >/opt/corpus/zoo
chmod 755 /opt/corpus/zoo
printf 123456 >/tmp/zoo.pid
tar -xf "$corpus/files/cwd.tar" -C /opt/corpus/work
cp -r "$corpus/files/img" img
chmod -R u+w img

is() { # WANT GOT WHAT
	[ "$1" = "$2" ] || fail "$3 is \"$2\", not \"$1\""
}

fd_of() { # LINK: the descriptor of the program that leads there
	local f
	for f in "/proc/$pid/fd"/*; do
		[ "$(readlink "$f")" != "$1" ] || { echo "${f##*/}"; return; }
	done
	fail "no descriptor leads to $1"
}

expect 0 "$restore" -D img -d --file-locks -v4 -o restore.log
alive $pid $child
ghost=$(fd_of "/opt/corpus/work/ghost.txt (deleted)")
is "deleted but open" "$(cat "/proc/$pid/fd/$ghost")" "the content of the deleted file"
is "$(stat -Lc %i "/proc/$pid/fd/$(fd_of "/opt/corpus/work/linked.txt (deleted)")")" \
	"$(stat -c %i /opt/corpus/work/linked2.txt)" "the inode of the file with another name"
is "" "$(find /opt/corpus/work -name 'link_remap*' -o -name 'ghost*')" "what is left in the directory"
is "in the fifo" "$(timeout 5 head -c 11 "/proc/$pid/fd/$(fd_of /opt/corpus/work/fifo)")" "what is in the FIFO"
is 4 "$(cat /proc/$pid/fdinfo/* | grep -c '^lock:')" "the number of lines with locks, of a file with two descriptors"
grep -q "POSIX .* WRITE $pid .* 100 109" /proc/$pid/fdinfo/3 || fail "the POSIX lock is not there"
grep -q "FLOCK .* READ $pid .*" /proc/$pid/fdinfo/40 || fail "the flock lock is not there"
grep -q '^inotify wd:1 ' /proc/$pid/fdinfo/* || fail "the watch is not there"
grep -q '^sigmask:.*0200$' /proc/$pid/fdinfo/* || fail "the signalfd is not there"
grep -q '^eventfd-count: *11$' /proc/$pid/fdinfo/* || fail "the eventfd is not there"
kill -KILL $child $pid
gone $child $pid
