#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit edit: what the editor wrote takes the place of the image only when all of it is good.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
corpus=$corpus/files/img
mkdir "$work/tmp"
cp -r "$corpus" "$work/dir"
chmod -R u+w "$work/dir"
unset VISUAL

# edits STATUS PATTERN EDITOR IMAGE [OPTION]: exit status, and what standard error must match.
edits() {
	TMPDIR=$work/tmp EDITOR=$3 "$crit" edit "$work/dir" "${@:4}" > "$work/out" 2> "$work/err" < /dev/null
	local is=$?
	[ $is = "$1" ] || { echo "exit status $is, not $1: $3"; cat "$work/err"; failed=1; }
	[ -z "$2" ] || grep -Eq -- "$2" "$work/err" || { echo "not \"$2\": $3"; cat "$work/err"; failed=1; }
}
same() {
	diff -r "$corpus" "$work/dir" || { echo "changed: $*"; failed=1; }
}
left() { # NUMBER of files in the temporary directory
	[ "$(find "$work/tmp" -type f | wc -l)" = "$1" ] || { find "$work/tmp"; echo "not $1 files are left"; failed=1; }
	find "$work/tmp" -type f -delete
}

inode=$(stat -c %i "$work/dir/files.img")
edits 0 '' true files.img
same "without a change"
[ "$(stat -c %i "$work/dir/files.img")" = "$inode" ] || { echo "written without a change"; failed=1; }
edits 0 '' 'sed -i s,^,\ ,' files.img
same "blanks only"
left 0

edits 1 'the editor "false" failed; nothing was changed' false files.img
edits 1 'the editor "/nowhere/editor" failed' /nowhere/editor files.img
edits 1 'the editor' 'sh -c "kill -9 \$\$"' files.img
left 0
same "the editor failed"

edits 1 "at offset [0-9]+" 'sed -i s,REG,RG,' files.img
left 1
edits 1 'there is no regular file 99' "sed -i 's/\"cwd_id\": [0-9]*/\"cwd_id\": 99/'" fs-15319.img
grep -q "hint: what was edited is in $work/tmp/crit-......-fs-15319.img.json; --force" "$work/err" || { cat "$work/err"; failed=1; }
left 1
same "refused"
edits 1 'raw image' true pages-1.img
edits 1 'not the name of an image' true nothing
edits 1 'cannot open image fs-1.img' true fs-1.img
left 0
same "no image"

edits 0 '' "sed -i 's,/opt/corpus/work/plain.txt,/new/place,'" files.img
left 0
"$crit" show "$work/dir/files.img" | sed 's,/new/place,/opt/corpus/work/plain.txt,' | diff - <("$crit" show "$corpus/files.img") ||
	{ echo "not what was edited"; failed=1; }
edits 0 '' "sed -i 's/\"cwd_id\": [0-9]*/\"cwd_id\": 99/'" fs-15319.img --force
"$crit" show "$work/dir/fs-15319.img" | grep -q '"cwd_id": 99' || { echo "--force does not"; failed=1; }

# $VISUAL comes first, and gets the image's name.
VISUAL="basename >$work/name" edits 0 '' false fs-15321.img
grep -q '^crit-......-fs-15321.img.json$' "$work/name" || { cat "$work/name"; failed=1; }
[ "$(find "$work/dir" -name '*.??????' | wc -l)" = 0 ] || { echo "temporary files are left"; failed=1; }

# On a terminal it can be edited again.
if command -v script > /dev/null; then
	cat > "$work/editor" <<- EOF
		#!/bin/sh
		if [ -e $work/second ]; then sed -i 's/"umask": x/"umask": 7/' "\$1"; else sed -i 's/"umask": [0-9]*/"umask": x/' "\$1"; fi
		: > $work/second
	EOF
	chmod +x "$work/editor"
	printf 'y\n' | EDITOR="$work/editor" script -qec "'$crit' edit '$work/dir' fs-15321.img" /dev/null > "$work/out" 2>&1 ||
		{ cat "$work/out"; failed=1; }
	"$crit" show "$work/dir/fs-15321.img" | grep -q '"umask": 7' || { echo "not edited again"; cat "$work/out"; failed=1; }
fi
exit $failed
