#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit set: every type of field, and nothing but the record that is meant changes; wrong paths and values change nothing.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
begin() { # FAMILY
	family=$1
	rm -rf "$work/dir"
	cp -r "$corpus/$1/img" "$work/dir"
	chmod -R u+w "$work/dir"
}

# Sets, and shows what became other: the lines of crit show, without blanks in front.
sets() { # IMAGE WANT ASSIGNMENT...
	local image=$1 want=$2
	shift 2
	begin "$family"
	"$crit" set "$work/dir" "$image" "$@" || { fail "set $*"; return; }
	"$crit" show "$corpus/$family/img/$image" > "$work/before"
	"$crit" show "$work/dir/$image" > "$work/after"
	diff "$work/before" "$work/after" | sed -nE 's/^([<>]) +(.*[^,]),?$/\1 \2/p' | paste -sd' ' > "$work/is"
	[ "$(cat "$work/is")" = "$want" ] || fail "$*: $(cat "$work/is"), not $want"
	[ "$(find "$work/dir" -newer "$work/before" -type f | wc -l)" = 0 ] || fail "$*: other files were written"
}

# Must be refused, and leave every file as it was.
refused() { # STATUS PATTERN IMAGE ARGUMENT...
	local status=$1 pattern=$2 image=$3
	shift 3
	"$crit" set "$work/dir" "$image" "$@" > "$work/out" 2>&1 < /dev/null
	local is=$?
	[ $is = "$status" ] || fail "exit status $is, not $status: $image $*"
	grep -Eq -- "$pattern" "$work/out" || fail "not \"$pattern\": $(cat "$work/out")"
	diff -r "$corpus/$family/img" "$work/dir" > /dev/null || fail "changed by what was refused: $image $*"
}

begin files
sets files.img '< "name": "/dev/null" > "name": "/new/path"' '.entries[id=2].reg.name=/new/path'
sets files.img '< "name": "/dev/null" > "name": "/a=b[c].d"' 'entries[1].reg.name=/a=b[c].d'
sets files.img '< "pos": 0 > "pos": 4096' '.entries[id=2].reg.pos=0x1000'
sets files.img '< "flags": "" > "flags": "O_RDWR | O_APPEND"' '.entries[id=1].reg.flags=O_RDWR | O_APPEND'
sets files.img '< "counter": 17 > "counter": 18446744073709551615' '.entries[type=EVENTFD].efd.counter=18446744073709551615'
sets core-15319.img '< "comm": "zoo" > "comm": "cat"' '.entries[0].tc.comm=cat'
sets core-15319.img '< "sched_nice": 0 > "sched_nice": -5' '.entries[0].thread_core.sched_nice=-5'
sets pstree.img '< "pgid": 15319 > "pgid": 15321' '.entries[pid=15321].pgid=15321'
sets remap-fpath.img '< "orig_id": 9 > "orig_id": 8' '.entries[remap_type=GHOST].orig_id=8'
begin inet
sets files.img '< "127.0.0.1" > "10.1.2.3"' '.entries[id=8].isk.src_addr=10.1.2.3'
sets files.img '< "src_port": 24101 > "src_port": 8080' '.entries[id=5].isk.src_port=8080'
begin mem
sets memfd.img '< "seals": "F_SEAL_GROW" > "seals": "F_SEAL_SEAL | F_SEAL_WRITE"' '.entries[0].seals=F_SEAL_SEAL | F_SEAL_WRITE'
begin unix
sets files.img '< "name": "=00zoo-abstract" > "name": "=00other"' '.entries[id=13].usk.name==00other'

# Lists: a new element, another, and one less; then the image is what it was, byte for byte.
begin task
"$crit" set "$work/dir" core-15257.img '.entries[0].thread_core.creds.groups[+]=27' '.entries[0].thread_core.creds.groups[+]=28' ||
	fail "new elements"
"$crit" set "$work/dir" core-15257.img '.entries[0].thread_core.creds.groups[1]=29' || fail "an element"
"$crit" show "$work/dir/core-15257.img" | tr -d ' \n' | grep -q '"groups":\["*[0-9,"]*27,29\]' || fail "the list is $("$crit" show "$work/dir/core-15257.img" | grep -A9 groups)"
"$crit" set "$work/dir" core-15257.img '.entries[0].thread_core.creds.lsm_profile=x' || fail "an optional string"
"$crit" set "$work/dir" core-15257.img '.entries[0].thread_core.cpu_affinity=Aw==' || fail "bytes"
"$crit" show "$work/dir/core-15257.img" | grep -q '"cpu_affinity": "Aw==' || fail "bytes are not shown"
"$crit" set "$work/dir" core-15257.img -d '.entries[0].thread_core.creds.lsm_profile' \
	--delete '.entries[0].thread_core.cpu_affinity' || fail "deleting"

