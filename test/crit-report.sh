#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# crit report: the page is well-formed and self-contained, says what the other verbs say, and takes text of images for text only.
# shellcheck source=test/helpers/crit.bash
. "${CR_TOP:-.}/test/helpers/crit.bash"
needs python3

cat > "$work/check.py" <<'PY'
"""Is a page well-formed and self-contained? Prints its visible text, a line for each element that ends."""
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "br"}
KNOWN = {"html", "head", "title", "style", "body", "header", "nav", "main", "section", "footer", "div", "p", "h1", "h2",
         "h3", "small", "dl", "dt", "dd", "a", "table", "thead", "tbody", "tr", "th", "td", "span", "b", "i", "code", "ul",
         "li", "details", "summary", "svg", "path"} | VOID
ATTRIBUTES = {"lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "style", "open", "colspan", "viewbox",
              "preserveaspectratio", "aria-hidden", "d", "title"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.stack, self.ids, self.links, self.text = [], set(), [], []

    def open(self, tag, attrs):
        if tag not in KNOWN:
            sys.exit(f"unexpected element {tag} at {self.getpos()}")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                sys.exit(f"unexpected attribute {name} at {self.getpos()}")
            if name == "id":
                if value in self.ids:
                    sys.exit(f"duplicate id {value}")
                self.ids.add(value)
            if name == "href":
                self.links.append(value)
            if name in ("href", "style") and re.search("//|url|:.*expression|javascript", value):
                sys.exit(f"reference to elsewhere: {value}")

    def handle_starttag(self, tag, attrs):
        self.open(tag, attrs)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.open(tag, attrs)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            sys.exit(f"</{tag}> where none is due at {self.getpos()}")
        self.text.append("\n" if tag in ("td", "dd", "div", "summary", "p", "dt", "h1", "tr") else "")

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "style":
            if re.search("url|import|//", data):
                sys.exit("the style sheet refers to elsewhere")
        else:
            self.text.append(data)


source = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(source)
page.close()
if page.stack:
    sys.exit(f"never closed: {page.stack}")
for link in page.links:
    if not link.startswith("#") or link[1:] not in page.ids:
        sys.exit(f"link to {link}, which is not there")
if re.search("[\x00-\x08\x0b-\x1f\x7f]", source):
    sys.exit("control characters")
print("".join(page.text).replace("\u00a0", " "))
PY

# A page of each family, from the directory and from an archive of it.
for family in "$corpus"/*/img; do
	name=$(basename "$(dirname "$family")")
	"$crit" report "$family" -o "$work/$name.html" || fail "$name: no report"
	python3 "$work/check.py" "$work/$name.html" > "$work/$name.txt" || fail "$name: bad page"
	"$crit" x "$family" ps | awk 'NR > 1 { print $1 }' | while read -r pid; do
		grep -qx "$pid" "$work/$name.txt" || echo "$name: no task $pid"
	done > "$work/missing"
	[ -s "$work/missing" ] && fail "$(cat "$work/missing")"
	images=$(find "$family/" -type f | wc -l)
	grep -q "^$images files, " "$work/$name.txt" || fail "$name: not $images files"
	fds=$("$crit" x "$family" fds --json | grep -c '"fd":[0-9]*,"type"')
	grep -A1 -x Descriptors "$work/$name.txt" | grep -qx "$fds" || fail "$name: not $fds descriptors"
	"$crit" report -o - "$family" | cmp -s - "$work/$name.html" || fail "$name: another page on standard output"
done
tar -C "$corpus/unix" -czf "$work/unix.tar.gz" img
"$crit" report "$work/unix.tar.gz" -o "$work/archive.html" || fail "no report of an archive"
python3 "$work/check.py" "$work/archive.html" > "$work/archive.txt" || fail "archive: bad page"
diff <(sed -n '/What each task has open/,$p' "$work/unix.txt") <(sed -n '/What each task has open/,$p' "$work/archive.txt") ||
	fail "archive: other tables"

# The saved pages of the tasks are those of their page maps: private memory, no parents.
for map in "$corpus"/mem/img/pagemap-[0-9]*.img; do
	pid=${map##*-}
	pid=${pid%.img}
	pages=$("$crit" info "$map" | sed -n 's/.*"pages": \([0-9]*\).*/\1/p')
	shown=$(sed -n "s/^$pid .*saved: \([0-9,]*\) pages.*/\1/p" "$work/mem.txt" | tr -d ,)
	[ "${shown:-0}" -ge "$pages" ] || fail "mem: task $pid has $pages pages, the report says ${shown:-nothing}"
done

# Names that would like to be more than text.
evil='</code><script>alert(1)</script><img src=http://example.org/x onerror=alert(2)>&amp;"'"'"
cp -r "$corpus/files/img" "$work/evil"
python3 - "$crit" "$work/evil" "$evil" <<'PY' || fail "the images could not be edited"
import glob
import json
import subprocess
import sys

crit, directory, evil = sys.argv[1:]


def edit(image, change):
    doc = json.loads(subprocess.run([crit, "decode", "-i", image], check=True, capture_output=True).stdout)
    for entry in doc["entries"]:
        change(entry)
    subprocess.run([crit, "encode", "-o", image], input=json.dumps(doc).encode(), check=True)


def in_core(entry):
    if "tc" in entry:
        entry["tc"]["comm"] = "<script>\x1b]0;x\x07"


def in_files(entry):
    if "reg" in entry:
        entry["reg"]["name"] = "/" + evil + "\u202e\u009b\udcff"


for image in glob.glob(directory + "/core-*.img"):
    edit(image, in_core)
edit(directory + "/files.img", in_files)
PY
"$crit" report "$work/evil" -o "$work/evil.html" || fail "evil: no report"
python3 "$work/check.py" "$work/evil.html" > "$work/evil.txt" || fail "evil: bad page"
grep -q '<script>\\x1b\]0;x\\x07' "$work/evil.txt" || fail "evil: no comm"
grep -qF "/$evil" "$work/evil.txt" || fail "evil: no path"
grep -q '\\xff' "$work/evil.txt" || fail "evil: bytes that are no text are not shown"

# A failure leaves what was there.
echo before > "$work/kept.html"
cp -r "$corpus/task/img" "$work/cut"
truncate -s -3 "$work/cut/files.img"
"$crit" report "$work/cut" -o "$work/kept.html" 2> "$work/err" && fail "a report of a broken checkpoint"
grep -q '^crit: .*files.img' "$work/err" || fail "no word about files.img: $(cat "$work/err")"
[ "$(cat "$work/kept.html")" = before ] || fail "the output was touched"
"$crit" report 2> "$work/err"
[ $? = 2 ] || fail "no checkpoint given, but not exit status 2"
exit $failed
