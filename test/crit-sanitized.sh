#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Broken images through the tool itself, built with sanitizers: never a crash, always exit status 0 or 1 and a message
# that names the file and an offset. Needs: make SAN=1 B=build/san build/san/bin/crit build/san/test/libimg-malformed
set -u
top=${CR_TOP:-.}
san=${CR_BUILD:-$top/${BUILD:-build}}/san
crit=$san/bin/crit
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

if [ ! -x "$crit" ] || [ ! -x "$san/test/libimg-malformed" ]; then
	echo "no sanitized build: make SAN=1 B=build/san build/san/bin/crit build/san/test/libimg-malformed"
	exit 77
fi
"$san/test/libimg-malformed" "$RANDOM" || exit 1
for test in libimg-limits libimg-random libimg-seeds; do
	if [ -x "$san/test/$test" ]; then
		"$san/test/$test" 2>"$work/err" || { tail -n 30 "$work/err"; exit 1; }
	fi
done
# The tests of crit once more: what they expect is exit status 0 or 1 and a message, which no crash gives.
for test in crit-errors crit-stdio; do
	CR_BIN=$san/bin "$top/test/$test.sh" || exit 1
done

# The tool: a few cuts and flips of each image, as a file and through a pipe.
failed=0
for image in "$top"/test/data/criu-images/*/img/*; do
	case $image in */pages-*|*.tar.gz.img) continue ;; esac
	size=$(stat -c %s "$image")
	name=${image##*/}
	for cut in 3 9 $((size / 2)) $((size - 1)); do
		[ "$cut" -lt 0 ] && continue
		head -c "$cut" "$image" > "$work/$name"
		"$crit" decode --pretty -i "$work/$name" > /dev/null 2> "$work/err"
		status=$?
		if [ $status -gt 1 ] || { [ $status = 1 ] && ! grep -q "^crit: .*$name.* offset [0-9]" "$work/err"; }; then
			echo "exit status $status: $name cut at $cut"
			head -n 5 "$work/err"
			failed=1
		fi
		"$crit" decode < "$work/$name" > /dev/null 2> "$work/err"
		status=$?
		if [ $status -gt 1 ] || { [ $status = 1 ] && ! grep -q '^crit: standard input: .*offset [0-9]' "$work/err"; }; then
			echo "exit status $status: $name cut at $cut, through a pipe"
			head -n 5 "$work/err"
			failed=1
		fi
	done
done
for family in "$top"/test/data/criu-images/{files,unix}/img; do
	for view in ps fds mems rss; do
		mkdir -p "$work/dir"
		cp "$family"/* "$work/dir"
		for image in "$work"/dir/{pstree,files}.img "$work"/dir/{core,mm,pagemap,fdinfo}-*.img; do
			cp "$image" "$work/whole"
			truncate -s -3 "$image"
			"$crit" x "$work/dir" $view > /dev/null 2> "$work/err"
			status=$?
			if [ $status -gt 1 ] || { [ $status = 1 ] && ! grep -q "^crit: .*${image##*/}" "$work/err"; }; then
				echo "exit status $status: x $view with ${image##*/} cut"
				head -n 5 "$work/err"
				failed=1
			fi
			cp "$work/whole" "$image"
		done
		rm -r "$work/dir"
	done
done
exit $failed
