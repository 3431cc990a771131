# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# expect that holds a conversation with a shell on a pseudo-terminal: what is typed, echoed, answered, and waited for with timeouts.
needs() { echo expect; }

prepare() {
	cat >talk.exp <<-'EOF'
		log_user 0
		set timeout 20
		set out [open transcript w]
		fconfigure $out -buffering line
		spawn -noecho bash --norc --noprofile --noediting
		send "PS1='ready> '; stty -onlcr; s=0\r"
		expect -exact "\nready> "
		for {set i 1} {$i <= 300} {incr i} {
			send "s=\$((s * 7 % 1000003 + $i)); echo \"sum=<\$s>\"; sleep 0.02\r"
			expect {
				-re "sum=<(\[0-9\]+)>" { puts $out "$i $expect_out(1,string)" }
				timeout { puts $out "$i: no answer"; exit 1 }
				eof { puts $out "$i: the end"; exit 1 }
			}
			expect -exact "ready> "
		}
		send "stty -echo; read line; echo \"<\$line>\"; stty echo\r"
		expect "\n"
		send "typed without echo\r"
		expect -exact "<typed without echo>"
		send "exit 3\r"
		expect eof
		puts $out "exit status [lindex [wait] 3]"
	EOF
	undisturbed transcript
	[ "$(wc -l <undisturbed/transcript)" = 301 ] || fail "the undisturbed run: $(tail -n 3 undisturbed/transcript)"
}

start() {
	launch expect talk.exp
}

# Some of bash's commands are processes of their own.
look() {
	held
}

progress() {
	echo $(($(wc -l <transcript) * 100 / 301))
}

result() {
	same transcript stdout stderr
}
