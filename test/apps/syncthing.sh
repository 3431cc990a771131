# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# syncthing, two processes in Go: it is told by inotify only what changes in its directories, and by a unix socket one can ask
# it what it knows.
needs() { echo "syncthing curl"; }
options() { echo --file-locks; }
files=300

prepare() {
	HOME=$PWD syncthing generate --home="$PWD/home" --no-default-folder >generated 2>&1 || fail "no configuration: $(cat generated)"
	local id
	id=$(grep -om 1 'device id="[^"]*"' home/config.xml)
	sed -i -e 's,<\(globalAnnounce\|localAnnounce\|relays\|nat\|startBrowser\|crashReporting\)\(Enabled\|\)>true<,<\1\2>false<,' \
		-e 's,<listenAddress>default<,<listenAddress>tcp://127.0.0.1:0<,' -e 's,<urAccepted>0<,<urAccepted>-1<,' \
		-e "s,<configuration.*,&<folder id=\"f\" label=\"f\" path=\"$PWD/folder\" type=\"sendreceive\" rescanIntervalS=\"0\" \
		fsWatcherEnabled=\"true\" fsWatcherDelayS=\"1\"><$id></device></folder>," home/config.xml
	mkdir -p folder/.stfolder folder/{1..10}
	cat >session <<-'EOF'
		HOME=$PWD syncthing serve --home="$PWD/home" --no-browser --no-upgrade --gui-address="unix://$PWD/socket" --gui-apikey=key >log 2>&1 &
		ask() { curl -s --unix-socket socket -H "X-API-Key: key" "http://localhost/rest/$1"; }
		known() { ask "db/status?folder=f" | sed -n 's/.*"localFiles": \([0-9]*\).*/\1/p'; }
		until [ "$(known)" = 0 ] && ask "db/status?folder=f" | grep -q '"state": "idle"'; do sleep 0.1; done
		for ((i = 1; i <= $1; i++)); do
			echo "this is file $i" >"folder/$((i % 10 + 1))/$i"
			echo $i >>progress
			sleep 0.03
		done
		for ((tries = 0; tries < 600; tries++)); do
			[ "$(known)" = $1 ] && break
			sleep 0.1
		done
		known
		ask "db/status?folder=f" | grep -E '"(localBytes|localDirectories|errors|pullErrors)"'
		ask "db/browse?folder=f" | grep -oE '"(name|size)": .*'
		curl -s -X POST --unix-socket socket -H "X-API-Key: key" "http://localhost/rest/system/shutdown" >/dev/null
		wait %1
	EOF
	undisturbed progress
	[ "$(head -n 1 undisturbed/stdout)" = $files ] || fail "undisturbed it does not see all files: $(head -n 1 undisturbed/stdout)"
	rm -rf home/index* folder/*/*
}

start() {
	launch bash ./session $files
}

look() {
	held
}

outside() {
	curl -s --unix-socket socket -H "X-API-Key: key" "http://localhost/rest/system/ping" | grep -q pong || fail "it does not answer others"
}

progress() {
	echo $(($(tail -n 1 progress) * 100 / files))
}

result() {
	same stdout stderr progress
	! grep -E 'panic|WARNING' log | grep -v 'should not run as a privileged' || fail "it complains"
}
