#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --external says at the dump what is not of the tree, --inherit-fd puts a descriptor of the caller in its place.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

here=$PWD
mkdir img
mkfifo old-fifo new-fifo
exec 5<>old-fifo
exec 7> >(exec setsid cat >"$here/out-file" 2>/dev/null 5<"$here/old-fifo" 7>&-)
pid=$!
for _ in $(seq 100); do
	[ "$(cat "/proc/$pid/comm")" = cat ] && break
	sleep 0.05
done
pipe=$(readlink "/proc/$pid/fd/0")
inode=${pipe//[^0-9]/}
id=$(sed -n 's/^mnt_id:\s*//p' "/proc/$pid/fdinfo/5")
fifo=$(printf 'file[%x:%x]' "$id" "$(stat -c %i old-fifo)")
echo before >&7
sleep 0.1

rm old-fifo
expect 0 "$dump" -t "$pid" -D img --external "$fifo"
grep -q "pipe:\[$inode\] has its other end outside the tree" err || fail "no warning"
exec 7>&- 5>&-
gone "$pid"

exec 8<>new-fifo
exec 9<new-fifo
exec 10>new-out
exec 11<new-out
refuses "file\[.*no descriptor is given for it" "$restore" -D img -d
refuses "pipe:\[$inode\].*no descriptor is given for it" "$restore" -D img -d --inherit-fd "fd[9]:$fifo"
refuses "in the same way" "$restore" -D img -d --inherit-fd "fd[8]:$pipe" --inherit-fd "fd[9]:$fifo"
refuses "descriptor 77 is not open" "$restore" -D img -d --inherit-fd "fd[77]:$pipe"
refuses "--inherit-fd wants" "$restore" -D img -d --inherit-fd "$pipe"
refuses "in the same way" "$restore" -D img -d --inherit-fd "fd[9]:$pipe" --inherit-fd "fd[9]:$fifo" \
	--inherit-fd "fd[11]:$here/out-file"
expect 0 "$restore" -D img -d --inherit-fd "fd[9]:$pipe" --inherit-fd "fd[9]:$fifo" \
	--inherit-fd "fd[10]:${here#/}/out-file"
alive "$pid"
echo after >&8
for _ in $(seq 100); do
	[ "$(cat new-out)" = after ] && break
	sleep 0.05
done
[ "$(cat new-out)" = after ] || fail "what was written to the new pipe is not in the new file"
[ "$(cat out-file)" = before ] || fail "the old file was written to"
kill -KILL "$pid"
gone "$pid"
