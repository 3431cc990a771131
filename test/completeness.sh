#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Is there state that nobody has thought of? The kernel's own lists (fields of status, letters of VmFlags, options of prctl(2), keys of fdinfo, files
# of /proc/PID, namespaces) and the CPU's (xstate components) are compared with completeness.tsv, which says of each where it is saved or
# refused, which entry of crkit-limits(7) tells that it is lost, or what it follows from. Anything unknown fails.
set -u
top=${CR_TOP:-.}
build=${CR_BUILD:-$top/build}
table=$top/test/completeness.tsv
facts=$build/test/helpers/facts
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
[ -x "$facts" ] || { echo "no $facts"; exit 99; }

bad=0
wrong() {
	echo "FAIL: $*"
	bad=1
}

# --- the table itself: what it refers to is there

declare -A known
patterns=()
while IFS=$'\t' read -r list name how file words; do
	case $list in '' | '#'*) continue ;; esac
	case $name in
	*'*') patterns+=("$list	$name") ;;
	*) [ -z "${known[$list	$name]-}" ] || wrong "completeness.tsv has $list $name twice" ;;
	esac
	known[$list	$name]=1
	case $how in
	saved | refused | limit)
		grep -qF -- "$words" "$top/$file" || wrong "$list $name: \"$words\" is not in $file"
		;;
	follows) [ -n "$words" ] || wrong "$list $name: from what does it follow?" ;;
	*) wrong "$list $name: what is \"$how\"?" ;;
	esac
done <"$table"

# --- the lists

# Options of prctl that set or get; numbers too, for kernels that are newer than the headers. $1: a header.
options() {
	sed -nE 's/^# *define[ \t]+(PR_[A-Z0-9_]+)[ \t]+([0-9a-fA-Fx]+).*/\1 \2/p' "$1"
}

is_option() { # NAME: not one of the values of an option
	case $1 in
	PR_SET_MM_* | PR_SET_VMA_* | PR_SET_PTRACER_* | *_ANY) return 1 ;;
	*_GET_* | *_SET_* | PR_SCHED_CORE | PR_CAP_AMBIENT | PR_CAPBSET_* | PR_MCE_KILL | PR_TIMER_CREATE_RESTORE_IDS | PR_FUTEX_HASH) ;;
	PR_TASK_* | PR_LOCK_*) ;;
	*) return 1 ;;
	esac
	case $1 in
	PR_SCHED_CORE_* | PR_MCE_KILL_SET | PR_FUTEX_HASH_* | PR_TIMER_CREATE_*_*_*_*) return 1 ;;
	esac
}

cd "$work" || exit 99
"$facts" >list || { echo "$facts ended with status $?"; exit 99; }
declare -A numbered
for header in /usr/include/linux/prctl.h /usr/src/linux*/include/uapi/linux/prctl.h; do
	[ -r "$header" ] || continue
	while read -r name number; do
		numbered[$((number))]=1
		! is_option "$name" || printf 'prctl\t%s\n' "$name"
	done < <(options "$header")
done >>list
# The flags that the source of a kernel knows, where it is installed.
for source in /usr/src/linux*/fs/proc/task_mmu.c; do
	[ -r "$source" ] && sed -nE 's/.*\[ilog2\(VM_[A-Z0-9_]+\)\][ \t]*= "([a-z]{2})".*/vmflags\t\1/p' "$source"
done >>list

# --- compared

# Of Linux 6.13 to 6.18: shadow stacks of other CPUs, PR_TIMER_CREATE_RESTORE_IDS, PR_FUTEX_HASH.
for number in 74 75 76 77 78; do
	numbered[$number]=1
done

seen=0
while IFS=$'\t' read -r list name; do
	seen=$((seen + 1))
	if [ "$list" = prctl-number ]; then
		[ -n "${numbered[$name]-}" ] || wrong "prctl answers to number $name, which no header names"
		continue
	fi
	[ -n "${known[$list	$name]-}" ] && continue
	for p in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ "$list	$name" == $p ]] && continue 2
	done
	wrong "$list $name is in no line of completeness.tsv: is it saved?"
done < <(sort -u list)
[ $seen -gt 150 ] || { echo "only $seen facts were found"; exit 99; }
[ $bad = 0 ] && echo "all $seen are known"
exit $bad
