# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# rsyslogd and a logger that sends it lines by its unix socket: queues and threads that write files.
needs() { echo "rsyslogd logger"; }
lines=3000

prepare() {
	cat >rsyslog.conf <<-EOF
		global(workDirectory="$PWD")
		module(load="imuxsock" SysSock.Use="off")
		input(type="imuxsock" Socket="$PWD/log" RateLimit.Interval="0" UsePidFromSystem="on")
		template(name="plain" type="string" string="%programname%:%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\n")
		template(name="byfacility" type="string" string="$PWD/%syslogfacility-text%.log")
		main_queue(queue.type="LinkedList" queue.workerThreads="2" queue.size="5000")
		action(type="omfile" file="$PWD/all.log" template="plain")
		action(type="omfile" dynaFile="byfacility" template="plain" ioBufferSize="4k" flushOnTXEnd="on" asyncWriting="on")
	EOF
	cat >session <<-'EOF'
		rsyslogd -n -f rsyslog.conf -i "$PWD/pid" &
		until [ -S log ]; do sleep 0.05; done
		{
			for ((i = 1; i <= $1; i++)); do
				echo "line $i"
				[ $((i % 10)) != 0 ] || sleep 0.02
			done
		} | logger -u log -t first -p user.info &
		for ((i = 1; i <= $1; i += 100)); do
			logger -u log -t second -p daemon.info "$i"
			sleep 0.1
		done
		wait $!
		until grep -q "second: $((i - 100))$" all.log && [ "$(grep -c first all.log)" = $1 ]; do sleep 0.05; done
		kill %1
		wait %1
	EOF
	undisturbed all.log user.log daemon.log
}

start() {
	launch bash ./session $lines
}

look() {
	held
}

progress() {
	echo $(($(grep -c first: all.log) * 99 / lines))
}

result() {
	same stdout stderr user.log daemon.log
	cmp <(grep first: all.log) <(grep first: undisturbed/all.log) || fail "the logger's lines are others"
}
