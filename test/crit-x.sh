#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit x: the views of checkpoints made by CRIU, as text and as JSON, of directories and of archives, say what the programs in them
# are known to have done (test/data/criu-images/zoo.c); of broken ones there is a message.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
views="ps fds mems rss sk mounts env args threads signals ns"
needs python3

# An unknown view is told about all there are.
"$crit" x "$corpus/task/img" frob >"$work/out" 2>"$work/err"
[ $? = 2 ] || fail "an unknown view: the exit status is not 2"
for view in $views; do
	grep -qw "$view" "$work/err" || fail "an unknown view: $view is not named"
	"$crit" x --help | grep -Eq "^  $view +[a-z]" || fail "--help: $view is not told about"
done

# Every view of every family, also from an archive, is the same; its JSON is JSON, and has all tasks.
for family in task mem files unix inet tty ns; do
	tar -C "$corpus/$family" -czf "$work/$family.tar.gz" img
	"$crit" decode -i "$corpus/$family/img/pstree.img" |
		python3 -c 'import json, sys; print(*(t["pid"] for t in json.load(sys.stdin)["entries"]))' | read -r -a pids
	for view in $views; do
		"$crit" x "$corpus/$family/img" "$view" >"$work/text" || fail "x $family $view fails"
		"$crit" x "$work/$family.tar.gz" "$view" | cmp -s - "$work/text" || fail "x $family.tar.gz $view differs"
		"$crit" x --json "$corpus/$family/img" "$view" >"$work/json" || fail "x --json $family $view fails"
		python3 -m json.tool <"$work/json" >/dev/null || fail "x --json $family $view is no JSON"
		"$crit" x --json "$work/$family.tar.gz" "$view" | cmp -s - "$work/json" || fail "x --json $family.tar.gz $view differs"
		case $view in sk | mounts | ns) continue ;; esac
		for pid in "${pids[@]}"; do
			grep -q "\"pid\":${pid}[,}]" "$work/json" || fail "x --json $family $view: no row of task $pid"
			[ "$view" = ps ] || grep -qx "$pid" "$work/text" || fail "x $family $view: no line of task $pid"
		done
	done
done

"$top/test/crit-x.py" corpus "$crit" "$corpus" || failed=1

# Broken in any image: a message that names it; never a crash.
san=${CR_BUILD:-$top/${BUILD:-build}}/san/bin/crit
[ -x "$san" ] && crit=$san
for family in task unix inet ns; do
	cp -r "$corpus/$family/img" "$work/broken"
	for image in "$work"/broken/*; do
		name=${image##*/}
		case $name in *.tar.gz.img | pages-* | stats-* | fs-* | nftables* | ip*tables* | route* | rule* | seccomp*) continue ;; esac
		cp "$image" "$work/whole"
		truncate -s -3 "$image"
		seen=
		for view in $views; do
			"$crit" x --json "$work/broken" "$view" >"$work/json" 2>"$work/err"
			status=$?
			[ $status -le 1 ] || fail "x $family $view with $name cut: exit status $status: $(head -n 5 "$work/err")"
			[ $status = 1 ] || continue
			seen=1
			grep -q "^crit: .*$name" "$work/err" || fail "x $family $view with $name cut: $(cat "$work/err")"
		done
		[ "$seen" ] || case $name in
		filelocks* | ghost* | fifo-data* | tty-*) ;; # no view looks at them
		pagemap-shmem-* | ifaddr-*) ;;
		*) fail "x $family: no view minds that $name is cut" ;;
		esac
		cp "$work/whole" "$image"
	done
	rm -r "$work/broken"
done
exit $failed
