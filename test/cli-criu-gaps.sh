#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CRIU's images have less than ours, or have it elsewhere. Subjects are programs of other tests, which tell what they have after it.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

begin() { # TEST: starts and dumps it, in a directory of its own
	mkdir -m 777 "$1" && cd "$1" # they give up being root
	"$CR_BUILD/test/$1" start </dev/null >start.out 2>&1 || fail "$1 does not start"
	pid=$(cat pid) && mkdir img
	expect 0 "$dump" -t "$pid" -D img
}

passes() {
	expect 0 "$restore" -D img -d
	kill -TERM "$pid"
	for _ in $(seq 300); do
		! grep -q '^PASS' log 2>/dev/null || { cd ..; return 0; }
		sleep 0.02
	done
	fail "${PWD##*/} after the restore: $(tail -n 1 log*)"
}

change() { # IMAGE SED-EXPRESSION
	"$crit" decode -i "img/$1" -o before.json
	sed -E "$2" before.json >after.json
	! cmp -s before.json after.json || fail "$1 has nothing to be changed"
	"$crit" encode -i after.json -o "img/$1"
}

of_criu() { # PID: by these its core is known to be ours
	change "core-$1.img" 's/, "coredump_filter": [0-9]+//; s/, "cpu_affinity": "[^"]*"//'
}

# No image of a table without descriptors.
begin file-closed-all
child=$("$crit" decode -i img/pstree.img | sed -E 's/.*"pid": ([0-9]+).*/\1/')
table=$("$crit" decode -i "img/ids-$child.img" | sed -E 's/.*"files_id": ([0-9]+).*/\1/')
rm "img/fdinfo-$table.img"
refuses "fdinfo-$table.img" "$restore" -D img -d # ours are always there
of_criu "$child"
passes

# The owner of a FIFO, the mode of a terminal with the file only.
begin fifo-owner
change files.img 's/("regf_id": [0-9]+), "fown": \{[^}]*\}, "flags": [0-9]+/\1/g'
passes
begin tty-slaves
change tty-info.img 's/, "mode": [0-9]+//g'
passes

# What is watched by its descriptor, or its inode number.
begin unix-epoll-sent
change files.img 's/, "file_id": [0-9]+//g'
passes
begin inotify-unlinked
change files.img 's/, "file_id": [0-9]+//g; s|, "path": "[^"]*/d/file"||g'
passes

# No parameters of some scheduling policies, and a personality that is none.
begin task-umask
of_criu "$pid"
change "core-$pid.img" 's/"sched_policy": 0/"sched_policy": 2/; s/"personality": 0/"personality": 8060008/'
refuses "thread $pid .* scheduling policy 2 without its parameters" "$restore" -D img -d
"$crit" set img "core-$pid.img" '.entries[0].thread_core.sched_policy=0' >/dev/null
expect 0 "$restore" -D img -d
[ "$(cat "/proc/$pid/personality")" = 00000000 ] || fail "the personality is $(cat "/proc/$pid/personality")"
kill -KILL "$pid"
