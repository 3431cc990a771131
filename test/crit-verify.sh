#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit verify: the checkpoints of the corpus are right; each thing that is made wrong in them is found, and named.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
# Works on a copy of a family; copies are made once, and each change is undone.
begin() { # FAMILY
	dir=$work/$1
	original=$corpus/$1/img
	[ -d "$dir" ] && return
	cp -r "$original" "$dir"
	chmod -R u+w "$dir"
}
undo() { # IMAGE...
	for image; do
		cp "$original/$image" "$dir/$image"
	done
}

# The checkpoint as it is now: exit status, and a finding that matches (grep -E).
finds() { # PATTERN
	"$crit" verify "$dir" > "$work/out" 2> "$work/err"
	local is=$?
	[ $is = 1 ] || fail "exit status $is: $1"
	grep -Eq -- "$1" "$work/out" || { fail "not found: $1"; sed 's/^/	/' "$work/out" "$work/err"; }
	grep -Eq "^crit: $dir: [0-9]+ things? (is|are) wrong" "$work/err" || { fail "no sum: $1"; cat "$work/err"; }
}

# A change by crit set must be found.
wrong() { # FAMILY PATTERN IMAGE ASSIGNMENT...
	local family=$1 pattern=$2 image=$3
	shift 3
	begin "$family"
	"$crit" set --force "$dir" "$image" "$@" || fail "cannot set $image $*"
	finds "$pattern"
	undo "$image"
}

for family in files inet mem ns task tty unix; do
	"$crit" verify "$corpus/$family/img" > "$work/out" 2>&1 || { fail "$family is not right:"; cat "$work/out"; }
	[ -s "$work/out" ] && fail "$family: nothing is to be said about what is right"
	tar -C "$corpus/$family" -czf "$work/archive.tgz" img
	"$crit" verify "$work/archive.tgz" || fail "$family as an archive is not right"
done
[ "$("$crit" verify --json "$corpus/mem/img")" = '[]' ] || fail "--json without findings is no empty array"

