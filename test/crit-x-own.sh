#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit x of a checkpoint of our own: what it says of a program is what the program did and what /proc said of it.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
"$CR_TOP/test/crit-x.py" own "$crit" "$dump"
