#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libimg as others get it: installed into an empty tree, its headers compile alone (C and C++), it exports what they declare, and the
# example program is built and tells what a checkpoint has.
set -u
top=$(cd "${CR_TOP:-.}" && pwd) || exit 99
build=${CR_BUILD:-${BUILD:-build}}
[[ $build = /* ]] || build=$top/$build
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

wrong() {
	echo "$*"
	failed=1
}

[ -e "$build/lib/libimg.so" ] || { echo "no $build/lib/libimg.so"; exit 99; }
if nm -D "$build/lib/libimg.so" | grep -q ' U __[au][sb]san_'; then
	echo "a sanitized library cannot be used by other programs"
	exit 77
fi
make -C "$top" -s B="$build" install DESTDIR="$work/root" PREFIX=/opt/crkit > "$work/log" 2>&1 || {
	cat "$work/log"
	exit 1
}
prefix=$work/root/opt/crkit
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# The prefix is where it will be, not where it is.
read -ra flags <<< "$(pkg-config --define-variable=prefix="$prefix" --cflags libimg)"
read -ra libs <<< "$(pkg-config --define-variable=prefix="$prefix" --libs libimg)"
[ "$(pkg-config --modversion libimg)" = "$(sed -n 's/.*CRKIT_VERSION "\(.*\)"/\1/p' "$top/base/version.h")" ] ||
	wrong "libimg.pc has another version"

# messages.h includes all of proto/.
for compiler in "gcc -x c" "clang -x c" "g++ -x c++"; do
	command -v "${compiler%% *}" > /dev/null || continue
	read -ra command <<< "$compiler"
	for header in "$prefix"/include/crkit/*.h; do
		echo "#include <crkit/${header##*/}>" | "${command[@]}" -Wall -Wextra -Werror "${flags[@]}" -fsyntax-only - 2> "$work/err" ||
			wrong "$compiler: ${header##*/}: $(head -n 3 "$work/err")"
	done
done
grep -rE '#include "' "$prefix/include" && wrong "headers that are not found where they are installed"

readelf -d "$prefix/lib/libimg.so.0" | grep -q 'SONAME.*\[libimg.so.0\]' || wrong "no SONAME"
[ "$(readlink "$prefix/lib/libimg.so")" = libimg.so.0 ] || wrong "libimg.so is no link to libimg.so.0"
nm -D --defined-only "$prefix/lib/libimg.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort > "$work/exported"
sed -nE 's/^(const )?[a-zA-Z0-9_]+( [a-zA-Z_]+)? \*?(img_[a-z0-9_]+)\(.*/\3/p' "$prefix"/include/crkit/{libimg,json}.h | sort > "$work/declared"
diff "$work/declared" "$work/exported" > "$work/diff" || wrong "declared (<) and exported (>) are not the same: $(cat "$work/diff")"
grep -v '^img_' "$work/exported" && wrong "exported, but not img_*"

for compiler in gcc clang; do
	command -v $compiler > /dev/null || continue
	$compiler -Wall -Wextra -Werror "${flags[@]}" "$top/doc/examples/checkpoint-tasks.c" "${libs[@]}" -o "$work/tasks" ||
		wrong "$compiler: the example does not build"
	LD_LIBRARY_PATH=$prefix/lib "$work/tasks" "$top/test/data/criu-images/mem/img" > "$work/out" || wrong "the example fails"
	while read -r pid _ kib _; do
		pages=$("$build/bin/crit" info "$top/test/data/criu-images/mem/img/pagemap-$pid.img" | sed -n 's/.*"pages": \([0-9]*\).*/\1/p')
		[ "$kib" = $((4 * pages)) ] || wrong "task $pid: $kib KiB, but $pages pages"
	done < "$work/out"
	[ "$(awk '{ print $1 }' "$work/out")" = "$("$build/bin/crit" x "$top/test/data/criu-images/mem/img" ps | awk 'NR > 1 { print $1 }')" ] ||
		wrong "other tasks: $(cat "$work/out")"
	LD_LIBRARY_PATH=$prefix/lib "$work/tasks" "$work" 2> "$work/err" && wrong "no error for an empty directory"
	grep -q 'pstree.img' "$work/err" || wrong "the error does not name pstree.img: $(cat "$work/err")"
done

# A program that writes: a message by name, put into an image, and read by crit.
cat > "$work/write.c" <<'C'
#include <crkit/libimg.h>
#include <crkit/proto/pstree.pb-c.h>
#include <fcntl.h>
#include <stdio.h>

int main(void)
{
	PstreeEntry *task = (PstreeEntry *)img_new(img_message("pstree_entry"));
	struct err e;
	char text[1536];

	if (!task || img_message("no_such_entry") || !img_message("ipc_msg") || !img_message("ghost_chunk_entry"))
		return 2;
	task->pid = task->pgid = task->sid = 4711;
	if (img_write_one(AT_FDCWD, IMG_PSTREE, 0, &task->base, &e)) {
		puts(img_err_text(&e, text, sizeof(text)));
		return 1;
	}
	img_free(task);
	return 0;
}
C
gcc -Wall -Wextra "${flags[@]}" "$work/write.c" "${libs[@]}" -o "$work/write" || wrong "the writing program does not build"
(cd "$work" && LD_LIBRARY_PATH=$prefix/lib ./write) || wrong "the writing program fails"
"$build/bin/crit" decode -i "$work/pstree.img" | grep -q '"pid": 4711, "ppid": 0' || wrong "another image than was meant"

for file in share/man/man3/libimg.3 share/man/man1/crit.1 share/bash-completion/completions/crit \
	share/zsh/site-functions/_crit share/fish/vendor_completions.d/crit.fish bin/crit; do
	[ -s "$prefix/$file" ] || wrong "$file is not installed"
done
make -C "$top" -s B="$build" uninstall DESTDIR="$work/root" PREFIX=/opt/crkit
left=$(find "$work/root" ! -type d)
[ -z "$left" ] || wrong "uninstall leaves $left"
exit $failed
