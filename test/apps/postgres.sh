# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# PostgreSQL with a psql connected by a unix socket all the time, in the middle of a transaction that it commits later. To find out
# whether another server has its data, it has a little System V shared memory, which stays where it is.
pg=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
needs() { echo "${pg:-postgresql}/postgres setpriv"; }

prepare() {
	local i
	id nobody >/dev/null || skip "there is no user nobody, and postgres does not run as root"
	mkdir -p data
	chown nobody data .
	as_nobody test -r "$PWD/data" || skip "the user nobody cannot reach this directory"
	as_nobody "$pg/initdb" -D data --no-sync -A trust -U nobody >initdb.out 2>&1 ||
		fail "no database can be made: $(tail -n 3 initdb.out)"
	cat >>data/postgresql.conf <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$PWD'
		max_connections = 10
		shared_buffers = 16MB
		autovacuum_naptime = 1s
		wal_level = minimal
		max_wal_senders = 0
	EOF
	{
		echo "CREATE TABLE t (id int PRIMARY KEY, name text, n bigint);"
		echo "CREATE TEMPORARY TABLE sums (n bigint);"
		echo "BEGIN;"
		echo "DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 1000) i;"
		for ((i = 1; i <= 100; i++)); do
			echo "INSERT INTO t SELECT i, 'row ' || i, i::bigint * 7919 % 1000003 FROM generate_series($((i * 4000)), $((i * 4000 + 3999))) i;"
			echo "INSERT INTO sums SELECT sum(n) FROM t;"
			echo "FETCH 3 FROM c;"
			echo "SELECT 'step $i', count(*), sum(n) FROM t;"
		done
		echo "COMMIT;"
		echo "SELECT 'committed', count(*), sum(n), md5(string_agg(name, ',' ORDER BY id)) FROM t;"
		echo "SELECT count(*), sum(n) FROM sums;"
	} >script.sql
	cat >session <<-EOF
		$pg/postgres -D data >server 2>&1 &
		until $pg/psql -h "\$PWD" -d postgres -c "SELECT 1" >/dev/null 2>&1; do sleep 0.1; done
		$pg/psql -X -h "\$PWD" -d postgres -v ON_ERROR_STOP=1 -A -t -f script.sql >answers || exit 1
		kill -INT %1
		wait %1
	EOF
	cp -a data empty
	undisturbed answers server
	rm -rf data
	cp -a empty data
}

options() {
	local pid
	if [ ! -e segment ]; then
		pid=$(find_in_tree postgres) || fail "there is no postgres"
		awk '$6 ~ "^/SYSV" { print $5; exit }' "/proc/$pid/maps" >segment
	fi
	echo "--file-locks --external shm[$(cat segment)]"
}

as_nobody() {
	setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$@"
}

start() {
	launch setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups bash ./session
}

look() {
	held
}

# What is not committed is nothing to others.
outside() {
	[ "$("$pg/psql" -X -h "$PWD" -U nobody -d postgres -A -t -c "SELECT count(*) FROM t")" = 0 ] ||
		fail "others see rows, or do not get an answer"
}

progress() {
	echo $(($(grep -c ^step answers) * 99 / 100))
}

result() {
	same answers stdout
	! grep -E 'PANIC|FATAL|ERROR|terminated' server | grep -vE 'starting up|terminating autovacuum' || fail "the server complains"
}
