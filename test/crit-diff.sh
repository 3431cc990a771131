#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit diff: what is changed in a copy is told, and nothing else; the exit status says whether there is a difference.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
begin() { # FAMILY
	rm -rf "$work/dir"
	cp -r "$corpus/$1/img" "$work/dir"
	chmod -R u+w "$work/dir"
	family=$1
}

# The lines that diff prints, joined by " | ".
tells() { # WANT
	"$crit" diff "$corpus/$family/img" "$work/dir" > "$work/out" 2> "$work/err"
	local is=$?
	[ $is = 1 ] || { fail "exit status $is: $1"; cat "$work/err"; }
	[ "$(paste -sd'~' "$work/out" | sed 's/~/ | /g')" = "$1" ] || { fail "not $1:"; cat "$work/out"; }
	grep -Eq "^crit: .*: $(wc -l < "$work/out") differences?$" "$work/err" || { fail "no sum:"; cat "$work/err"; }
}
changed() { # FAMILY WANT IMAGE ASSIGNMENT...
	begin "$1"
	"$crit" set --force "$work/dir" "${@:3}" || fail "cannot set ${*:3}"
	tells "$2"
}

for family in files inet mem ns task tty unix; do
	"$crit" diff "$corpus/$family/img" "$corpus/$family/img" > "$work/out" 2>&1 || { fail "$family differs from itself"; cat "$work/out"; }
	[ -s "$work/out" ] && fail "$family: something is told"
	tar -C "$corpus/$family" -czf "$work/archive.tgz" img
	"$crit" diff "$corpus/$family/img" "$work/archive.tgz" || fail "$family differs from its archive"
done
[ "$("$crit" diff --json "$corpus/mem/img" "$corpus/mem/img")" = '[]' ] || fail "--json without a difference is no empty array"

changed task 'pid 15261: pgid: 15261 -> 15257 | pid 15261: sid: 15261 -> 15257' pstree.img '.entries[1].pgid=15257' '.entries[1].sid=15257'
changed task 'pid 15261: tc.comm: zoo -> new' core-15261.img '.entries[0].tc.comm=new'
changed task 'pid 15257: thread_core.creds.euid: 0 -> 7' core-15257.img '.entries[0].thread_core.creds.euid=7'
changed task 'pid 15257: thread 15259: thread_core.sched_prio: (none) -> 9' core-15259.img '.entries[0].thread_core.sched_prio=9'
changed task 'pid 15261: gone task zoo' pstree.img -d '.entries[1]'
changed task 'pid 15257: umask: 0027 -> 0077' fs-15257.img '.entries[0].umask=63'
changed files 'pid 15319: cwd: /opt/corpus/work -> /' fs-15319.img '.entries[0].cwd_id=24'
changed files 'pid 15319: fd 1: gone descriptor REG /dev/null' fdinfo-2.img -d '.entries[fd=1]'
changed files 'pid 15319: fd 1: flags: 0 -> 1' fdinfo-2.img '.entries[fd=1].flags=1'
changed files 'pid 15321: fd 1: type: REG -> PIPE' fdinfo-3.img '.entries[fd=1].type=PIPE' '.entries[fd=1].id=12'
changed files 'pid 15321: tc.child_subreaper: false -> true' core-15321.img '.entries[0].tc.child_subreaper=true'
changed inet 'pid 15376: fd 3: isk.state: LISTEN -> CLOSE' files.img '.entries[id=5].isk.state=CLOSE'
changed inet 'pid 15376: fd 6: isk.src_addr[0]: 127.0.0.1 -> 10.0.0.1' files.img '.entries[id=8].isk.src_addr=10.0.0.1'
changed unix 'pid 15348: fd 4: queue: 1 packet, 12 bytes -> empty' sk-queues.img -d '.entries[0]'

# Pages: one with another byte; the last run gone; the last run gone where it had been zeroes.
begin mem
printf X | dd of="$work/dir/pages-3.img" conv=notrunc bs=1 seek=100 status=none
tells 'pid 15290: 00401000-00490000: pages: 1 differ, 0 only before, 0 only after'
begin mem
last=$("$crit" info "$work/dir/pagemap-15290.img" | sed -n 's/.*"count": \([0-9]*\),/\1/p')
pages=$("$crit" show "$work/dir/pagemap-15290.img" | sed -n 's/.*"nr_pages": \([0-9]*\).*/\1/p' | tail -n 1)
cp -r "$work/dir" "$work/zeroes"
"$crit" set "$work/dir" pagemap-15290.img -d ".entries[$last]" || fail "cannot remove a run"
"$crit" diff "$corpus/mem/img" "$work/dir" > "$work/out" 2> "$work/err"
grep -Eq "^pid 15290: 7ff[0-9a-f]+-7ff[0-9a-f]+: pages: 0 differ, [1-$pages] only before, 0 only after$" "$work/out" || fail "$(cat "$work/out")"
size=$(stat -c %s "$work/zeroes/pages-3.img")
dd if=/dev/zero of="$work/zeroes/pages-3.img" conv=notrunc bs=4096 seek=$((size / 4096 - pages)) count="$pages" status=none
"$crit" diff "$work/zeroes" "$work/dir" || fail "a page of zeroes is not the same as none"

# Mappings.
mm='mm-15290.img'
changed mem 'pid 15290: 00400000-00401000: gone mapping r-- /opt/corpus/zoo' $mm -d '.entries[0].vmas[0]'
changed mem 'pid 15290: 00400000-00401000: prot: PROT_READ -> PROT_READ | PROT_WRITE' $mm '.entries[0].vmas[0].prot=PROT_READ|PROT_WRITE'
changed mem 'pid 15290: 00400000-00401000: path: /opt/corpus/zoo -> /opt/corpus/work/mapped.bin' $mm '.entries[0].vmas[0].shmid=2'

changed files 'pid 15319: cwd: /opt/corpus/work -> /' fs-15319.img '.entries[0].cwd_id=24'
"$crit" diff --json "$corpus/files/img" "$work/dir" > "$work/json" 2> "$work/err"
sed 's/ //g' "$work/json" | grep -q '"kind":"task","change":"changed","pid":15319,"field":"cwd","before":"/opt/corpus/work","after":"/"' ||
	fail "--json: $(cat "$work/json")"

# What cannot be compared.
truncate -s -1 "$work/dir/files.img"
"$crit" diff "$corpus/files/img" "$work/dir" > "$work/out" 2> "$work/err"
[ $? = 3 ] || fail "cut: not exit status 3"
grep -q "^crit: $work/dir: files.img: record" "$work/err" || fail "cut: $(cat "$work/err")"
"$crit" diff "$corpus/files/img" "$work/nowhere" 2> "$work/err"
[ $? = 3 ] || fail "no directory: not exit status 3"
"$crit" diff "$corpus/files/img" 2> "$work/err"
[ $? = 2 ] || fail "one directory: not a usage error"
exit $failed
