# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# git gc of a repository with many versions of files, while its threads look for what is like what.
needs() { echo "git awk"; }

export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
commits=350

prepare() {
	git init -q -b main --bare original
	awk -v commits=$commits 'BEGIN {
		srand(1)
		for (l = 0; l < 3000; l++)
			line[l] = "line " l " of a file " rand()
		for (c = 1; c <= commits; c++) {
			for (l = 0; l < 15; l++)
				line[int(rand() * 3000)] = "commit " c " changes it: " rand()
			text = ""
			for (l = 0; l < 3000; l++)
				text = text line[l] "\n"
			printf "commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 2\n.\n", 1000000000 + c * 60
			printf "M 644 inline file%d\ndata %d\n%s\n", c % 7, length(text), text
		}
	}' | git -C original -c fastimport.unpackLimit=1000000 fast-import --quiet || fail "the repository cannot be made"
	cp -r original repository
	[ "$(find repository/objects -type f | wc -l)" -gt $commits ] || fail "there is nothing to pack"
	begin=$(cpu_time $$)
	undisturbed repository
	whole=$(($(cpu_time $$) - begin))
	cp -r original repository
}

start() {
	rm -f used
	launch git -C repository -c pack.threads=2 -c gc.autoDetach=false gc --aggressive --prune=now
}

# git tells only a terminal how far it is. How much of the time that all of it takes undisturbed has it used? The time that
# a process has used begins anew with a restore.
progress() {
	local pid used=0 before=0 last=0
	[ ! -e exit-status ] || { echo 100; return; }
	for pid in $(tree); do
		used=$((used + $(cpu_time "$pid")))
	done
	[ ! -e used ] || read -r before last <used
	[ $used -ge "$last" ] || before=$((before + last))
	echo "$before $used" >used
	echo $(((before + used) * 99 / whole))
}

cpu_time() { # PID: of it and of its children that have ended
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat" 2>/dev/null || echo 0
}

look() {
	held
}

outside() {
	git -C repository log -1 --format=%H main >head.txt || fail "the repository cannot be read"
}

result() {
	same stdout stderr
	[ "$(git -C repository fsck --full 2>&1)" = "" ] || fail "git finds: $(git -C repository fsck --full 2>&1 | head -n 3)"
	cmp <(git -C repository rev-list --objects --all | sort) <(git -C original rev-list --objects --all | sort) ||
		fail "the repository has other objects"
	[ "$(git -C repository count-objects -v | awk '$1 == "count:" || $1 == "garbage:" { print $2 }' | tr '\n' ' ')" = "0 0 " ] ||
		fail "this is left: $(git -C repository count-objects -v)"
	[ "$(find repository -name '*tmp_*' -o -name '*.lock' -o -name gc.pid)" = "" ] || fail "temporary files are left"
}

