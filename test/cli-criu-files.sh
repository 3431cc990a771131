#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A checkpoint that CRIU 4.2 made of a program with open files of many kinds comes back to life, also when the event
# descriptors are in images of their own, as in its older layout.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"

corpus=$CR_TOP/test/data/criu-images
work=$PWD

# The places that the images name, without touching those of the machine.
mount -t tmpfs none /opt
mount -t tmpfs none /tmp
mkdir -p /opt/corpus/work
zcat "$corpus/zoo.gz" >/opt/corpus/zoo
chmod 755 /opt/corpus/zoo
printf 123456 >/tmp/zoo.pid

is() { # WANT GOT WHAT
	[ "$1" = "$2" ] || fail "$3 is \"$2\", not \"$1\""
}

key() { # FD KEY: of its fdinfo
	sed -n "s/^$2[ \t]*//p" "/proc/15319/fdinfo/$1"
}

prepare() { # NAME
	rm -rf /opt/corpus/work/*
	tar -xf "$corpus/files/cwd.tar" -C /opt/corpus/work
	cp -r "$corpus/files/img" "$work/$1"
	chmod -R u+w "$work/$1"
}

revive() { # NAME
	expect 0 "$restore" -D "$work/$1" -d -v4 -o restore.log --file-locks
	is "eventfd eventpoll signalfd timerfd inotify fanotify pidfd" \
		"$(for i in 13 14 15 16 17 18 19; do readlink /proc/15319/fd/$i; done | tr -d '[]' | sed 's/.*://' | paste -sd' ')" \
		"what the descriptors are"
	is 11 "$(key 13 eventfd-count:)" "the event counter"
	is 2 "$(grep -c '^tfd: .*events: 80000019 data: 1122334455667788' /proc/15319/fdinfo/14)" "the number of epoll targets"
	is 0000000000000200 "$(key 15 sigmask:)" "the mask of the signalfd"
	is "(60, 0)" "$(key 16 it_interval:)" "the interval of the timerfd"
	is 86399 "$(key 16 it_value: | tr -d '(' | cut -d, -f1)" "what is left of its time"
	is 1 "$(grep -c '^inotify wd:1 .* mask:a ' /proc/15319/fdinfo/17)" "the number of watches"
	is 1 "$(grep -c '^fanotify ino:.* mask:2 ' /proc/15319/fdinfo/18)" "the number of marks"
	is 15319 "$(key 19 Pid:)" "the process of the pidfd"
	alive 15319 15321
	kill -KILL 15319 15321
	gone 15319 15321
}

# Takes the event descriptors out of files.img, into images as CRIU 1 wrote them.
apart() { # DIR
	python3 - "$crit" "$1" <<'END'
import json, subprocess, sys
crit, top = sys.argv[1:]

def put(name, magic, entries):
    subprocess.run([crit, "encode", "-o", "%s/%s.img" % (top, name)], check=True,
                   input=json.dumps({"magic": magic, "entries": entries}).encode())

def parts(key, entry, of):
    return [dict(part, id=entry["id"]) for part in entry[key].pop(of)]

old = json.loads(subprocess.check_output([crit, "decode", "-i", top + "/files.img"]))["entries"]
by = {key: entry for entry in old for key in ("efd", "epfd", "sgfd", "tfd", "ify", "ffy", "pidfd") if key in entry}
put("files", "FILES", [entry for entry in old if entry not in by.values()])
put("eventpoll-tfd", "EVENTPOLL_TFD", parts("epfd", by["epfd"], "tfd"))
put("inotify-wd", "INOTIFY_WD", parts("ify", by["ify"], "wd"))
put("fanotify-mark", "FANOTIFY_MARK", parts("ffy", by["ffy"], "mark"))
for key, name, magic in (("efd", "eventfd", "EVENTFD_FILE"), ("epfd", "eventpoll", "EVENTPOLL_FILE"), ("sgfd", "signalfd", "SIGNALFD"),
                         ("tfd", "timerfd", "TIMERFD"), ("ify", "inotify", "INOTIFY_FILE"), ("ffy", "fanotify", "FANOTIFY_FILE"),
                         ("pidfd", "pidfd", "PIDFD")):
    put(name, magic, [by[key][key]])
END
}

prepare files
revive files
prepare old
apart "$work/old"
revive old
