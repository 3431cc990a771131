#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A checkpoint in the older layout, made of one in today's: crit-old-layout.py CRIT DIR NEW-DIR

One image per kind of open file in place of files.img; descriptors by task, not by table; ids, credentials, signal actions,
timers, limits and pending signals of a task in images of their own; mappings in vmas-PID; one magic word in front.
"""
import json
import os
import re
import shutil
import subprocess
import sys

# Of file_entry: the image that had such files.
KINDS = {
    "reg": "reg-files", "isk": "inetsk", "nsf": "ns-files", "psk": "packetsk", "nlsk": "netlinksk", "efd": "eventfd",
    "epfd": "eventpoll", "sgfd": "signalfd", "tunf": "tunfile", "tfd": "timerfd", "ify": "inotify", "ffy": "fanotify",
    "ext": "ext-files", "usk": "unixsk", "fifo": "fifo", "pipe": "pipes", "tty": "tty",
}
# Images whose magics are not what the name of the file says.
MAGICS = {
    "reg-files": "REG_FILES", "ext-files": "EXT_FILES", "ns-files": "NS_FILES", "eventfd": "EVENTFD_FILE",
    "eventpoll": "EVENTPOLL_FILE", "inotify": "INOTIFY_FILE", "fanotify": "FANOTIFY_FILE", "netlinksk": "NETLINK_SK",
    "tty": "TTY_FILES", "sigacts": "SIGACT", "posix-timers": "POSIX_TIMERS", "signal-s": "SIGNAL", "signal-p": "PSIGNAL",
}


class Directory:
    def __init__(self, crit, old, new):
        self.crit, self.old, self.new = crit, old, new

    def read(self, name):
        return json.loads(subprocess.check_output([self.crit, "decode", "-i", os.path.join(self.old, name)]))

    def write(self, name, entries, magic=None):
        stem = re.sub("-[0-9]+$", "", name)
        image = {"magic": magic or MAGICS.get(stem, stem.upper()), "_version": "1.0", "entries": entries}
        if image["magic"] == "INVENTORY":
            del image["_version"]
        subprocess.run([self.crit, "encode", "-o", os.path.join(self.new, name + ".img")],
                       input=json.dumps(image).encode(), check=True)

    def names(self, prefix):
        return sorted(n for n in os.listdir(self.old) if re.match(prefix + "[0-9]+\\.img$", n))


def files(d):
    kinds, rest = {}, []
    for entry in d.read("files.img")["entries"]:
        key = next(k for k in entry if k not in ("type", "id"))
        if key in KINDS:
            kinds.setdefault(KINDS[key], []).append(entry[key])
        else:
            rest.append(entry)
    for name, entries in kinds.items():
        d.write(name, entries)
    if rest: # kinds that there were never images of
        print("left out: %s" % sorted({entry["type"] for entry in rest}))


def queue(d, name, holder, key):
    signals = holder.pop(key, {}).get("signals", [])
    if signals:
        d.write(name, signals)


def core(d, name, leader_ids):
    image = d.read(name)
    entry = image["entries"][0]
    tid = name[len("core-"):-len(".img")]
    tc = entry.get("tc")
    thread = entry.get("thread_core", {})
    ids = entry.pop("ids", None)
    if tc is not None:
        leader_ids[tid] = ids
        if ids:
            d.write("ids-" + tid, [ids])
        if tc.get("sigactions"):
            d.write("sigacts-" + tid, tc.pop("sigactions"))
        timers = tc.pop("timers", None)
        if timers:
            d.write("itimers-" + tid, [timers[k] for k in ("real", "virt", "prof")])
            if timers.get("posix"):
                d.write("posix-timers-" + tid, timers["posix"])
        limits = tc.pop("rlimits", None)
        if limits:
            d.write("rlimit-" + tid, limits["rlimits"])
        queue(d, "signal-s-" + tid, tc, "signals_s")
        creds = thread.pop("creds", None)
        if creds:
            d.write("creds-" + tid, [creds])
    queue(d, "signal-p-" + tid, thread, "signals_p")
    d.write("core-" + tid, [entry])


def main(crit, old, new):
    d = Directory(crit, old, new)
    ids = {}
    files(d)
    for name in d.names("core-"):
        core(d, name, ids)
    for name in d.names("mm-"):
        entry = d.read(name)["entries"][0]
        pid = name[3:-4]
        d.write("vmas-" + pid, entry.pop("vmas"))
        d.write("mm-" + pid, [entry])
    for pid, its in ids.items():
        if its is None and os.path.exists("%s/ids-%s.img" % (old, pid)):
            its = d.read("ids-%s.img" % pid)["entries"][0]
            d.write("ids-" + pid, [its])
        table = its and "fdinfo-%s.img" % its["files_id"]
        if table and os.path.exists("%s/%s" % (old, table)):
            d.write("fdinfo-" + pid, d.read(table)["entries"])
    inventory = d.read("inventory.img")["entries"][0]
    inventory["fdinfo_per_id"] = False
    inventory["img_version"] = 1
    d.write("inventory", [inventory])
    done = ("files.img", "inventory.img", "core-", "mm-", "ids-", "fdinfo-")
    for name in sorted(os.listdir(old)):
        if name.startswith(done):
            continue
        if name.startswith("pages-") or not name.endswith(".img") or name.endswith(".tar.gz.img"):
            shutil.copy(os.path.join(old, name), new)
        else:
            image = d.read(name)
            if "extra" in image["entries"][0] and list(image["entries"][0]) == ["extra"]: # raw
                shutil.copy(os.path.join(old, name), new)
            else:
                d.write(name[:-4], image["entries"], image["magic"])


if __name__ == "__main__":
    main(*sys.argv[1:])
