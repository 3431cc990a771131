# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# nginx, a master and two workers of another user that serve files; afterwards they are still children of their master.
needs() { echo "nginx awk"; }
files=/usr/share/common-licenses
requests=600

prepare() {
	[ -r $files/GPL-3 ] || skip "there is no $files/GPL-3 to serve"
	port=$(free_port)
	mkdir temp
	configure ""
}

configure() { # MORE
	cat >nginx.conf <<-EOF
		daemon off;
		user nobody nogroup;
		worker_processes 2;
		pid nginx.pid;
		error_log error.log notice;
		events { worker_connections 64; }
		http {
			access_log access.log;
			client_body_temp_path temp/body;
			proxy_temp_path temp/proxy;
			fastcgi_temp_path temp/fastcgi;
			uwsgi_temp_path temp/uwsgi;
			scgi_temp_path temp/scgi;
			server {
				listen 127.0.0.1:$port;
				root $files;
				$1
			}
		}
	EOF
}

start() {
	serve nginx -p "$PWD" -c nginx.conf -e error.log
	until [ "$(workers | wc -w)" = 2 ]; do
		alive || fail "nginx does not start: $(cat stderr)"
		sleep 0.1
	done
}

workers() {
	local pid
	# shellcheck disable=SC2013 # words they are
	for pid in $(cat "/proc/$root/task/$root/children"); do
		! grep -qz 'worker process$' "/proc/$pid/cmdline" || echo "$pid"
	done
}

get() { # PATH: prints what the server has under that name
	exec 3<>"/dev/tcp/127.0.0.1/$port" || fail "nginx does not listen at port $port"
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
	timeout 20 sed '1,/^\r$/d' <&3
	exec 3>&-
}

progress() {
	echo $((100 * $(wc -l <access.log) / requests))
}

work() {
	local file
	for file in Apache-2.0 Artistic GPL-1 GPL-2 GPL-3 LGPL-2.1; do
		get "/$file" | cmp - "$files/$file" || fail "nginx does not serve $file as it is"
	done
}

outside() {
	work
	no_client "$port"
}

finish() {
	local old new pid until=$((SECONDS + patience))

	while [ "$(progress)" -lt 100 ]; do
		alive || fail "nginx ended: $(tail -n 3 error.log)"
		work
	done

	# The master sees when a child of it dies, and replaces it.
	old=$(workers)
	[ "$(wc -w <<<"$old")" = 2 ] || fail "the workers are: $old"
	kill -KILL "${old%%[!0-9]*}"
	while new=$(workers) && [ "$(wc -w <<<"$new")" != 2 ] || [ "$new" = "$old" ]; do
		[ $SECONDS -lt $until ] || fail "the master makes no new worker"
		sleep 0.1
	done
	work

	# It reads its configuration anew and replaces all of them.
	old=$new
	configure "location /reloaded { return 200 'it is new'; }"
	kill -HUP "$root"
	for pid in $old; do
		while [ -d "/proc/$pid" ]; do
			[ $SECONDS -lt $until ] || fail "worker $pid goes on after the reload: $(tail -n 5 error.log)"
			sleep 0.1
		done
	done
	[ "$(get /reloaded)" = "it is new" ] || fail "nginx does not know its new configuration"
	work
	[ "$(workers | wc -w)" = 2 ] || fail "after the reload the workers are: $(workers)"
}

result() {
	kill -QUIT "$root"
	while alive; do sleep 0.1; done
	! grep -E '\[(error|crit|alert|emerg)\]' error.log | grep -v 'exited on signal 9' || fail "nginx complains"
	[ -z "$(awk '$9 != 200' access.log)" ] || fail "requests failed: $(awk '$9 != 200' access.log | head -n 3)"
}
