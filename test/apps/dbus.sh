# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# dbus-daemon with a service and two clients that call it through the bus all the time, and one that watches. Not by root:
# as root it has a netlink socket for audit messages.
needs() { echo "dbus-daemon dbus-test-tool dbus-monitor dbus-send setpriv"; }
calls=20000

prepare() {
	id nobody >/dev/null || skip "there is no user nobody"
	chown nobody .
	cat >session <<-'EOF'
		export DBUS_SESSION_BUS_ADDRESS=unix:path=$PWD/bus
		dbus-daemon --session --nofork --nopidfile --nosyslog --address="$DBUS_SESSION_BUS_ADDRESS" &
		ask() { dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / "org.freedesktop.DBus.$@"; }
		until ask GetId >/dev/null 2>&1; do sleep 0.05; done
		dbus-test-tool echo --session --name=test.Echo &
		until ask NameHasOwner string:test.Echo | grep -q true; do sleep 0.05; done
		dbus-monitor --session "type='signal',interface='test.Signal'" >watched &
		until [ -s watched ]; do sleep 0.05; done
		dbus-test-tool spam --session --dest=test.Echo --count=$1 --queue=1 --string --payload="calls one by one" >one &
		one=$!
		dbus-test-tool spam --session --dest=test.Echo --count=$1 --queue=20 --string --payload="calls by twenty" >twenty &
		twenty=$!
		for ((i = 1; i <= 100; i++)); do
			dbus-send --session --type=signal / test.Signal.Step int32:$i
			echo $i >>progress
			sleep 0.05
		done
		wait $one || exit 1
		wait $twenty || exit 1
		until grep -q "int32 100" watched; do sleep 0.05; done
		ask ListNames | tr -s ' ' '\n' | grep -c '^[a-z]'
		kill %3 %2 %1
	EOF
	undisturbed progress watched one twenty
	[ "$(grep -c int32 undisturbed/watched)" = 100 ] || fail "undisturbed $(grep -c int32 undisturbed/watched) signals came"
}

start() {
	launch setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups bash ./session $calls
}

look() {
	held
}

progress() {
	tail -n 1 progress
}

outside() {
	DBUS_SESSION_BUS_ADDRESS=unix:path=$PWD/bus setpriv --reuid nobody dbus-send --session --print-reply=literal --dest=test.Echo / test.Echo.Hello >answer ||
		fail "the service does not answer others"
}

result() {
	same stdout progress
	! grep -vE 'became a monitor|Monitoring connection .* closed' stderr || fail "the bus complains of something"
	cmp <(grep int32 watched) <(grep int32 undisturbed/watched) || fail "the monitor saw other signals"
}
