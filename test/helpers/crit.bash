# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# For tests of crit that need nothing but images: where it and the corpus are, a directory to work in, and a count of failures that a
# function behind a pipe can set too.
set -u
shopt -s lastpipe
top=$(cd "${CR_TOP:-.}" && pwd) || exit 99
crit=$(realpath "${CR_BIN:-${CR_BUILD:-${BUILD:-build}}/bin}/crit")
corpus=$top/test/data/criu-images
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
[ -x "$crit" ] || { echo "no $crit"; exit 99; }
failed=0
export top crit corpus work

fail() {
	echo "$*"
	# shellcheck disable=SC2034 # its users end by it
	failed=1
}

# needs COMMAND...: they come from packages that the tests install.
needs() {
	for command; do
		command -v "$command" >/dev/null || { echo "no $command"; exit 77; }
	done
}
