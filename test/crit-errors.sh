#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What crit says about bad input: the file, the entry or record, the offset, exit status 1, and nothing written.
set -u
top=${CR_TOP:-.}
crit=${CR_BIN:-${CR_BUILD:-${BUILD:-build}}/bin}/crit
corpus=$top/test/data/criu-images
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
[ -x "$crit" ] || { echo "no $crit"; exit 99; }
failed=0

# expect STATUS PATTERN COMMAND...: the command's exit status, and what standard error must match.
expect() {
	local status=$1 pattern=$2
	shift 2
	"$@" > "$work/out" 2> "$work/err" < /dev/null
	local is=$?
	if [ $is != "$status" ]; then
		echo "exit status $is, not $status: $*"
		failed=1
	fi
	if [ -n "$pattern" ] && ! grep -Eq -- "$pattern" "$work/err"; then
		echo "expected \"$pattern\" of: $*"
		sed 's/^/	/' "$work/err"
		failed=1
	fi
}

# bad_json PATTERN JSON: must be refused, and leave what is there.
bad_json() {
	printf '%s' "$2" > "$work/in.json"
	echo before > "$work/image"
	expect 1 "^crit: $work/in.json: (entry [0-9]+, )?at offset [0-9]+: .*$1" "$crit" encode -i "$work/in.json" -o "$work/image"
	if [ "$(cat "$work/image")" != before ] || [ "$(find "$work" -name 'image*' | wc -l)" != 1 ]; then
		echo "the output was touched: $2"
		failed=1
	fi
}

# bad_image PATTERN BYTES...: as printf writes them.
bad_image() {
	# shellcheck disable=SC2059 # the bytes are escapes
	printf "$2" > "$work/in.img"
	echo before > "$work/json"
	expect 1 "^crit: $work/in.img: (record [0-9]+ at offset [0-9]+|at offset [0-9]+): .*$1" \
		"$crit" decode -i "$work/in.img" -o "$work/json"
	if [ "$(cat "$work/json")" != before ] || [ "$(find "$work" -name 'json*' | wc -l)" != 1 ]; then
		echo "the output was touched: $2"
		failed=1
	fi
}

utsns='\031\103\126\124\003\062\107\124' # both magics
pipes='\031\103\126\124\011\067\105\126'

bad_image 'too short to have a magic' ''
bad_image 'too short to have a magic' '\031\103\126\124\003'
bad_image 'unknown magic 0x64636261' 'abcd'
bad_image 'ends within a length word' "$utsns\\001\\000"
bad_image '100 bytes announced, 0 there' "$utsns\\144\\000\\000\\000"
bad_image 'utsns_entry.domainname at offset 15: required, but missing' "$utsns\\003\\000\\000\\000\\012\\001a"
bad_image 'utsns_entry.nodename at offset 12: wrong wire type' "$utsns\\002\\000\\000\\000\\010\\001"
bad_image 'no valid field' "$utsns\\002\\000\\000\\000\\012\\377"
bad_image '2147483648 bytes announced' "$utsns\\000\\000\\000\\200"
bad_image '4294967295 bytes of payload announced at offset 20, but the image has only 0' \
	"$pipes\\010\\000\\000\\000\\010\\001\\020\\377\\377\\377\\377\\017"

bad_json "'\\{' expected" ''
bad_json "'\\{' expected" '[]'
bad_json 'unknown magic "FOO"' '{"magic": "FOO", "entries": []}'
bad_json 'no "entries"' '{"magic": "UTSNS"}'
bad_json 'no "magic"' '{"entries": []}'
bad_json 'more text behind' '{"magic": "UTSNS", "entries": []}x'
bad_json 'unexpected "mag"' '{"mag": "UTSNS", "entries": []}'
bad_json 'ends' '{"magic": "UTSNS", "entries": ['
bad_json 'a utsns_entry needs "nodename"' '{"magic": "UTSNS", "entries": [{}]}'
bad_json 'a utsns_entry has no "foo"' '{"magic": "UTSNS", "entries": [{"foo": 1}]}'
bad_json 'duplicate key "nodename"' '{"magic": "UTSNS", "entries": [{"nodename": "a", "nodename": "b"}]}'
bad_json 'duplicate key "entries"' '{"magic": "UTSNS", "entries": [], "entries": []}'
bad_json "'\"' expected" '{"magic": "UTSNS", "entries": [{"nodename": 5}]}'
bad_json 'unknown escape' '{"magic": "UTSNS", "entries": [{"nodename": "\q"}]}'
bad_json 'half a surrogate pair' '{"magic": "UTSNS", "entries": [{"nodename": "\ud800x"}]}'
bad_json 'control character' "$(printf '{"magic": "UTSNS", "entries": [{"nodename": "a\nb"}]}')"
bad_json 'a number expected' '{"magic": "PSTREE", "entries": [{"pid": true}]}'
bad_json 'an integer expected' '{"magic": "PSTREE", "entries": [{"pid": 1.5}]}'
bad_json '4294967296 is out of range for "pid"' '{"magic": "PSTREE", "entries": [{"pid": 4294967296}]}'
bad_json '[-]1 is out of range for "pid"' '{"magic": "PSTREE", "entries": [{"pid": -1}]}'
bad_json 'does not fit into 64 bits' '{"magic": "PSTREE", "entries": [{"pid": 99999999999999999999}]}'
bad_json "'\\[' expected" '{"magic": "PSTREE", "entries": [{"threads": 5}]}'
bad_json '"Dead" is no value for "type"' '{"magic": "FDINFO", "entries": [{"type": "Dead"}]}'
bad_json 'bad base64' '{"magic": "TTY_DATA", "entries": [{"tty_id": 1, "data": "a*b="}]}'
bad_json 'bad base64' '{"magic": "TTY_DATA", "entries": [{"tty_id": 1, "data": "abc"}]}'
bad_json 'bad quoted-printable' '{"magic": "UNIXSK", "entries": [{"name": "a=b"}]}'
bad_json '3 bytes, but the record says 4' '{"magic": "PIPES_DATA", "entries": [{"pipe_id": 1, "bytes": 4, "extra": "YWJj\n"}]}'
bad_json 'nest too deep' "{\"magic\": \"CGROUP\", \"entries\": [{\"controllers\": [{\"dirs\": [$(
	for _ in {1..200}; do printf '{"dir_name": "d", "children": ['; done
)"

expect 1 'cannot open .*nothing: No such file' "$crit" decode -i "$work/nothing"
expect 1 'cannot create' "$crit" decode -i "$corpus/ns/img/utsns-12.img" -o "$work/nowhere/json"
expect 1 'pstree.img' "$crit" x "$work" ps
expect 2 'no verb' "$crit"
expect 2 'there is no verb "frob"' "$crit" frob
expect 2 'bad option' "$crit" decode --frob
expect 2 'there is no view "frob"' "$crit" x "$corpus/ns/img" frob
expect 2 'give one image' "$crit" show
for verb in decode encode show info x; do
	expect 0 '' "$crit" $verb --help
	grep -q "usage: crit $verb" "$work/out" || failed=1
done
if [ -e /dev/full ]; then
	expect 1 'cannot write .*No space left' "$crit" decode -i "$corpus/ns/img/utsns-12.img" -o /dev/full
fi
exit $failed
