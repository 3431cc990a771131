#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What crit says about bad input: the file, the entry or record, the offset, exit status 1, and nothing written.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"

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
# Numbers: beyond the type, below it, and none at all.
number() { # PATTERN MAGIC ENTRY-WITH-@ NUMBER...
	local pattern=$1 magic=$2 entry=$3 n
	shift 3
	for n; do
		bad_json "$pattern" "{\"magic\": \"$magic\", \"entries\": [${entry//@/$n}]}"
	done
}
number 'out of range for "pid"' PSTREE '{"pid": @}' -1 4294967296 18446744073709551615 -4294967296 '"0x100000000"'
number 'does not fit into 64 bits' PSTREE '{"pid": @}' 18446744073709551616 -18446744073709551616 1000000000000000000000
number 'out of range for "shmid"' MM '{"vmas": [{"start": 1, "end": 2, "pgoff": 3, "shmid": @}]}' -1 -18446744073709551615
number 'does not fit into 64 bits' MM '{"vmas": [{"start": 1, "end": 2, "pgoff": 3, "shmid": @}]}' 18446744073709551616
number 'out of range for "fd"' MM '{"vmas": [{"fd": @}]}' 9223372036854775808 -9223372036854775809
number 'out of range for "fd"' AUTOFS '{"fd": @}' 2147483648 -2147483649 18446744073709551615
number 'out of range for "mnt_id"' REG_FILES '{"mnt_id": @}' 2147483648 -2147483649
number 'out of range for "type"' FDINFO '{"type": @}' 2147483648 -2147483649
number 'true or false expected' INVENTORY '{"tcp_close": @}' 2 -1 '"true"' null 0.0
number '"true" expected' INVENTORY '{"tcp_close": @}' truth tru
number 'a number from 0 to 65535' IPCNS_SEM '{"extra": [@]}' 65536 -1
number 'an integer expected' PSTREE '{"pid": @}' 1.5 1e3 1E-3 1.0
number 'a number expected' PSTREE '{"pid": @}' +1 .5 - NaN Infinity -Infinity null '[]' '{}' false
number 'does not begin with 0' PSTREE '{"pid": @}' 01 -007 00
number 'is no value for "pid"' PSTREE '{"pid": @}' '""' '"x"' '"0x"' '"0xg"' '"1 "' '" 1"' '"-1"' '"1e3"' '"0x10000000000000000"'
number 'no value for "flags"' REG_FILES '{"flags": @}' '"O_RDWR |"' '"O_RDWR O_CREAT"' '"O_NOTHING"' '"|"'
number 'is no address' INETSK '{"src_addr": [@]}' '"1.2.3"' '"1.2.3.256"' '"::1::2"' '""' '"1.2.3.4\u0000"'
number 'no value for "s_dev"' INOTIFY_WD '{"s_dev": @}' '"1:"' '":1"' '"4096:1"' '"1:1048576"' '"1:1:1"'
number "(',' or '\\]'|a number) expected" PSTREE '{"threads": [@]}' '1 2' '[1]' '1;2'

# The wrong kind of value.
number "'\\{' expected" MM '@' 5 '"x"' '[]' null true
number "'\\{' expected" CORE '{"tc": @}' 5 '"x"' '[]' null
number "'\\[' expected" MM '{"vmas": @}' 5 '"x"' '{}' null
number "'\"' expected" TTY_DATA '{"data": @}' 5 '[]' '{}' null true
number "'\\{' expected" TCP_STREAM '{"extra": @}' '""' '[]' 5
number "'\\[' expected" IPCNS_MSG '{"extra": @}' '""' '{}' 5
number "'\"' expected" PIPES_DATA '{"extra": @}' 5 '[]' '{}'
bad_json "'\"' expected" '{"magic": 5, "entries": []}'
bad_json "'\\[' expected" '{"magic": "UTSNS", "entries": {}}'
bad_json "'\"' expected" '{magic: "UTSNS", "entries": []}'
bad_json "':' expected" '{"magic" "UTSNS"}'
bad_json "',' or '}' expected" '{"magic": "UTSNS" "entries": []}'
bad_json "a value expected after ','" '{"magic": "UTSNS", "entries": [],}'

# Keys that are there twice, at every level.
bad_json 'duplicate key "magic"' '{"magic": "UTSNS", "magic": "UTSNS", "entries": []}'
bad_json 'duplicate key "_version"' '{"magic": "UTSNS", "_version": "1.0", "_version": "1.0", "entries": []}'
bad_json '"magic" behind "entries"' '{"magic": "UTSNS", "entries": [], "magic": "UTSNS"}'
bad_json 'duplicate key "threads"' '{"magic": "PSTREE", "entries": [{"threads": [], "threads": [1]}]}'
bad_json 'duplicate key "uid"' '{"magic": "REG_FILES", "entries": [{"fown": {"uid": 1, "uid": 1}}]}'
bad_json 'duplicate key "extra"' '{"magic": "PIPES_DATA", "entries": [{"pipe_id": 1, "bytes": 0, "extra": "", "extra": ""}]}'
bad_json 'duplicate key "extra"' '{"magic": "ROUTE", "entries": [{"extra": "", "extra": ""}]}'
bad_json 'duplicate key "inq"' '{"magic": "TCP_STREAM", "entries": [{"extra": {"inq": "", "inq": ""}}]}'
bad_json 'duplicate key "_unknown"' '{"magic": "UTSNS", "entries": [{"_unknown": "", "_unknown": ""}]}'
bad_json 'duplicate key "_raw"' '{"magic": "UTSNS", "entries": [{"_raw": "", "_raw": ""}]}'
bad_json 'a NUL within a key' '{"magic\u0000": "UTSNS", "entries": []}'
bad_json 'unknown magic' '{"magic": "UTSNS\u0000", "entries": []}'

# Base64 and what it must hold.
for text in a ab abc abcde 'ab=' '=' '====' 'a===' 'ab=c' 'ab==ab==' 'YQ==\u0000' 'YWI_' '\u00e9'; do
	bad_json 'bad base64' "{\"magic\": \"TTY_DATA\", \"entries\": [{\"tty_id\": 1, \"data\": \"$text\"}]}"
done
bad_json 'does not hold unknown fields' '{"magic": "UTSNS", "entries": [{"_unknown": "CAE="}]}' # field 1
bad_json 'does not hold unknown fields' '{"magic": "UTSNS", "entries": [{"_unknown": "/w=="}]}'
bad_json '"_raw"' '{"magic": "UTSNS", "entries": [{"nodename": "a", "domainname": "b", "_raw": "CAE="}]}'
bad_json 'the record says 5000000000' '{"magic": "IPCNS_SHM", "entries": [{"desc": {"key": 1, "uid": 1, "gid": 1, "cuid": 1,
	"cgid": 1, "mode": 1, "id": 1}, "size": 5000000000, "extra": "YQ==\n"}]}'

# Cut anywhere, no JSON is whole.
whole='{"magic": "TCP_STREAM", "entries": [{"inq_len": 1, "inq_seq": 2, "outq_len": 0, "outq_seq": 4, "opt_mask": "0x7",
	"snd_wscale": 10, "mss_clamp": 9, "extra": {"inq": "YQ==\n", "outq": ""}}]}'
printf '%s' "$whole" > "$work/in.json"
expect 0 '' "$crit" encode -i "$work/in.json" -o "$work/image"
for ((n = 0; n < ${#whole}; n++)); do
	bad_json . "${whole:0:n}"
done

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
