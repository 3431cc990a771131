#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random images of every type against an independent decoder that knows nothing but the tables of the format. It is to be
# trusted because it prints the corpus as CRIU's own tool did. Arguments: how many images (1720), and a seed.
set -u
top=${CR_TOP:-.}
build=${CR_BUILD:-$top/${BUILD:-build}}
crit=${CR_BIN:-$build/bin}/crit
random=$build/test/libimg-random
count=${1:-1720}
seed=${2:-$RANDOM}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
for tool in "$crit" "$random"; do
	[ -x "$tool" ] || { echo "no $tool"; exit 99; }
done
command -v python3 >/dev/null || { echo "no python3"; exit 77; }

reference() {
	CR_TOP=$top python3 "$top/test/crit-reference.py" "$@"
}

reference corpus || exit 1
echo "seed $seed"
"$random" "$count" "$seed" "$work" || exit 1
reference compare "$work" || exit 1

# crit itself, of one image of each type: by name and from a pipe, where only the magic tells what it is.
failed=0
types=0
for json in "$work"/0000[0-9][0-9]/*.json; do
	image=${json%.json}
	types=$((types + 1))
	"$crit" decode -i "$image" | cmp - "$json" || failed=1
	"$crit" show "$image" | cmp - "$image.pretty" || failed=1
	"$crit" encode <"$image.pretty" | cmp - "$image" || failed=1
	"$crit" encode < <(cat "$json") | cmp - "$image" || failed=1
	# Raw images have no magic, and of types that share one the first is meant.
	grep -Eq '^.{0,30}"[A-Z_0-9]*", "entries": \[\{"extra"' "$json" && continue
	case $image in */signal-p-*) continue ;; esac
	"$crit" decode --pretty < <(cat "$image") | cmp - "$image.pretty" || failed=1
done
[ $types -ge 86 ] || { echo "only $types types"; failed=1; }
exit $failed
