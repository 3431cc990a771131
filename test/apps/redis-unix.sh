# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# redis-server and three clients of it, connected by a unix socket all the time: one counts, one runs scripts, one listens.
needs() { echo "redis-server redis-cli"; }
counts=6000

prepare() {
	cat >session <<-'EOF'
		redis-server --port 0 --unixsocket "$PWD/socket" --save "" --dir "$PWD" >server &
		until [ "$(redis-cli -s socket PING 2>/dev/null)" = PONG ]; do sleep 0.05; done
		redis-cli -s socket SUBSCRIBE news >heard &
		heard=$!
		until [ "$(redis-cli -s socket PUBSUB NUMSUB news | tail -n 1)" = 1 ]; do sleep 0.05; done
		redis-cli -s socket -r $1 -i 0.001 INCR counter >counted &
		counter=$!
		redis-cli -s socket -r $(($1 * 60)) EVAL "
			local n = redis.call('INCR', 'scripts')
			if n % 10 == 0 then redis.call('RPUSH', 'list', 'value ' .. n) end
			if n % 1000 == 0 then redis.call('PUBLISH', 'news', 'number ' .. n) end
			return n" 0 >scripts &
		wait $! || exit 1
		wait $counter || exit 1
		redis-cli -s socket GET counter
		redis-cli -s socket LLEN list
		redis-cli -s socket LRANGE list 0 -1
		until grep -q "number $(($1 * 60))" heard; do sleep 0.05; done
		redis-cli -s socket SHUTDOWN NOSAVE
		wait $heard
		wait %1
	EOF
	undisturbed counted scripts heard server
	[ "$(tail -n 1 undisturbed/counted)" = $counts ] || fail "the undisturbed client did not count to its end"
}

start() {
	launch bash ./session $counts
}

outside() {
	[ "$(redis-cli -s socket CLIENT LIST | grep -c 'addr=')" = 4 ] ||
		fail "not three clients and I are connected: $(redis-cli -s socket CLIENT LIST)"
}

progress() {
	echo $(($(tail -n 2 counted | head -n 1) * 100 / counts))
}

result() {
	same counted scripts heard stdout stderr
	! grep -iE 'error|crash' server || fail "the server complains"
}
