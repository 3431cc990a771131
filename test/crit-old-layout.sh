#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Checkpoints in the older layout (one magic word, one image per kind of file, parts of a task in files of their own), made
# of the corpus: every image decodes and encodes, and crit x shows what it shows of the same checkpoint in today's layout.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
needs python3
images=0

for family in "$top"/test/data/criu-images/*/; do
	name=$(basename "$family")
	old=$work/$name
	mkdir "$old"
	"$top/test/crit-old-layout.py" "$crit" "$family/img" "$old" >"$work/left-out" || fail "$name: cannot be converted"
	for image in "$old"/*; do
		images=$((images + 1))
		"$crit" decode -i "$image" -o "$work/json" || fail "$image: decode"
		"$crit" encode -i "$work/json" | cmp - "$image" || fail "$image: encode gives other bytes"
		"$crit" decode --pretty -i "$image" | "$crit" encode | cmp - "$image" || fail "$image: pretty gives other bytes"
	done
	for view in ps fds mems rss; do
		[ -f "$family/x-$view.txt" ] || continue
		"$crit" x "$old" "$view" | diff - "$family/x-$view.txt" || fail "$name: x $view differs"
	done
done
# The views that came later: the same of both.
for family in "$top"/test/data/criu-images/*/; do
	for view in $("$crit" x "$work" '?' 2>&1 | grep -oE '\b(sk|mounts|env|args|threads|signals|ns)\b' | sort -u); do
		"$crit" x "$family/img" "$view" >"$work/today" 2>/dev/null || continue
		"$crit" x "$work/$(basename "$family")" "$view" | diff - "$work/today" || fail "$family: x $view differs"
	done
done
# One magic word indeed, and all kinds of files.
"$crit" decode -i "$work/task/creds-15257.img" | grep -q '^{"magic": "CREDS", "_version": "1.0", "entries": \[{"uid"' ||
	fail "creds-15257.img is not of version 1.0"
for image in reg-files pipes unixsk inetsk eventfd eventpoll signalfd inotify timerfd tty packetsk netlinksk \
	itimers-15257 sigacts-15257 posix-timers-15257 rlimit-15257 vmas-15257 ids-15257; do
	ls "$work"/*/$image.img >/dev/null 2>&1 || fail "no $image.img"
done
[ "$images" -gt 200 ] || fail "only $images images"
echo "$images images"
exit $failed
