#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the shape of two checkpoints of the same program, given as directories of decoded images.

What CRIU writes in every record of a kind we must write in every record of that kind: a reader may need it. IP sockets of each
type and protocol are a kind. Usage:
images-like-criu.py CRIU-DIR OUR-DIR [PATH-NOT-COMPARED ...]; both have files NAME.json, as "crit decode" prints them.
"""
import glob
import json
import os
import re
import sys


def walk(value, path, seen):
    """Counts for each path how often it is there, and how often the object that may have it."""
    if isinstance(value, list):
        for item in value:
            walk(item, path + "[]", seen)
    elif isinstance(value, dict):
        if "proto" in value and "family" in value:
            path += f"<{value['family']} {value['type']} {value['proto']}>"
        seen.setdefault(path, {"n": 0, "keys": {}})
        seen[path]["n"] += 1
        for key, item in value.items():
            seen[path]["keys"][key] = seen[path]["keys"].get(key, 0) + 1
            walk(item, path + "." + key, seen)


def shapes(directory):
    """Of each sort of image: core, mm, files ..."""
    ret = {}
    for name in glob.glob(os.path.join(directory, "*.json")):
        sort = re.sub(r"(-[0-9a-f]+)*(\.img)?\.json$", "", os.path.basename(name))
        with open(name, encoding="utf-8") as f:
            walk(json.load(f), "", ret.setdefault(sort, {}))
    return ret


def main():
    theirs, ours = shapes(sys.argv[1]), shapes(sys.argv[2])
    excused = set(sys.argv[3:])
    bad = 0
    for sort in sorted(theirs):
        if sort not in ours:
            if sort not in excused:
                print(f"{sort}: no such image")
                bad += 1
            continue
        for path, there in theirs[sort].items():
            here = ours[sort].get(path)
            for key, n in there["keys"].items():
                where = f"{sort}{path}.{key}"
                if n < there["n"] or not here or here["keys"].get(key, 0) == here["n"] or where in excused:
                    continue
                print(f"{where}: in {here['keys'].get(key, 0)} of {here['n']} records; CRIU has it in all {n}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