# Every image that is missed when it is gone; those that nothing names are let go.
for family in files inet mem ns task tty unix; do
	for f in "$corpus/$family"/img/*; do
		image=$(basename "$f")
		case $image in
		# (nothing says that there should be more than what is there)
		stats-* | seccomp.img | timens-* | pipes-data.img | fifo-data.img | filelocks.img | remap-fpath.img | sk-queues.img | \
			tty-data.img | ids-* | ipcns-sem-* | ipcns-msg-* | netdev-* | netns-* | ifaddr-* | route* | rule-* | *tables-* | tmpfs-*) continue ;;
		esac
		begin "$family"
		rm "$dir/$image"
		finds '.'
		undo "$image"
	done
done

# Every image that is cut short or has a byte too many.
for f in "$corpus"/{files,ns,tty}/img/*; do
	image=$(basename "$f")
	case $image in ifaddr-* | route* | rule-* | *tables-* | tmpfs-* | ghost-file-* | seccomp.img) continue ;; esac
	begin "$(basename "$(dirname "$(dirname "$f")")")"
	truncate -s -1 "$dir/$image"
	finds "^$image: "
	undo "$image"
	printf x >> "$dir/$image"
	finds "^$image: "
	undo "$image"
done

wrong task 'inventory.img: record 1: img_version: version 9 is unknown' inventory.img '.entries[0].img_version=9'
wrong task 'pstree.img: record 2: ppid: the parent of task 15261, 99, is no task' pstree.img '.entries[1].ppid=99'
wrong task 'pstree.img: record 2: ppid: task 15261 is a second root' pstree.img '.entries[1].ppid=0'
wrong task 'pstree.img: record 2: ppid: no way leads from task 15261 up' pstree.img '.entries[1].ppid=15261'
wrong task 'pstree.img: record 2: pid: there are two with the id 15257' pstree.img '.entries[1].pid=15257'
wrong task 'pstree.img: record 4: sid: session 15262: task 15262 leads no session' pstree.img '.entries[3].sid=15262'
wrong task 'pstree.img: record 4: pgid: group 15259: thread 15259 cannot lead one' pstree.img '.entries[3].pgid=15259'
wrong task 'pstree.img: record 1: pgid: task 15257 leads a session' pstree.img '.entries[0].pgid=15261'
wrong task 'pstree.img: record 4: pgid: group 15257 is in session 15257 and in session 15261' pstree.img '.entries[3].sid=15261'
wrong task 'pstree.img: record 1: threads: core-77.img is missing' pstree.img '.entries[0].threads[+]=77'
wrong task 'core-15261.img: there is no thread 15261 in the tree' pstree.img -d '.entries[1]'
wrong task 'pstree.img: record 1: threads: the first thread of task 15257 is not its leader' pstree.img -d '.entries[0].threads[0]'
wrong task 'core-15257.img: record 1: tc: missing' core-15257.img -d '.entries[0].tc'
wrong task 'core-15259.img: record 1: thread_core: missing' core-15259.img -d '.entries[0].thread_core'
wrong task 'core-15259.img: record 1: mtype: another architecture' core-15259.img '.entries[0].mtype=ARM'
wrong task 'core-15257.img: record 1: mtype: 77 is no core_entry.march' core-15257.img '.entries[0].mtype=77'
wrong task 'thread_core.seccomp_filter: filter 3 of 0' core-15257.img '.entries[0].thread_core.seccomp_mode=filter' \
	'.entries[0].thread_core.seccomp_filter=3'
wrong task 'thread_core.restart_nr: there is no system call 5000' core-15257.img '.entries[0].thread_core.restart_nr=5000'
wrong task 'thread_core.restart_left_ns: there is no system call' core-15257.img '.entries[0].thread_core.restart_left_ns=1'
wrong task 'thread_core.cpu_affinity: no CPU' core-15257.img '.entries[0].thread_core.cpu_affinity=AAAA'
wrong task 'pstree.img: record 1: ids.files_id: fdinfo-9.img is missing' ids-15257.img '.entries[0].files_id=9'
wrong ns 'pstree.img: record 1: ids.uts_ns_id: utsns-77.img is missing' ids-1.img '.entries[0].uts_ns_id=77'
wrong ns 'mountpoints-13.img: record 1: parent_mnt_id: mount 66 is its own parent' mountpoints-13.img '.entries[0].parent_mnt_id=66'
wrong ns 'mountpoints-13.img: record 3: parent_mnt_id: mount 64 has no parent' mountpoints-13.img '.entries[1].parent_mnt_id=9'
wrong ns 'files.img: record 1: reg.mnt_id: there is no mount 99' files.img '.entries[0].reg.mnt_id=99'
wrong ns 'vmas.shmid: 0x[0-9a-f]+ maps System V segment 0' ipcns-shm-11.img '.entries[0].desc.id=4'

wrong files 'fs-15319.img: record 1: cwd_id: there is no regular file 99' fs-15319.img '.entries[0].cwd_id=99'
wrong files 'fs-15319.img: record 1: root_id: there is no regular file 12' fs-15319.img '.entries[0].root_id=12'
wrong files 'mm-15319.img: record 1: exe_file_id: there is no regular file or memfd 99' mm-15319.img '.entries[0].exe_file_id=99'
wrong files 'files.img: record 1: type: missing|files.img: record 1: .*missing, but the type says it' files.img '.entries[0].type=PIPE'
wrong files 'files.img: record 2: reg: its id is 77, but that of the record 2' files.img '.entries[1].reg.id=77'
wrong files 'files.img: record 2: id: there are two with the id 1$' files.img '.entries[1].id=1'
wrong files 'fdinfo-2.img: record 1: id: descriptor 0 is file 99 of type REG' fdinfo-2.img '.entries[fd=0].id=99'
wrong files 'fdinfo-2.img: record 2: fd: there are two with the id 0$' fdinfo-2.img '.entries[fd=1].fd=0'
wrong files 'fdinfo-2.img: record 1: flags: 0x8' fdinfo-2.img '.entries[fd=0].flags=8'
wrong files 'fdinfo-2.img: record 1: locks: descriptor 0 has 2 locks, filelocks.img has 0' fdinfo-2.img '.entries[fd=0].locks=2'
wrong files 'fifo.regf_id: there is no regular file 99' files.img '.entries[type=FIFO].fifo.regf_id=99'
wrong files 'epfd.tfd: who has it has no descriptor 500' files.img '.entries[type=EVENTPOLL].epfd.tfd[0].tfd=500'
wrong files 'pidfd.nspid: process 77 is not in the tree' files.img '.entries[type=PIDFD].pidfd.nspid=77'
wrong files 'remap-fpath.img: record 1: remap_id: ghost-file-5.img is missing' remap-fpath.img '.entries[0].remap_id=5'
wrong files 'remap-fpath.img: record 2: remap_id: there is no regular file 99' remap-fpath.img '.entries[1].remap_id=99'
wrong files 'remap-fpath.img: record 1: orig_id: there is no regular file 99' remap-fpath.img '.entries[0].orig_id=99'
wrong files 'filelocks.img: record 1: pid: there is no task 5' filelocks.img '.entries[0].pid=5'
wrong files 'filelocks.img: record 1: fd: task 15319 has no descriptor 99' filelocks.img '.entries[0].fd=99'
wrong files 'filelocks.img: record 1: flag: there is no sort 3' filelocks.img '.entries[0].flag=3'
wrong files 'pipes-data.img: record 1: pipe_id: there is no pipe 5' pipes-data.img '.entries[0].pipe_id=5'
wrong files 'pipes-data.img: record 1: bytes: 11 bytes in a pipe of 4' pipes-data.img '.entries[0].size=4'
wrong files 'pipes-data.img: record 1: packets: 5 bytes in all, but there are 11' pipes-data.img '.entries[0].packets[+]=5'
wrong files 'fifo-data.img: record 1: pipe_id: there is no FIFO 5' fifo-data.img '.entries[0].pipe_id=5'
wrong files 'pipe.queued: 5 bytes, but pipes-data.img has 11' files.img '.entries[id=12].pipe.queued=5'
wrong inet 'isk.ino: tcp-stream-5.img is missing' files.img '.entries[id=6].isk.ino=5'
wrong inet 'tcp-stream-1af76f.img: there is no socket with inode' files.img '.entries[id=6].isk.ino=5'
wrong inet 'isk.ns_id: there is no name space 99' files.img '.entries[id=6].isk.ns_id=99'
wrong unix 'usk.peer: there is no unix socket 5' files.img '.entries[id=6].usk.peer=5'
wrong unix 'usk.queued: 7 packets, but sk-queues.img has 1' files.img '.entries[id=6].usk.queued=7'
wrong unix 'sk-queues.img: record 1: id_for: there is no open file 99' sk-queues.img '.entries[0].id_for=99'
wrong unix 'sk-queues.img: record 2: scm.rights: there is no open file 99' sk-queues.img '.entries[1].scm[0].rights[0]=99'
wrong tty 'tty.tty_info_id: there is no terminal 9' files.img '.entries[id=5].tty.tty_info_id=9'
wrong tty 'tty-data.img: record 1: tty_id: there is no terminal 9' tty-data.img '.entries[0].tty_id=9'

mm='mm-15290.img'
wrong mem 'memfd.img: record 1: shmid: pagemap-shmem-7.img is missing' memfd.img '.entries[0].shmid=7'
wrong mem 'pagemap-shmem-19293.img: there are pages behind the end' memfd.img '.entries[0].size=4096'
wrong mem 'memfd.inode_id: there is no memfd 9' files.img '.entries[id=3].memfd.inode_id=9'
wrong mem 'vmas: the mapping from 0x1 to' $mm '.entries[0].vmas[0].start=1'
wrong mem 'vmas: the mapping at 0x[0-9a-f]+ is not above' $mm '.entries[0].vmas[1].start=0x1000'
wrong mem 'vmas.shmid: 0x[0-9a-f]+ maps file 99' $mm '.entries[0].vmas[0].shmid=99'
wrong mem 'vmas.status: the mapping at' $mm '.entries[0].vmas[0].status=VMA_AREA_REGULAR | VMA_FILE_PRIVATE | VMA_ANON_PRIVATE'
wrong mem 'guards: a start without an end' $mm '.entries[0].guards[+]=0x1000'
wrong mem 'guards: 0x1000 is in no mapping' $mm '.entries[0].guards[+]=0x1000' '.entries[0].guards[+]=0x2000'
map='pagemap-15290.img'
wrong mem "$map: record 2: vaddr: the page at 0x1000 is in no mapping" $map '.entries[1].vaddr=0x1000'
wrong mem "$map: record 3: .*out of order" $map '.entries[2].vaddr=0'
wrong mem "$map: record 1: pages_id: pages-77.img is missing" $map '.entries[0].pages_id=77'
wrong mem "pages_id: pages-1.img belongs to" $map '.entries[0].pages_id=1'
wrong mem "$map: record 2: flags: 0x14 has unknown flags" $map '.entries[1].flags=0x14'
wrong mem "$map: record 2: flags: the page at 0x[0-9a-f]+ is in the parent, and there is none" $map '.entries[1].flags=PE_PARENT'

begin mem
truncate -s -4096 "$dir/pages-3.img"
finds "^pagemap-.*: needs [0-9]+ bytes of pages-3.img, which has"
undo pages-3.img

# A chain: the pages are found in the parent, and missed there.
begin mem
cp -r "$dir" "$work/parent"
"$crit" set --force "$dir" $map '.entries[1].flags=PE_PARENT'
ln -s ../parent "$dir/parent"
"$crit" verify "$dir" || fail "a chain of two is not right"
"$crit" set --force "$work/parent" $map -d '.entries[1]'
finds "$map: record 2: flags: the page at 0x[0-9a-f]+ is in the parent, which does not have it"
"$crit" set --force "$work/parent" $map '.entries[1].flags=PE_PARENT'
rm "$work/parent/$map"
finds "$map: record 2: flags: the page at 0x[0-9a-f]+ is in the parent, and there is none"
rm "$dir/parent"
ln -s nowhere "$dir/parent"
finds "$map: record 2: the parents cannot be read: .*parent: No such file"

# What is wrong as JSON, and everything in one run.
begin files
"$crit" set --force "$dir" fs-15319.img '.entries[0].cwd_id=99' '.entries[0].root_id=98'
finds 'cwd_id'
"$crit" verify --json "$dir" > "$work/json" 2> "$work/err" && fail "--json: exit status 0"
grep -q '{"image":"fs-15319.img","record":1,"field":"cwd_id","text":"there is no regular file 99"}' "$work/json" ||
	{ sed 's/ //g' "$work/json" | grep -q '"field":"cwd_id"' || fail "--json: $(cat "$work/json")"; }
[ "$(grep -c '"image"' "$work/json")" = 2 ] || fail "--json: not two findings"

"$crit" verify "$work/nowhere" 2> "$work/err" && fail "a directory that is not there is right"
grep -q "cannot open $work/nowhere: No such file" "$work/err" || fail "$(cat "$work/err")"
"$crit" verify 2> "$work/err"
[ $? = 2 ] || fail "without a directory: not a usage error"
exit $failed
