# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# ssh-agent with keys that are in its memory only, and a client that has it sign one thing after the other.
needs() { echo "ssh-agent ssh-add ssh-keygen"; }
signatures=900

prepare() {
	ssh-keygen -q -t ed25519 -N "" -C ed -f ed || fail "no key can be made"
	ssh-keygen -q -t rsa -b 2048 -N "" -C rsa -f rsa || fail "no key can be made"
	cp -p ed ed.kept
	cp -p rsa rsa.kept
	cat >session <<-'EOF'
		export SSH_AUTH_SOCK=./agent
		ssh-agent -D -a ./agent >agent.out &
		until [ -S agent ]; do sleep 0.05; done
		ssh-add -q ed rsa && rm ed rsa || exit 1
		: >progress
		for ((i = 1; i <= $1; i++)); do
			key=rsa.pub
			[ $((i % 3)) = 0 ] || key=ed.pub
			echo "text $i" | ssh-keygen -q -Y sign -f $key -n test || exit 1
			echo $i >>progress
		done
		ssh-add -l || exit 1
		kill %1
		wait %1
		[ ! -e agent ] || exit 1
	EOF
	undisturbed progress
}

start() {
	cp -p ed.kept ed
	cp -p rsa.kept rsa
	launch bash ./session $signatures
}

look() {
	held
}

outside() {
	[ ! -e ed ] || fail "the key is still in its file"
	SSH_AUTH_SOCK=./agent ssh-add -l >listed || fail "the agent does not answer others"
	[ "$(wc -l <listed)" = 2 ] || fail "the agent has not two keys: $(cat listed)"
}

progress() {
	echo $(($(wc -l <progress) * 100 / signatures))
}

# RSA and Ed25519 signatures of one text are always the same.
result() {
	same progress stdout stderr
}
