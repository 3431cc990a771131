# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# sqlite3 inserting in one transaction, larger than its cache, so that pages and rollback journal are written meanwhile.
# It holds POSIX locks on the database.
needs() { echo "sqlite3 awk"; }
options() { echo --file-locks; }
rows=700000

prepare() {
	{
		echo "PRAGMA cache_size = 500;"
		echo "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER);"
		echo "CREATE INDEX i ON t (n);"
		echo "BEGIN;"
		awk -v rows=$rows 'BEGIN { for (i = 1; i <= rows; i++)
			printf "INSERT INTO t VALUES (%d, '\''row %d of many'\'', %d);\n", i, i, (i * 7919) % 1000003 }'
		echo "COMMIT;"
		echo "SELECT count(*), sum(n), changes(), total_changes() FROM t;"
	} >script.sql
	undisturbed rows.db
}

start() {
	launch sqlite3 -bail rows.db ".read script.sql"
}

# Its locks keep others from writing, and from taking the journal for one to roll back.
outside() {
	! sqlite3 rows.db "BEGIN IMMEDIATE;" 2>locked || fail "the database is not locked"
	grep -q "database is locked" locked || fail "the database is not locked: $(cat locked)"
}

progress() {
	position sqlite3 script.sql
}

result() {
	same stdout stderr rows.db
	[ ! -e rows.db-journal ] || fail "the journal is still there"
	[ "$(sqlite3 rows.db 'PRAGMA integrity_check; SELECT count(*), max(id) FROM t;')" = "ok
$rows|$rows" ] || fail "the database is not whole"
}
