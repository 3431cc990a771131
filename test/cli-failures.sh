#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Wrong use and things that are not there: an orderly failure that says what, nothing left behind, victims unharmed.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

pid=$("$victim" 0 2)
mkdir img
before=$(count_processes)

refuses 'tree|-t' "$dump" -D img
refuses 'no-such-option' "$dump" -t "$pid" -D img --no-such-option
refuses 'no-such-option' "$restore" -D img --no-such-option
refuses 'requires an argument|argument' "$dump" -t "$pid" -D
refuses 'abc' "$dump" -t abc -D img
refuses '99999' "$dump" -t 99999 -D img
refuses 'no-such-dir' "$dump" -t "$pid" -D no-such-dir
refuses 'no-such-dir' "$restore" -D no-such-dir
touch file
refuses 'file' "$dump" -t "$pid" -D file
# A process cannot be dumped by something inside its own tree.
refuses "tree|itself|$$" "$dump" -t $$ -D img
alive "$pid" $$
[ "$(count_processes)" = "$before" ] || fail "processes were left behind"

# Nothing of this made a checkpoint.
refuses 'inventory|checkpoint|dump' "$restore" -D img
[ "$(count_processes)" = "$before" ] || fail "processes were left behind"

for tool in "$dump" "$restore" "$crit"; do
	expect 0 "$tool" --help
	grep -qi usage out || fail "--help of $tool says nothing of its usage"
	[ -z "$(awk 'length($0) > 80' out)" ] || fail "--help of $tool has lines of more than 80 columns"
	expect 0 "$tool" --version
done
