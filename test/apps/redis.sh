# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# redis-server with 200,000 keys, while a child of it saves them in the background: two processes that share memory.
# The save is not asked for by a client (its connection would be held by the child until the end) but by the clock.
needs() { echo "redis-server redis-cli awk"; }
keys=200000

prepare() {
	port=$(free_port)
	awk -v keys=$keys 'BEGIN { for (i = 0; i < keys; i++) {
		if (i % 100 == 1) printf "RPUSH list:%d a b c %d\r\n", i, i
		else if (i % 100 == 2) printf "HSET hash:%d field %d other %d\r\n", i, i, i * i
		else if (i % 100 == 3) printf "SET passing:%d %d EX 1000000\r\n", i, i
		else printf "SET key:%d value-%d-%d\r\n", i, i, i * 7919 % 1000003
	} }' >commands
	delay=0 start
	while [ ! -s dump.rdb ]; do
		alive || fail "the undisturbed server ended: $(tail -n 3 stdout)"
		sleep 0.1
	done
	mkdir undisturbed
	ask DEBUG DIGEST >undisturbed/digest
	ask SHUTDOWN NOSAVE
	wait "$root"
	mv dump.rdb stdout undisturbed/
}

start() {
	local last
	serve redis-server --port "$port" --bind 127.0.0.1 --save "" --dir "$PWD" --enable-debug-command local \
		--rdb-key-save-delay "${delay-10}"
	until [ "$(ask PING 2>/dev/null)" = PONG ]; do
		alive || fail "redis-server does not start: $(tail -n 3 stdout)"
		sleep 0.1
	done
	redis-cli -p "$port" --pipe <commands >loaded || fail "cannot load the keys: $(cat loaded)"
	last=$(ask LASTSAVE)
	ask CONFIG SET save "$(($(date +%s) - last + 2)) 1" >loaded
}

ask() { # WORD...
	redis-cli -p "$port" "$@"
}

# Of the background save; nobody is to be asked for it.
progress() {
	if [ -e dump.rdb ]; then
		echo 100
	else
		echo $(($(size temp-*.rdb) * 100 / $(size undisturbed/dump.rdb)))
	fi
}

outside() {
	[ "$(tree | wc -l)" = 2 ] || fail "these processes are no server with a child that saves: $(tree)"
	[ "$(ask DBSIZE)" = $keys ] || fail "there are $(ask DBSIZE) keys, not $keys"
	[ "$(ask GET key:4)" = value-4-31676 ] || fail "key:4 is $(ask GET key:4)"
	no_client "$port"
}

finish() {
	local until=$((SECONDS + patience))
	while [ ! -s dump.rdb ]; do
		alive || fail "the restored server ended: $(tail -n 3 stdout)"
		[ $SECONDS -lt $until ] || fail "the restored save does not come to its end: $(tail -n 3 stdout)"
		sleep 0.1
	done
	sleep 0.3
	ask INFO persistence | grep -q '^rdb_last_bgsave_status:ok' || fail "the server does not call the save good"
	ask INFO persistence | grep -q '^rdb_bgsave_in_progress:0' || fail "the server did not see the end of its child"
}

# What is in memory, and what was saved.
result() {
	local what
	for what in kept saved; do
		[ "$(ask DBSIZE)" = $keys ] || fail "$what: $(ask DBSIZE) keys, not $keys"
		ask DEBUG DIGEST | cmp - undisturbed/digest || fail "$what: the keys are not those of an undisturbed server"
		[ "$(ask TTL passing:3)" -gt 990000 ] || fail "$what: passing:3 does not pass any more"
		[ "$(ask SET new value)" = OK ] || fail "$what: the server takes no new key"
		ask SHUTDOWN NOSAVE
		while alive; do sleep 0.1; done
		[ $what = kept ] || break
		serve redis-server --port "$port" --bind 127.0.0.1 --save "" --dir "$PWD" --enable-debug-command local
		until [ "$(ask PING 2>/dev/null)" = PONG ]; do
			alive || fail "redis-server does not start: $(tail -n 3 stdout)"
			sleep 0.1
		done
	done
}
