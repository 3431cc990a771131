#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit in pipes and with files, as scripts use it: standard input and output, -i and -o, links, modes, whole files or none.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"

must() { # WHAT COMMAND...
	local what=$1
	shift
	"$@" || { echo "$what"; failed=1; }
}

same() { # WHAT FILE: standard input must be it
	cmp - "$2" || { echo "$1"; failed=1; }
}

trickle() { # a byte at a time
	dd bs=1 status=none
}

for name in files/img/files.img mem/img/pagemap-shmem-1.img ns/img/ipcns-msg-11.img files/img/ghost-file-1.img; do
	image=$corpus/$name
	[ -f "$image" ] || image=$(find "$corpus/${name%%/*}/img" -name "$(basename "${name%-*}")*" | sort | head -n 1)
	json=${image/img/json}.json
	pretty=${image/img/pretty}.json
	"$crit" decode <"$image" >"$work/json"
	same "decode < IMAGE > FILE" "$json" <"$work/json"
	"$crit" decode --pretty <"$image" | same "decode --pretty < IMAGE |" "$pretty"
	trickle <"$image" | "$crit" decode | trickle | same "decode in slow pipes" "$json"
	"$crit" encode <"$json" >"$work/image"
	same "encode < FILE > IMAGE" "$image" <"$work/image"
	trickle <"$pretty" | "$crit" encode | same "encode in slow pipes" "$image"
	"$crit" decode -i "$image" | "$crit" encode | "$crit" decode --pretty | "$crit" encode | same "a round trip" "$image"
	must "-i, -o" "$crit" decode -i "$image" -o "$work/out" --pretty
	same "decode -i -o --pretty" "$pretty" <"$work/out"
	must "--in, --out" "$crit" encode --in="$work/out" --out "$work/out2"
	same "encode --in --out" "$image" <"$work/out2"
	"$crit" decode -i /dev/stdin -o /dev/stdout <"$image" | same "/dev/stdin and /dev/stdout" "$json"
	"$crit" show "$image" | same "show" "$pretty"
	"$crit" show /dev/stdin <"$image" | same "show /dev/stdin" "$pretty"
	"$crit" info "$image" | grep -q '"magic": "[A-Z_]*"' || { echo "info"; failed=1; }
	# Keys sorted by another tool: "entries" comes first, and a pipe cannot be read twice.
	{ printf '{"entries": '; sed 's/^{"magic": "[A-Z_]*", "entries": //; s/}$//' "$json"
		sed -E 's/^\{("magic": "[A-Z_]*").*/, \1}/' "$json"; } >"$work/sorted"
	"$crit" encode <"$work/sorted" | same "entries in front of magic, a file" "$image"
	trickle <"$work/sorted" | "$crit" encode | same "entries in front of magic, a pipe" "$image"
	# What somebody has read already is not part of it.
	{ printf 'front'; cat "$image"; } >"$work/front"
	{ dd bs=1 count=5 of=/dev/null status=none; "$crit" decode; } <"$work/front" | same "standard input from the middle" "$json"
done

image=$corpus/ns/img/utsns-12.img
[ -f "$image" ] || image=$(find "$corpus/ns/img" -name 'utsns-*' | head -n 1)
json=${image/img/json}.json

# In place of what was there: through links, with its mode, the input itself.
cp "$image" "$work/a.img"
chmod 640 "$work/a.img"
ln -s a.img "$work/link"
must "over itself" "$crit" decode -i "$work/a.img" -o "$work/link"
must "the link stays one" test -L "$work/link"
must "the mode stays" test "$(stat -c %a "$work/a.img")" = 640
same "decode over itself" "$json" <"$work/a.img"
(umask 027 && "$crit" encode -i "$work/a.img" -o "$work/new")
must "a new file's mode" test "$(stat -c %a "$work/new")" = 640
same "encode to a new file" "$image" <"$work/new"
must "no temporary files" test "$(find "$work" -name '*.??????' ! -name '*.*.*' | wc -l)" = 0

# Output that nobody takes, or that cannot be: an error, soon.
timeout 20 "$crit" decode -i "$image" >&- 2>"$work/err"
must "closed output: exit status" test $? = 1
must "closed output: message" grep -q 'cannot write standard output' "$work/err"
big=$(find "$corpus" -name 'pages-*.img' -size +1M | head -n 1)
timeout 20 "$crit" decode -i "$big" 2>"$work/err" | head -c 10 >/dev/null
status=${PIPESTATUS[0]}
must "a reader that leaves: exit status $status" [ $((status == 0 || status == 124)) = 0 ]
timeout 20 "$crit" decode <&- >/dev/null 2>"$work/err"
must "closed input: exit status" test $? = 1
must "closed input: message" grep -q 'standard input: .*cannot read' "$work/err"
timeout 20 "$crit" encode </dev/null >/dev/null 2>"$work/err"
must "no input: message" grep -q "standard input: at offset 0: '{' expected" "$work/err"
timeout 20 "$crit" decode -i "$work" 2>"$work/err"
must "a directory: message" grep -q "$work: .*Is a directory" "$work/err"

# Errors say which entry, and where.
good='{"nodename": "a", "domainname": "b"}'
printf '{"magic": "UTSNS", "entries": [%s, %s, {"nodename": 5}]}' "$good" "$good" >"$work/bad"
"$crit" encode <"$work/bad" 2>"$work/err" >/dev/null
must "the entry" grep -q "standard input: entry 3, at offset 120: '\"' expected" "$work/err"
{ cat "$image"; printf '\5'; } | "$crit" decode 2>"$work/err" >/dev/null
must "the record" grep -q "standard input: record 2 at offset $(stat -c %s "$image"): .*within a length word" "$work/err"

# A terminal gets a newline at the end, so that the prompt is on a line of its own.
if command -v script >/dev/null; then
	{ cat "$json"; printf '\r\n'; } >"$work/tty"
	script -qec "$crit decode -i $image" /dev/null </dev/null | same "on a terminal" "$work/tty"
fi
exit $failed
