#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Checkpoints that CRIU 4.2 made of a small program come back to life and go on: its tasks, and its memory.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

corpus=$CR_TOP/test/data/criu-images
work=$PWD

# The places that the images name, without touching those of the machine.
mount -t tmpfs none /opt
mount -t tmpfs none /tmp
mkdir -p /opt/corpus/work
zcat "$corpus/zoo.gz" >/opt/corpus/zoo
chmod 755 /opt/corpus/zoo
printf 123456 >/tmp/zoo.pid

field() { # PID FIELD: of /proc/PID/status
	sed -n "s/^$2:\s*//p" "/proc/$1/status"
}

is() { # WANT GOT WHAT
	[ "$1" = "$2" ] || fail "$3 is \"$2\", not \"$1\""
}

peek() { # PID ADDRESS LENGTH
	dd "if=/proc/$1/mem" bs=1 skip="$(($2))" count="$3" 2>/dev/null | tr -d '\0'
}

revive() { # FAMILY
	rm -rf /opt/corpus/work/*
	tar -xf "$corpus/$1/cwd.tar" -C /opt/corpus/work
	cp -r "$corpus/$1/img" "$work/$1"
	chmod -R u+w "$work/$1"
	expect 0 "$restore" -D "$work/$1" -d -v4 -o restore.log
}

revive task
is "zoo worker-a worker-b" "$(cat /proc/15257/task/*/comm | paste -sd' ')" "the threads' names"
is Z "$(field 15262 State | cut -c1)" "the state of the zombie"
is T "$(field 15263 State | cut -c1)" "the state of the stopped task"
is 0027 "$(field 15257 Umask)" "the file creation mask"
is 15261 "$(awk '{ print $6 }' /proc/15261/stat)" "the session of the child"
is 15257 "$(awk '{ print $6 }' /proc/15263/stat)" "the session of the stopped child"
is 5 "$(awk '{ print $19 }' /proc/15257/stat)" "the nice value"
is 0000001000000800 "$(field 15257 SigBlk)" "the signal mask"
is 0000001000000000 "$(field 15257 ShdPnd)" "the pending signals"
grep -q '^signal: 12/000000000000002a' /proc/15257/timers || fail "the POSIX timer is not there"
kill -CONT 15263
kill -USR1 15257
sleep 0.2
alive 15257 15261 15263
is "" "$(field 15257 SigPnd | tr -d 0)" "what is pending after SIGUSR1 was handled"
kill -KILL 15257 15261 15263
gone 15257 15261 15263

revive mem
is A "$(peek 15290 0x7fb98376a000 1)" "the parent's own page"
is c "$(peek 15292 0x7fb98376a000 1)" "the child's own page"
is D "$(peek 15292 0x7fb98376d000 1)" "a page of both"
is "shared between two tasks" "$(peek 15292 $((0x7fb98375a000 + 5000)) 24)" "the shared memory"
is "memfd data" "$(peek 15290 $((0x7fb983752000 + 4096)) 10)" "the memfd"
is P "$(peek 15290 $((0x7fb98374e000 + 4096)) 1)" "the modified page of a private file mapping"
grep -q '7fb98376a000-7fb98376b000 rw-p' /proc/15290/maps || fail "the locked page is no mapping of its own"
printf 'S' | dd of=/proc/15290/mem bs=1 seek=$((0x7fb98375a000 + 5000)) conv=notrunc 2>/dev/null
is "Shared between two tasks" "$(peek 15292 $((0x7fb98375a000 + 5000)) 24)" "what the child sees of a write to shared memory"
alive 15290 15292
kill -KILL 15290 15292

revive tty
is "/dev/ptmx /dev/pts/0 /dev/pts/0 /dev/pts/0 /dev/pts/0" \
	"$(readlink /proc/15412/fd/[34] /proc/15414/fd/[012] | paste -sd' ')" "the terminals of both"
is "34816 15414" "$(awk '{ print $7, $8 }' /proc/15414/stat)" "terminal and foreground group of the session"
is 0 "$(awk '{ print $7 }' /proc/15412/stat)" "the terminal of the parent"
is "typed ahead" "$(timeout 5 head -n 1 </proc/15414/fd/0)" "what was typed ahead"
is "24 80" "$(stty size </proc/15414/fd/0)" "the size"
alive 15412 15414
kill -KILL 15412 15414