# A record goes with its payload, what is around it stays.
begin unix
"$crit" set "$work/dir" sk-queues.img -d '.entries[1]' || fail "deleting a record"
"$crit" decode -i "$work/dir/sk-queues.img" > "$work/json"
[ "$("$crit" decode -i "$corpus/unix/img/sk-queues.img" | sed 's/{"id_for": 8.*"id_for": 11/{"id_for": 11/')" = "$(cat "$work/json")" ] ||
	fail "sk-queues.img is $(cat "$work/json")"
"$crit" set "$work/dir" sk-queues.img '.entries[0].id_for=5' || fail "a record with a payload"
"$crit" decode -i "$work/dir/sk-queues.img" | grep -q '"id_for": 5, "length": 12, "extra": "c3RyZWFtIGJ5dGVz' || fail "the payload is lost"

# Nothing to do, and the mode of the file.
begin files
chmod 640 "$work/dir/files.img"
inode=$(stat -c %i "$work/dir/files.img")
"$crit" set "$work/dir" files.img '.entries[id=2].reg.pos=0' || fail "the value that it has"
[ "$(stat -c %i "$work/dir/files.img")" = "$inode" ] || fail "written without a change"
"$crit" set "$work/dir" files.img '.entries[id=2].reg.pos=1' || fail "another value"
[ "$(stat -c %a "$work/dir/files.img")" = 640 ] || fail "another mode"

begin files
refused 1 'no entry is meant' files.img '.entries[id=99].reg.pos=1'
refused 1 'no entry is meant' files.img '.entries[99].reg.pos=1'
refused 1 '[0-9]+ entries are meant' files.img '.entries[type=REG].reg.pos=1'
refused 1 'a reg_file_entry has no nme' files.img '.entries[id=2].reg.nme=x'
refused 1 'the record has no efd' files.img '.entries[id=2].efd.counter=1'
refused 1 'name is no object' files.img '.entries[id=2].reg.name.x=1'
refused 1 'reg is an object: name one of its fields' files.img '.entries[id=2].reg=1'
refused 1 'pos is no list' files.img '.entries[id=2].reg.pos[0]=1'
refused 1 '"-1" is no value for pos' files.img '.entries[id=2].reg.pos=-1'
refused 1 '"4294967296" is no value for flags' files.img '.entries[id=2].reg.flags=4294967296'
refused 1 '"abc" is no value for pos' files.img '.entries[id=2].reg.pos=abc'
refused 1 '"FOO" is no value for type' files.img '.entries[id=2].type=FOO'
refused 1 'threads is a list: say which element' pstree.img '.entries[0].threads=1'
refused 1 'there is no element 5' pstree.img '.entries[0].threads[5]=1'
refused 1 'pid cannot be deleted' pstree.img -d '.entries[0].pid'
refused 1 'no value for cpu_affinity, which is base64' core-15319.img '.entries[0].thread_core.cpu_affinity=a*'
refused 1 'a pipe_data_entry has no extra' pipes-data.img '.entries[0].extra=x'
refused 1 'pages-1.img is a raw image' pages-1.img '.entries[0].x=1'
refused 1 'is not the name of an image' ../files.img '.entries[0].x=1'
refused 1 'pipes-data.img: record 1: bytes|payload announced|ends' pipes-data.img '.entries[0].bytes=5000'
refused 2 'begins with .entries' files.img '.foo[0].reg.pos=1'
refused 2 'begins with .entries' files.img '.entries.reg.pos=1'
refused 2 "'=' and a value are missing" files.img '.entries[0].reg.pos'
refused 2 "a name is missing" files.img '.entries[0]..pos=1'
refused 2 "']' is missing" files.img -d '.entries[0'
refused 2 'in brackets' files.img '.entries[x].reg.pos=1'
refused 2 'a record has no value' files.img '.entries[0]=1'
refused 2 'what to set or delete' files.img

# What makes the checkpoint wrong is refused and told, unless forced; what was wrong before is no reason to refuse.
refused 1 'fs-15319.img: record 1: cwd_id: there is no regular file 99' fs-15319.img '.entries[0].cwd_id=99'
refused 1 'would not be right any more: 2 things are wrong' fs-15319.img '.entries[0].cwd_id=99' '.entries[0].root_id=98'
"$crit" set --force "$work/dir" fs-15319.img '.entries[0].cwd_id=99' || fail "--force"
"$crit" set "$work/dir" fs-15321.img '.entries[0].umask=0' || fail "refused for what was wrong before"
"$crit" set "$work/dir" fs-15319.img '.entries[0].cwd_id=23' || fail "setting right"
[ "$(find "$work/dir" -name '*.??????')" = '' ] || fail "temporary files are left"

tar -C "$work" -cf "$work/archive.tar" dir
"$crit" set "$work/archive.tar" files.img '.entries[0].id=1' 2> "$work/err" && fail "an archive was changed"
grep -q 'is no directory' "$work/err" || fail "$(cat "$work/err")"
exit $failed
