#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CRIU must be able to read what we write: a program of which there are checkpoints that CRIU 4.2 made is dumped by cr-dump, and what
# CRIU has in every record of an image we must have there too (it refuses an inventory without root_ids, for example).
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

corpus=$CR_TOP/test/data/criu-images
zcat "$corpus/zoo.gz" >zoo
chmod 755 zoo

decode() { # FROM TO
	mkdir -p "$2"
	for image in "$1"/*.img "$1"/stats-dump; do
		case $image in
		*/pages-*) ;;
		*) "$crit" decode -i "$image" -o "$2/$(basename "$image").json" ;;
		esac
	done
}

for family in task mem files unix tty inet; do
	mkdir -p "$family/work" "$family/img"
	(cd "$family/work" && exec setsid ../../zoo $family </dev/null >../zoo.log 2>&1 9>../pid) &
	for _ in $(seq 100); do
		[ -s "$family/pid" ] && break
		sleep 0.1
	done
	sleep 0.3
	expect 0 "$dump" -t "$(cat "$family/pid")" -D "$family/img" -o dump.log --link-remap --file-locks --tcp-close
	# Connections are closed, which need no tcp-stream image then.
	decode "$corpus/$family/img" "$family/theirs"
	decode "$family/img" "$family/ours"
	python3 "$CR_TOP/test/images-like-criu.py" "$family/theirs" "$family/ours" tcp-stream >differences ||
		fail "$family: $(cat differences)"
done
echo "all there"
