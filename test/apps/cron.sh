# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# cron, in the middle of a job that it began at its start: the job ends, and the next minutes have theirs.
needs() { echo "cron"; }
options() { echo --file-locks; }
patience=150

# In files of its own, which only this test sees.
prepare() {
	mkdir run
	{ mount -t tmpfs none /var/spool/cron && mkdir -m 1730 /var/spool/cron/crontabs; } || skip "nothing can be mounted here"
	{ mount -t tmpfs none /etc/cron.d && mount --bind /dev/null /etc/crontab; } || skip "nothing can be mounted here"
	[ ! -d /run ] || mount --bind run /run
	cat >/var/spool/cron/crontabs/root <<-EOF
		SHELL=/bin/sh
		@reboot cd $PWD && for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo \$i >>job; sleep 0.4; done
		* * * * * date +\%H:\%M >>$PWD/minutes
	EOF
	chmod 600 /var/spool/cron/crontabs/root
}

start() {
	serve cron -f
}

look() {
	held
}

progress() {
	echo $(($(tail -n 1 job) * 5 - 1))
}

outside() {
	[ "$(cat /run/crond.pid)" = "$root" ] || fail "there is no cron with this number"
}

minutes() {
	if [ -e minutes ]; then wc -l <minutes; else echo 0; fi
}

finish() {
	local until=$((SECONDS + patience))
	while [ "$(tail -n 1 job)" != 20 ] || [ "$(minutes)" -lt 2 ]; do
		alive || fail "cron ended"
		[ $SECONDS -lt $until ] || fail "in $patience s: job at $(tail -n 1 job), minutes: $(cat minutes)"
		sleep 0.2
	done
}

result() {
	local last
	cmp job <(seq 20) || fail "the job did other things"
	last=$(tail -n 1 minutes)
	[ "$(sort -u minutes | wc -l)" = "$(wc -l <minutes)" ] || fail "a minute had its job twice: $(cat minutes)"
	[ "$last" = "$(date +%H:%M)" ] || [ "$last" = "$(date -d '1 minute ago' +%H:%M)" ] || fail "the last job was at $last"
	kill "$root"
	while alive; do sleep 0.1; done
}
