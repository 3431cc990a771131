# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# MariaDB with a client connected by a unix socket all the time, in the middle of a transaction that it commits later.
needs() { echo "mariadbd mariadb mariadb-install-db"; }
options() { echo --file-locks; }

prepare() {
	local i
	mariadb-install-db --no-defaults --user=root --datadir="$PWD/data" --skip-test-db --auth-root-authentication-method=normal \
		>install.out 2>&1 || fail "no database can be made: $(tail -n 3 install.out)"
	{
		echo "CREATE DATABASE d; USE d;"
		echo "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40), n BIGINT, KEY (n)) ENGINE=InnoDB;"
		echo "CREATE TEMPORARY TABLE sums (n BIGINT);"
		echo "SET @before = 5; BEGIN;"
		for ((i = 1; i <= 100; i++)); do
			echo "INSERT INTO t SELECT seq, CONCAT('row ', seq), seq * 7919 % 1000003 FROM seq_$((i * 1000))_to_$((i * 1000 + 999));"
			echo "INSERT INTO sums SELECT SUM(n) FROM t; SET @before = @before * 7 % 1000003;"
			echo "SELECT 'step', $i, COUNT(*), SUM(n), @before FROM t;"
		done
		echo "COMMIT;"
		echo "SELECT 'committed', COUNT(*), SUM(n), MD5(GROUP_CONCAT(n ORDER BY id)) FROM t;"
		echo "SELECT COUNT(*), SUM(n) FROM sums;"
	} >script.sql
	cat >session <<-'EOF'
		mariadbd --no-defaults --user=root --datadir="$PWD/data" --socket="$PWD/socket" --skip-networking --skip-log-bin \
			--innodb-use-native-aio=0 --innodb-buffer-pool-size=32M --pid-file="$PWD/pid" --skip-grant-tables \
			--performance-schema=off >server 2>&1 &
		until mariadb --no-defaults -S socket -e "SELECT 1" >/dev/null 2>&1; do sleep 0.1; done
		mariadb --no-defaults -S socket -N --unbuffered <script.sql >answers || exit 1
		kill %1
		wait %1
	EOF
	cp -a data empty
	undisturbed answers server
	rm -rf data
	cp -a empty data
}

start() {
	launch bash ./session
}

look() {
	held
}

outside() {
	[ "$(mariadb --no-defaults -S socket -N -e "SELECT COUNT(*) FROM d.t")" = 0 ] || fail "others see rows, or do not get an answer"
}

progress() {
	echo $(($(grep -c ^step answers) * 99 / 100))
}

result() {
	same answers stdout stderr
	! grep -E '\[ERROR\]' server || fail "the server complains"
}
