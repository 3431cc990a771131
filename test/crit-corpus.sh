#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Checkpoints made by CRIU: crit prints what CRIU's own tool prints, and encodes every image back to the same bytes.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
images=0

same() { # WHAT REFERENCE: standard input must be the reference
	cmp -s - "$2" || fail "$1 differs from $2"
}

for image in "$top"/test/data/criu-images/*/img/*; do
	name=${image##*/}
	family=${image%/img/*}
	json=$family/json/$name.json
	pretty=$family/pretty/$name.json
	images=$((images + 1))
	if [ -f "$json" ]; then
		"$crit" decode -i "$image" | same "decode of $image" "$json"
		"$crit" decode < "$image" | same "decode of standard input" "$json"
		"$crit" decode --in "$image" --out "$work/json" || fail "decode -o of $image failed"
		same "decode -o of $image" "$json" < "$work/json"
		"$crit" decode -i "$image" --pretty | same "decode --pretty of $image" "$pretty"
		"$crit" show "$image" | same "show of $image" "$pretty"
		"$crit" encode < "$json" | same "encode of $json" "$image"
		"$crit" encode -i "$pretty" -o "$work/image" || fail "encode of $pretty failed"
		same "encode of $pretty" "$image" < "$work/image"
	fi
	# What the reference tool cannot decode must come back all the same.
	"$crit" decode -i "$image" | "$crit" encode | same "decode and encode of $image" "$image"
	"$crit" info "$image" > "$work/info" || fail "info of $image failed"
	"$crit" decode --nopl -i "$image" > "$work/nopl" || fail "decode --nopl of $image failed"
done
for family in "$top"/test/data/criu-images/*/; do
	for view in ps fds mems rss; do
		[ -f "$family/x-$view.txt" ] || continue
		"$crit" x "$family/img" "$view" | same "x $family $view" "$family/x-$view.txt"
	done
done
[ "$images" -gt 150 ] || fail "only $images images found"
echo "$images images"
exit $failed
