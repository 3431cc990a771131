#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Images as JSON once more, from the tables in test/data alone: an independent reference for crit decode.

crit-reference.py corpus            does it print what CRIU's own tool printed of the corpus?
crit-reference.py compare DIR...    is IMAGE.json, IMAGE.pretty what it prints of each IMAGE below DIR?
crit-reference.py print [-p] IMAGE  prints an image
"""
import base64
import binascii
import ipaddress
import json
import os
import quopri
import re
import struct
import sys

TOP = os.environ.get("CR_TOP", ".")
DATA = os.path.join(TOP, "test/data")
COMMON, SERVICE = 0x54564319, 0x55105940
VARINT, I64, LEN, I32 = 0, 1, 2, 5

RFILE = """O_WRONLY 1 O_RDWR 2 O_CREAT 0o100 O_EXCL 0o200 O_NOCTTY 0o400 O_TRUNC 0o1000 O_APPEND 0o2000
O_NONBLOCK 0o4000 O_DSYNC 0o10000 FASYNC 0o20000 O_DIRECT 0o40000 O_LARGEFILE 0o100000 O_DIRECTORY 0o200000
O_NOFOLLOW 0o400000 O_NOATIME 0o1000000 O_CLOEXEC 0o2000000"""
FLAGS = {
    "mmap.prot": "PROT_READ 1 PROT_WRITE 2 PROT_EXEC 4",
    "mmap.flags": "MAP_SHARED 1 MAP_PRIVATE 2 MAP_DROPPABLE 8 MAP_ANON 0x20 MAP_GROWSDOWN 0x100",
    "rfile.flags": RFILE,
    "pmap.flags": "PE_PARENT 1 PE_LAZY 2 PE_PRESENT 4",
    "seals.flags": "F_SEAL_SEAL 1 F_SEAL_SHRINK 2 F_SEAL_GROW 4 F_SEAL_WRITE 8 F_SEAL_FUTURE_WRITE 16",
}
STATUS = """VMA_AREA_REGULAR 0 VMA_AREA_STACK 1 VMA_AREA_VSYSCALL 2 VMA_AREA_VDSO 3 VMA_AREA_HEAP 5 VMA_FILE_PRIVATE 6
VMA_FILE_SHARED 7 VMA_ANON_SHARED 8 VMA_ANON_PRIVATE 9 VMA_AREA_SYSVIPC 10 VMA_AREA_SOCKET 11 VMA_AREA_VVAR 12
VMA_AREA_AIORING 13 VMA_AREA_MEMFD 14 VMA_AREA_SHSTK 15 VMA_AREA_UPROBES 17 VMA_UNSUPP 31"""
DICTS = {
    "gen.task_state": "Alive 1 Zombie 3 Stopped 6",
    "sk.family": "UNIX 1 INET 2 INET6 10 NETLINK 16 PACKET 17",
    "sk.type": "STREAM 1 DGRAM 2 RAW 3 SEQPACKET 5 PACKET 10",
    "sk.state": """ESTABLISHED 1 SYN_SENT 2 SYN_RECV 3 FIN_WAIT1 4 FIN_WAIT2 5 TIME_WAIT 6 CLOSE 7 CLOSE_WAIT 8
        LAST_ACK 9 LISTEN 10""",
    "sk.proto": "IP 0 TCP 6 UDP 17 UDPLITE 136",
}


def pairs(text):
    words = text.split()
    return [(name, int(value, 0)) for name, value in zip(words[::2], words[1::2])]


FLAGS = {name: pairs(text) for name, text in FLAGS.items()}
FLAGS["mmap.status"] = [(name, 1 << bit) for name, bit in pairs(STATUS)]
DICTS = {name: {value: word for word, value in pairs(text)} for name, text in DICTS.items()}


def table(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return [dict(zip(lines[0], line)) for line in lines[1:] if not line[0].startswith("(")]


MESSAGES, ENUMS = {}, {}
for row in table("image-messages.tsv"):
    row["number"] = int(row["number"])
    if row["kind"] == "field":
        MESSAGES.setdefault(row["message_or_enum"], {})[row["number"]] = row
    else:
        ENUMS.setdefault(row["message_or_enum"], {})[row["number"]] = row["name"]

# New state of ours, from 5000 up, has no row in the table of the format; these may follow in any message. Nor have our own images.
OURS = 5000
OUR_IMAGES = ["inotify-queue.img"]


def image_types():
    for row in table("image-files.tsv"):
        names = ["stats-dump", "stats-restore"] if row["file_template"] == "stats-%s" else [row["file_template"]]
        for name in names:
            number = "[0-9a-f]+" if "%x" in name else "[0-9]+"
            pattern = re.compile(re.sub("%l?[uxd]", number, re.escape(name).replace(r"\%", "%")) + "$")
            yield pattern, int(row["magic_value"], 0), row


TYPES = list(image_types())


class Bad(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Bad("varint")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value & (2**64 - 1), at


def put_varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def wire_fields(data):
    """(number, wire type, value, the bytes of the whole field) of each field."""
    at = 0
    while at < len(data):
        start = at
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at)
        elif kind in (I64, I32):
            size = 8 if kind == I64 else 4
            value, at = data[at:at + size], at + size
        elif kind == LEN:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise Bad("wire type")
        if at > len(data):
            raise Bad("field beyond the end")
        yield number, kind, value, data[start:at]


def signed(value, bits):
    value &= 2**bits - 1
    return value - 2**bits if value >> (bits - 1) else value


class Message:
    """A parsed message: values by field number, and the bytes of the fields that the table does not have."""

    def __init__(self, kind, data):
        self.kind, self.values, self.unknown = kind, {}, b""
        merged = {} # messages that are given more than once
        for number, wire, value, whole in wire_fields(data):
            field = MESSAGES[kind].get(number)
            if not field:
                self.unknown += whole
                continue
            if field["type"] in MESSAGES and field["label"] != "repeated":
                merged[number] = value = merged.get(number, b"") + value
            values = list(self.parse(field["type"], wire, value))
            if field["label"] == "repeated":
                self.values.setdefault(number, []).extend(values)
            else:
                self.values[number] = values[-1]
        self.values = {number: value for number, value in self.values.items() if value != []}

    def parse(self, kind, wire, value):
        if kind in MESSAGES:
            yield Message(kind, value)
        elif kind in ("string", "bytes"):
            yield value
        elif wire == I64:
            yield struct.unpack("<Q", value)[0]
        elif wire == VARINT:
            yield self.number(kind, value)
        else: # packed
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                yield self.number(kind, one)

    @staticmethod
    def number(kind, value):
        if kind == "bool":
            return value != 0
        if kind in ("int32", "int64"):
            return signed(value, int(kind[3:]))
        if kind in ("sint32", "sint64"):
            value &= 2**int(kind[4:]) - 1
            return value >> 1 ^ -(value & 1)
        if kind == "uint32":
            return value & 0xFFFFFFFF
        return signed(value, 32) if kind in ENUMS else value

    def pack(self):
        out = b""
        for number in sorted(self.values):
            field = MESSAGES[self.kind][number]
            value = self.values[number]
            for one in value if isinstance(value, list) else [value]:
                out += self.pack_one(number, field["type"], one)
        return out + self.unknown

    @staticmethod
    def pack_one(number, kind, value):
        if isinstance(value, Message):
            value = value.pack()
        if isinstance(value, bytes):
            return put_varint(number << 3 | LEN) + put_varint(len(value)) + value
        if kind == "fixed64":
            return put_varint(number << 3 | I64) + struct.pack("<Q", value)
        if kind in ("sint32", "sint64"):
            value = value << 1 if value >= 0 else (-value << 1) - 1
        return put_varint(number << 3 | VARINT) + put_varint(int(value) & (2**64 - 1))

    def get(self, name, default=0):
        for number, value in self.values.items():
            if MESSAGES[self.kind][number]["name"] == name:
                return value
        return default

    def json(self, pretty, in_hex=False):
        out = {}
        for number in sorted(self.values):
            field, value = MESSAGES[self.kind][number], self.values[number]
            if pretty and field["display"] == "ipadd" and len(value) in (1, 4):
                out[field["name"]] = [address(value)]
            elif isinstance(value, list):
                out[field["name"]] = [show(field, one, pretty, in_hex) for one in value]
            else:
                out[field["name"]] = show(field, value, pretty, in_hex)
        if self.unknown:
            out["_unknown"] = b64(self.unknown)
        return out


def b64(data):
    return base64.encodebytes(data).decode()


def printable(data):
    out = quopri.encodestring(data)
    # Line ends of both kinds do not survive as such.
    return (out if quopri.decodestring(out) == data else binascii.b2a_qp(data, istext=False)).decode()


def address(words):
    packed = b"".join(struct.pack("<I", word) for word in words)
    ip = ipaddress.ip_address(packed)
    if len(words) == 4 and ip.ipv4_mapped: # of which newer versions show the IPv4 address
        return "::ffff:%x:%x" % struct.unpack(">HH", packed[12:])
    return ip.compressed


def show(field, value, pretty, in_hex):
    kind, hint = field["type"], field["display"]
    in_hex = in_hex or "hex" in hint.split(",")
    if isinstance(value, Message):
        return value.json(pretty, in_hex)
    if kind == "string":
        return value.decode("utf-8", "surrogateescape")
    if kind == "bytes":
        return printable(value) if hint == "conv=unix_name" else b64(value)
    if kind in ENUMS:
        return ENUMS[kind].get(value, value)
    if kind == "bool" or not pretty:
        return value
    if in_hex:
        return "0x%x" % value
    return hinted(field["name"], hint, value)


def hinted(name, hint, value):
    if hint == "dev":
        return "%d:%d" % (value >> 20, value & 0xFFFFF)
    if hint == "dev,odev":
        return "%d:%d" % (os.major(value), os.minor(value))
    if hint.startswith("flags="):
        known = FLAGS[hint[6:]]
        words = [word for word, bit in known if value & bit]
        rest = value & ~sum(bit for _, bit in known)
        return " | ".join(words + (["0x%x" % rest] if rest else []))
    if hint.startswith("dict="):
        return DICTS[hint[5:] + "." + name].get(value, value)
    return value


class Image:
    def __init__(self, name, data):
        self.data, self.at = data, 0
        self.by_name = next((t for t in TYPES if t[0].match(name)), None)

    def take(self, size):
        if size > len(self.data) - self.at:
            raise Bad("%d bytes wanted, %d there" % (size, len(self.data) - self.at))
        self.at += size
        return self.data[self.at - size:self.at]

    def word(self):
        return struct.unpack("<I", self.take(4))[0]

    def pad(self, out, size, align):
        pad = self.take(-size % align)
        if pad.strip(b"\0"):
            out["_pad"] = b64(pad)

    def record(self, kind):
        raw = self.take(self.word())
        message = Message(kind, raw)
        self.has_raw = b64(raw) if message.pack() != raw else None
        return message

    def json(self, pretty):
        if self.by_name and not self.by_name[1]:
            row = self.by_name[2]
            if row["image"] != "PAGES" or len(self.data) % 4096 == 0:
                return {"magic": row["image"], "entries": [{"extra": b64(self.data)}]}
        first = magic = self.word()
        if first in (COMMON, SERVICE):
            magic = self.word()
        # Of images that share a magic, the name of the file says which it is.
        row = next(t[2] for t in [self.by_name or TYPES[0]] + TYPES if t[1] == magic)
        out = {"magic": row["magic_name"]}
        if first == magic and row["magic_name"] != "INVENTORY":
            out["_version"] = "1.0"
        out["entries"] = []
        while self.at < len(self.data):
            out["entries"].append(self.entry(row, len(out["entries"]), pretty))
        return out

    def entry(self, row, nr, pretty):
        kind, extra = row["message"], row["extra"]
        if extra == "pagemap":
            kind = "pagemap_entry" if nr else "pagemap_head"
        elif extra == "ghost_file" and nr:
            kind = "ghost_chunk_entry"
        message = self.record(kind)
        out = message.json(pretty)
        if self.has_raw:
            out["_raw"] = self.has_raw
        if extra not in ("-", "pagemap"):
            getattr(self, extra)(out, message, pretty)
        return out

    def pipes_data_extra(self, out, message, _):
        out["extra"] = b64(self.take(message.get("bytes")))

    def sk_queues_extra(self, out, message, _):
        out["extra"] = b64(self.take(message.get("length")))

    def tcp_stream_extra(self, out, message, _):
        out["extra"] = {"inq": b64(self.take(message.get("inq_len")))}
        out["extra"]["outq"] = b64(self.take(message.get("outq_len")))

    def bpfmap_data_extra(self, out, message, _):
        out["extra"] = b64(self.take(message.get("keys_bytes") + message.get("values_bytes")))

    def ipc_sem_set(self, out, message, _):
        count = message.get("nsems")
        out["extra"] = list(struct.unpack("<%dH" % count, self.take(2 * count)))
        self.pad(out, 2 * count, 8)

    def ipc_msg_queue(self, out, message, pretty):
        out["extra"] = []
        for _ in range(message.get("qnum")):
            one = self.record("ipc_msg")
            shown = one.json(pretty)
            if self.has_raw:
                shown["_raw"] = self.has_raw
            text = self.take(one.get("msize"))
            self.pad(shown, len(text), 8)
            out["extra"] += [shown, b64(text)]

    def ipc_shm(self, out, message, _):
        size = 0 if message.get("in_pagemaps") else message.get("size")
        out["extra"] = b64(self.take(size))
        self.pad(out, size, 4)

    def ghost_file(self, out, message, _):
        if message.kind == "ghost_chunk_entry":
            out["extra"] = b64(self.take(message.get("len")))
        elif not message.get("chunks"):
            out["extra"] = b64(self.take(len(self.data) - self.at))


def text(path, pretty):
    with open(path, "rb") as f:
        data = f.read()
    image = Image(os.path.basename(path), data)
    return json.dumps(image.json(pretty), indent=4 if pretty else None).encode()


def same(path, is_path, pretty):
    try:
        want = text(path, pretty)
    except (Bad, KeyError, StopIteration, struct.error) as e:
        print("%s: the reference cannot decode it: %r" % (path, e))
        return False
    with open(is_path, "rb") as f:
        got = f.read()
    if want == got:
        return True
    at = next((i for i, (x, y) in enumerate(zip(want, got)) if x != y), min(len(want), len(got)))
    print("%s differs from the reference at %d:" % (is_path, at))
    print("\twanted: %r\n\tis:     %r" % (want[max(0, at - 60):at + 60], got[max(0, at - 60):at + 60]))
    return False


def corpus():
    good = count = 0
    for family in sorted(os.listdir(DATA + "/criu-images")):
        where = os.path.join(DATA, "criu-images", family)
        for name in sorted(os.listdir(where + "/json")) if os.path.isdir(where + "/json") else []:
            image = "%s/img/%s" % (where, name[:-len(".json")])
            count += 2
            good += same(image, "%s/json/%s" % (where, name), False)
            good += same(image, "%s/pretty/%s" % (where, name), True)
    return good, count


def compare(dirs):
    good = count = 0
    for top in dirs:
        for where, _, names in sorted(os.walk(top)):
            for name in sorted(n for n in names if n + ".json" in names and n not in OUR_IMAGES):
                count += 2
                path = os.path.join(where, name)
                good += same(path, path + ".json", False)
                good += same(path, path + ".pretty", True)
                if count - good >= 20:
                    print("and perhaps more")
                    return good, count
    return good, count


def main(args):
    if args[:1] == ["print"] and len(args) > 1:
        sys.stdout.buffer.write(text(args[-1], "-p" in args))
        return 0
    if args[:1] not in (["corpus"], ["compare"]):
        print(__doc__, file=sys.stderr)
        return 2
    good, count = corpus() if args[0] == "corpus" else compare(args[1:])
    print("%s: %d of %d as the reference has them" % (args[0], good, count))
    return 0 if good == count and count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
