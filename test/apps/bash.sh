# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# bash as a login shell in a terminal, with two stopped jobs and one in the background that counts; all of them are brought to the
# foreground at the end.
needs() { echo bash; }

eval "$(declare -f finish | sed '1s/finish/finish_as_usual/')"

prepare() {
	# shellcheck disable=SC2016 # for the shell inside
	echo 'i=0; while [ $((i += 1)) -le 100 ]; do echo $i >>counted; sleep 0.05; done' >count.sh
	: >.bash_profile
}

# shellcheck disable=SC2059 # it is given as a format
keys() { printf "$@" >>keys; }

# Waits until the screen shows it this many times.
shows() { # COUNT TEXT
	local until=$((SECONDS + 20))
	while [ "$(grep -aoF -e "$2" screen 2>/dev/null | wc -l)" -lt "$1" ]; do
		[ $SECONDS -lt $until ] || fail "the screen does not show \"$2\" $1 times: $(tail -c 500 screen)"
		sleep 0.05
	done
}

start() {
	HOME=$PWD PS1='ready> ' HISTFILE='' launch "$CR_BUILD/test/helpers/terminal" keys screen bash -l
	keys 'PS1="re""ady> "\n'
	shows 1 'ready> '
	keys 'cat >typed\n'
	sleep 0.3
	keys 'first line\n'
	sleep 0.3
	keys '\032'
	shows 2 'ready> '
	keys 'sleep 1000\n'
	sleep 0.3
	keys '\032'
	shows 3 'ready> '
	keys 'bash count.sh &\n'
	shows 4 'ready> '
	keys 'half a com'
}

progress() {
	tail -n 1 counted 2>/dev/null || echo 0
}

# The counter's sleeps come and go.
look() { held; }

outside() {
	[ "$(held | grep -c State)" = 2 ] || fail "not two jobs are stopped: $(held)"
}

finish() {
	keys '\025echo $$ is %s\n' alive
	shows 1 "$(find_in_tree bash) is alive"
	keys 'jobs\n'
	shows 2 '[2]+  Stopped                 sleep 1000'
	shows 1 '[1]-  Stopped                 cat > typed'
	shows 1 '[3]   Running                 bash count.sh &'
	keys 'fg %%1\n'
	sleep 0.3
	keys 'second line\n\004'
	keys 'fg %%2\n'
	sleep 0.3
	keys '\003echo status $?\n'
	shows 1 'status 130'
	keys 'fg\n'
	keys 'exit\n'
	finish_as_usual
}

result() {
	[ "$(cat typed)" = $'first line\nsecond line' ] || fail "cat got this: $(cat typed)"
	cmp counted <(seq 100) || fail "the background job counted wrong"
	[ "$(stat -c %s keys)" -gt 0 ] || fail "nothing was typed"
}
