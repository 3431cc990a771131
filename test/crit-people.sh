#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit for people: completion of shells, the pager, colours: on a terminal only, and never in the way of the output.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
images=$corpus/files/img
mkdir "$work/bin"
ln -s "$crit" "$work/bin/crit"
export PATH=$work/bin:$PATH
unset CRIT_PAGER PAGER LESS NO_COLOR
cd "$work" || exit 99

same() { # WHAT IS WANTED
	[ "$2" = "$3" ] || fail "$1: \"$2\" instead of \"$3\""
}

# --- completion ---------------------------------------------------------------------------------------------------

mkdir -p sub/dir
touch sub/file.json

# completed WORD...: what bash offers for the last word.
completed() {
	bash --norc -c '
		source "$1"
		shift
		COMP_WORDS=(crit "$@")
		COMP_CWORD=$#
		_crit 2>&1
		printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/crit.bash" "$@" | sort | paste -sd' '
}

verbs=$(crit --help | sed -nE 's/^  ([a-z]+)  .*/\1/p' | sort | paste -sd' ')
same "verbs" "$(completed '')" "$verbs"
same "a verb" "$(completed dec)" decode
same "options before the verb" "$(completed --n)" --no-pager
same "after --no-pager" "$(completed --no-pager inf)" info
same "nothing" "$(completed nosuchverb '')" ""
for verb in $verbs; do
	# --help is the list: each option of the text is offered, and no other.
	same "options of $verb" "$(completed "$verb" --)" \
		"$(crit "$verb" --help | sed -nE 's/^ +(-[a-zA-Z0-9], )?(--[a-z-]+).*/\2/p' | sort -u | paste -sd' ')"
done
views=$(crit x --help | sed -nE '1s/.* ([a-z|]+\|[a-z|]+).*/\1/p' | tr '|' '\n' | sort | paste -sd' ')
[ -n "$views" ] || fail "crit x --help names no views"
same "views" "$(completed x "$images" '')" "$views"
same "a view" "$(completed x "$images" rs)" rss
same "a directory" "$(completed x sub/d)" sub/dir
same "a file" "$(completed decode -i sub/f)" sub/file.json
same "a file of a long option" "$(completed decode --in sub/f)" sub/file.json
same "an image" "$(completed show "$images/inv")" "$images/inventory.img"
pids=$(crit x "$images" ps | awk 'NR > 1 { print $1 }' | sort | paste -sd' ')
for verb in $verbs; do
	synopsis=$(crit "$verb" --help | head -n 1)
	case $synopsis in
	*' DIR PID'*) same "tasks of $verb" "$(completed "$verb" "$images" '')" "$pids" ;;
	*' DIR IMAGE'*)
		same "images of $verb" "$(completed "$verb" "$images" '')" "$(find "$images" -type f -printf '%f\n' | sort | paste -sd' ')"
		;;
	esac
done
cp -r "$images" evil
printf 'broken' > evil/pstree.img
crit --complete x evil '' > /dev/null || fail "completion fails for a broken checkpoint"

if command -v zsh > /dev/null; then
	zsh -f -c 'compdef() { :; }; _files() { print files; }; _describe() { print -l -- ${(P)2}; }
		words=(crit x "$1" ""); CURRENT=4; source "$2"' zsh "$images" "$top/completions/_crit" > zsh.out 2> zsh.err ||
		fail "zsh: $(cat zsh.err)"
	same "zsh: views" "$(sort zsh.out | paste -sd' ')" "$views"
	zsh -f -c 'compdef() { :; }; _files() { print files; }; _describe() { print -l -- ${(P)2}; }
		words=(crit dec); CURRENT=2; source "$1"' zsh "$top/completions/_crit" > zsh.out 2> zsh.err
	same "zsh: a verb" "$(cat zsh.out)" "decode:$(crit --help | sed -n 's/^  decode *//p')"
fi
if command -v fish > /dev/null; then
	same "fish: views" "$(HOME=$work fish -N -c "source $top/completions/crit.fish; complete -C 'crit x $images '" 2>&1 | sort | paste -sd' ')" "$views"
	same "fish: a file" "$(HOME=$work fish -N -c "source $top/completions/crit.fish; complete -C 'crit decode -i sub/f'" 2>&1)" sub/file.json
fi

# --- the pager, colours ----------------------------------------------------------------------------------------------

# A terminal: script(1) gives one. Its typescript is what the terminal got.
if ! command -v script > /dev/null; then
	echo "no script(1) for a terminal"
	exit $((failed ? 1 : 77))
fi
on_terminal() { # COMMAND, as a line of sh; its exit status
	TERM=xterm timeout 20 script -qec "$1" /dev/null < /dev/null > tty.out 2>&1
}

on_terminal "PAGER='sed s/^/paged:/' crit show $images/inventory.img" || fail "exit status $? of a paged show"
[ "$(grep -c '^paged:' tty.out)" = "$(grep -c . tty.out)" ] || fail "not all of it went through the pager"
grep -q $'\033\\[34m"magic"' tty.out || fail "no colours in the pager"
sed 's/^paged://; s/\r$//' tty.out | sed 's/\x1b\[[0-9;]*m//g' | python3 -m json.tool > /dev/null || fail "colours change the text"
on_terminal "NO_COLOR=1 PAGER=cat crit show $images/inventory.img" || fail "exit status $? without colours"
grep -q $'\033' tty.out && fail "colours in spite of NO_COLOR"
on_terminal "PAGER='sed s/^/paged:/' crit --no-pager show $images/inventory.img"
grep -q '^paged:' tty.out && fail "a pager in spite of --no-pager"
on_terminal "PAGER='head -n 1 >/dev/null' crit show $images/files.img" || fail "a pager that ends early is an error: $?"
[ -s tty.out ] && fail "a pager that ends early: $(cat tty.out)"
on_terminal "PAGER=/nonexistent/pager crit show $images/files.img" && fail "no error for a pager that is not there"
on_terminal "PAGER='sed s/^/paged:/' crit show $work/nothing.img" && fail "no error behind the pager"
grep -q '^crit: .*nothing.img' tty.out || fail "the error went to the pager: $(cat tty.out)"
on_terminal "PAGER='sed s/^/paged:/' crit show --help" || fail "exit status $? of --help"
grep -q '^paged:' tty.out && fail "a pager for --help"
if command -v less > /dev/null; then
	on_terminal "stty rows 500; crit show $images/inventory.img" || fail "exit status $? with less"
	grep -q '"magic"' tty.out || fail "less shows nothing"
fi

# Not a terminal: neither.
PAGER='sed s/^/paged:/' TERM=xterm crit show "$images/inventory.img" > plain.out
grep -q $'paged\\|\033' plain.out && fail "a pager or colours without a terminal"
cmp -s plain.out "$images/../pretty/inventory.img.json" || fail "show is not what it was"
crit show "$images/files.img" | head -n 1 > /dev/null
exit $failed
