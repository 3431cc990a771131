#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file that is gone, or has another size or mode than at the dump, makes the restore refuse by name. A log that is only appended
# to may have grown.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

mkdir img
echo "some content" >data
chmod 644 data
exec 9<data 8>>log
pid=$("$victim" 0)
exec 9<&- 8>&-
expect 0 "$dump" -t "$pid" -D img
gone "$pid"
before=$(count_processes)

cp -p data kept
echo more >>data
echo more >>log
refuses '/data' "$restore" -D img -d
mv data away
refuses '/data' "$restore" -D img -d
cp -p kept data
chmod 600 data
refuses '/data' "$restore" -D img -d
[ "$(count_processes)" = "$before" ] || fail "processes were left behind"

expect 0 "$restore" -D img -d --skip-file-rwx-check
alive "$pid"
[ "$(stat -c %a data)" = 600 ] || fail "the mode was changed"
expect 0 "$dump" -t "$pid" -D img
gone "$pid"
expect 0 "$restore" -D img -d
alive "$pid"
