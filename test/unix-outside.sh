#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A datagram socket that is connected to one outside the tree: refused, or with --ext-unix-sk on both commands connected again,
# though the file of the outside one is deleted. (UX-20)
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"
command -v python3 >/dev/null || { echo "no python3"; exit 77; }

cat >outside.py <<'END'
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("outside.sock")
open("outside.ready", "w").close()
while True:
    data = s.recv(100)
    with open("outside.log", "a") as f:
        f.write(data.decode() + "\n")
END
cat >inside.py <<'END'
import os, signal, socket
os.setsid()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("outside.sock")
s.send(b"before")
signal.signal(signal.SIGUSR1, lambda *a: s.send(b"after"))
open("inside.ready", "w").write(str(os.getpid()))
while True:
    signal.pause()
END

await_file() {
	for _ in $(seq 200); do
		[ ! -e "$1" ] || return 0
		sleep 0.02
	done
	fail "no $1"
}

python3 outside.py </dev/null >/dev/null 2>&1 &
outside=$!
await_file outside.ready
python3 inside.py </dev/null >/dev/null 2>&1 &
pid=$!
await_file inside.ready
rm outside.sock

mkdir img
refuses 'other end \(socket:\[[0-9]+\]\) is not in the tree' "$dump" -t "$pid" -D img
grep -q -- --ext-unix-sk err || fail "no hint"
alive "$pid"
rm -rf img
mkdir img
expect 0 "$dump" -t "$pid" -D img --ext-unix-sk
gone "$pid"
wait "$pid" 2>/dev/null || true
refuses 'only --ext-unix-sk allows' "$restore" -d -D img
expect 0 "$restore" -d -D img -x
alive "$pid"
kill -USR1 "$pid"
for _ in $(seq 100); do
	! grep -q after outside.log || break
	sleep 0.02
done
[ "$(cat outside.log)" = $'before\nafter' ] || fail "outside was told: $(cat outside.log)"
kill -KILL "$pid"
gone "$pid"
kill "$outside"
wait "$outside" 2>/dev/null || true
