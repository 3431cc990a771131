#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What crit x must say.

crit-x.py corpus CRIT CORPUS    of the checkpoints in test/data/criu-images: what their program, zoo.c, did
crit-x.py own CRIT CR-DUMP      of a checkpoint made now, in the working directory: what the victim below did
"""
import atexit
import base64
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

failed = False


def check(name, is_, wanted):
    global failed
    if is_ != wanted:
        print(f"{name}: {is_!r}, not {wanted!r}")
        failed = True


def rows(crit, directory, view):
    return json.loads(subprocess.check_output([crit, "x", "--json", directory, view]))


def text(crit, directory, view):
    return subprocess.check_output([crit, "x", directory, view], text=True)


def has_line(name, lines, wanted):
    """A line of a view for people, however its columns are spaced."""
    if " ".join(wanted.split()) not in (" ".join(line.split()) for line in lines.splitlines()):
        check(name, lines, "a line " + repr(wanted))


def pick(row, *keys):
    return tuple(row.get(k) for k in keys)


# --- the corpus ---


def corpus_task(crit, d):
    threads = {r["tid"]: r for r in rows(crit, d, "threads")}
    check("threads", sorted(threads), [15257, 15259, 15260, 15261, 15262, 15263])
    check("thread names", [threads[t]["comm"] for t in (15257, 15259, 15260)], ["zoo", "worker-a", "worker-b"])
    leader = threads[15257]
    check("scheduling", pick(leader, "policy", "nice", "seccomp"), ("OTHER", 5, None))
    check("system call", leader["syscall"], {"nr": 34, "name": "pause"})
    check("registers", pick(leader, "arch", "ip", "at"), ("X86_64", "0x435e30", "/opt/corpus/zoo + 0x35e30"))
    check("stack", leader["sp"] == leader["cpu"]["gpregs"]["sp"] and leader["stack"].startswith("[stack] + "), True)
    check("dead", pick(threads[15262], "state", "exit_status", "cpu"), ("dead", 3, None))
    check("stopped", threads[15263]["state"], "stopped")
    check("pdeath_sig", threads[15261]["thread"]["pdeath_sig"], signal.SIGKILL)

    signals = {r["tid"]: r for r in rows(crit, d, "signals") if "tid" in r}
    leader = signals[15257]
    check("blocked", leader["blocked"], ["SIGUSR2", "SIGRTMIN+3"])
    check("blocked by a thread", signals[15260]["blocked"], ["SIGSEGV", "SIGUSR2", "SIGRTMIN+3"])
    check("pending", leader["pending_shared"], [{
        "signal": "SIGRTMIN+3", "number": 37, "code": -1, "code_name": "SI_QUEUE", "from_pid": 15257, "from_uid": 0,
        "value": 7}])
    check("ignored", leader["ignored"], ["SIGINT", "SIGQUIT", "SIGPIPE"])
    usr1 = leader["caught"][0]
    check("caught", pick(usr1, "signal", "number", "handler", "at", "mask"),
          ("SIGUSR1", 10, "0x401665", "/opt/corpus/zoo + 0x1665", ["SIGTERM"]))
    check("its flags", usr1["flags"], ["SA_RESTORER", "SA_RESTART"])
    check("alternate stack", pick(signals[15259]["altstack"], "addr", "size", "in_use"), ("0x7fd0dc000b70", 8192, False))
    check("no alternate stack", "altstack" in leader, False)
    check("timers", [pick(t, "timer", "interval_ns", "signal") for t in leader["timers"]],
          [("ITIMER_REAL", 3600 * 10**9, None), ("ITIMER_PROF", 3600 * 10**9, None), ("POSIX", 100 * 10**9 + 1, "SIGUSR2")])
    check("time left", 7199 * 10**9 < leader["timers"][0]["left_ns"] < 7200 * 10**9, True)
    has_line("signals", text(crit, d, "signals"),
             "pending for the process: SIGRTMIN+3, SI_QUEUE, from pid 15257 of user 0, value 7")

    check("args", [r["value"] for r in rows(crit, d, "args") if r["pid"] == 15257], ["/opt/corpus/zoo", "task"])
    check("env", {r["name"]: r["value"] for r in rows(crit, d, "env") if r["pid"] == 15261},
          {"PATH": "/usr/bin", "TERM": "linux"})
    check("env of the dead", [r for r in rows(crit, d, "env") if r["pid"] == 15262], [{"pid": 15262}])
    ps = {r["pid"]: r for r in rows(crit, d, "ps")}
    check("ps", pick(ps[15257], "ppid", "pgid", "sid", "threads", "subreaper"), (0, 15257, 15257, [15257, 15259, 15260], True))
    check("states", [ps[p]["state"] for p in sorted(ps)], ["alive", "alive", "dead", "stopped"])
    check("mounts", rows(crit, d, "mounts"), [])


def corpus_files(crit, d):
    fds = {(r["pid"], r.get("fd", r.get("dir"))): r for r in rows(crit, d, "fds")}
    plain = fds[15319, 40]
    check("fd 40", pick(plain, "type", "name"), ("REG", "/opt/corpus/work/plain.txt"))
    check("its position", plain["file"]["pos"], 5)
    check("append", "O_APPEND" in fds[15319, 4]["file"]["flags"], True)
    check("close-on-exec", [fds[15319, fd]["cloexec"] for fd in (5, 6, 15)], [False, True, True])
    check("eventfd", pick(fds[15319, 13]["file"], "counter"), (17,))
    check("timerfd", fds[15319, 16]["file"]["isec"], 60)
    check("cwd", fds[15319, "cwd"]["name"], "/opt/corpus/work")


def corpus_mem(crit, d):
    maps = [r for r in rows(crit, d, "mems") if r["pid"] == 15290]
    check("exe", maps[0]["exe"], "/opt/corpus/zoo")
    memfd = [r for r in maps if "VMA_AREA_MEMFD" in r.get("status", "")]
    check("memfd", pick(memfd[0], "size", "prot", "name"), (8 << 12, "PROT_READ", "memfd:zoo-memfd"))
    runs = [r for r in rows(crit, d, "rss") if r["pid"] == 15290]
    pages = json.loads(subprocess.check_output([crit, "decode", "-i", os.path.join(d, "pagemap-15290.img")]))["entries"]
    check("pages", sum(r["pages"] for r in runs) * 4096, os.path.getsize(os.path.join(d, f"pages-{pages[0]['pages_id']}.img")))
    check("flags of pages", {r["flags"] for r in runs}, {"PE_LAZY | PE_PRESENT", "PE_PRESENT"})
    for r in runs:
        first, last = r["mappings"][0], r["mappings"][-1]
        addr = int(r["addr"], 0)
        check("mapping of a run", int(first["start"], 0) <= addr < int(first["end"], 0) and
              addr + r["pages"] * 4096 <= int(last["end"], 0), True)


def corpus_unix(crit, d):
    sk = {r["id"]: r for r in rows(crit, d, "sk")}
    fds = {r["id"]: r["held_by"][0]["fd"] for r in sk.values()}
    check("descriptors", [fds[i] for i in (5, 6, 10, 11, 12, 13)], [3, 4, 7, 8, 10, 11])
    check("pair", pick(sk[6], "family", "type", "state", "recv_queue"), ("UNIX", "STREAM", "ESTABLISHED", 12))
    check("its peer", sk[6]["peer"], {"ino": 1768394, "id": 5, "held_by": [{"pid": 15348, "fd": 3}]})
    check("queue with a file", pick(sk[8], "type", "recv_queue", "recv_packets", "recv_files"), ("DGRAM", 11, 1, 1))
    check("listening", pick(sk[10], "state", "name", "name_dir", "backlog"),
          ("LISTEN", "listen.sock", "/opt/corpus/work", 5))
    check("accepted", pick(sk[12], "name"), ("listen.sock",))
    check("connected to the name", sk[11]["peer"]["name"], "listen.sock")
    check("abstract", pick(sk[13], "type", "state", "name"), ("SEQPACKET", "LISTEN", "@zoo-abstract"))
    has_line("sk", text(crit, d, "sk"), "UNIX STREAM - ESTABLISHED 8 - 15348/8 "
             "[1768399] -> [1768400] /opt/corpus/work/listen.sock of 15348/10")


def corpus_inet(crit, d):
    sk = {r["id"]: r for r in rows(crit, d, "sk")}
    ends = ("family", "type", "protocol", "state", "local_addr", "local_port", "remote_addr", "remote_port")
    check("listening", pick(sk[5], *ends), ("INET", "STREAM", "TCP", "LISTEN", "127.0.0.1", 24101, "0.0.0.0", 0))
    check("client", pick(sk[6], *ends),
          ("INET", "STREAM", "TCP", "ESTABLISHED", "127.0.0.1", 39682, "127.0.0.1", 24101))
    check("server", pick(sk[7], *ends),
          ("INET", "STREAM", "TCP", "ESTABLISHED", "127.0.0.1", 24101, "127.0.0.1", 39682))
    check("unread", pick(sk[7], "recv_queue", "send_queue"), (20, 0))
    check("UDP", pick(sk[8], *ends[:6]), ("INET", "DGRAM", "UDP", "CLOSE", "127.0.0.1", 24102))
    check("UDP 6", pick(sk[9], *ends[:6]), ("INET6", "DGRAM", "UDP", "CLOSE", "::", 24103))
    check("TCP 6", pick(sk[10], *ends[:6], "backlog"), ("INET6", "STREAM", "TCP", "LISTEN", "::", 24104, 3))
    check("raw", pick(sk[11], *ends[:5]), ("INET", "RAW", "UDP", "CLOSE", "0.0.0.0"))
    check("packet", pick(sk[12], "family", "type", "protocol", "interface"), ("PACKET", "RAW", "0x0003", 0))
    check("netlink", pick(sk[13], "family", "protocol", "local_port", "groups"), ("NETLINK", "ROUTE", 15376, [1]))
    check("nodelay", sk[7]["socket"]["tcp_opts"]["nodelay"], True)
    check("held by", sk[7]["held_by"], [{"pid": 15376, "fd": 5}])
    has_line("sk", text(crit, d, "sk"), "INET STREAM TCP ESTABLISHED 20 0 15376/5 127.0.0.1:24101 -> 127.0.0.1:39682")
    has_line("sk", text(crit, d, "sk"), "INET6 STREAM TCP LISTEN - - 15376/8 [::]:24104")


def corpus_ns(crit, d):
    mounts = rows(crit, d, "mounts")
    check("mounts", [pick(m, "ns", "depth", "mountpoint", "fstype", "source", "root", "flags", "propagation") for m in mounts],
          [(13, 0, "/", "external", "/dev/vda", "/opt/corpus/root", "rw,relatime", "private"),
           (13, 1, "/proc", "proc", "proc", "/", "rw,relatime", "private"),
           (13, 1, "/tmp", "tmpfs", "scratch", "/", "rw,relatime", "private")])
    check("options", mounts[2]["options"], "size=1024k")
    check("in the namespace", mounts[0]["pids"], [1, 2])
    has_line("mounts", text(crit, d, "mounts"), "/tmp tmpfs scratch rw,relatime,size=1024k private")

    ns = {r["ns"]: r for r in rows(crit, d, "ns")}
    check("new", {k: r["new"] for k, r in ns.items()}, {"pid": True, "net": True, "ipc": True, "uts": True, "mnt": True,
                                                       "user": False, "cgroup": False, "time": False})
    check("ids", [ns[k]["id"] for k in ("pid", "net", "ipc", "uts", "mnt")], [9, 10, 11, 12, 13])
    check("tasks", {tuple(r["pids"]) for r in ns.values()}, {(1, 2)})
    check("uts", pick(ns["uts"], "nodename", "domainname"), ("zoo-host", "(none)"))
    check("devices", [pick(x, "name", "type", "ifindex", "mtu", "up") for x in ns["net"]["devices"]],
          [("lo", "LOOPBACK", 1, 65536, False)])
    check("System V", [pick(ns["ipc"][k][0], "key", "mode", v) for k, v in
                       (("shm", "size"), ("sem", "values"), ("msg", "messages"))],
          [("0x5c", "0600", 8192), ("0x5b", "0600", [0, 5, 0]), ("0x5a", "0600", 1)])
    check("bytes of messages", ns["ipc"]["msg"][0]["bytes"], 8)
    check("limits", ns["ipc"]["limits"]["msg_ctlmax"], 8192)
    check("clock", ns["time"]["monotonic"]["tv_sec"], 2259)
    check("mounts of ns", ns["mnt"]["mounts"], 3)


def made_up(crit, d):
    """What the corpus does not have: images as JSON, encoded into a copy of a checkpoint."""
    copy = os.path.join(tempfile.mkdtemp(), "img")
    atexit.register(shutil.rmtree, os.path.dirname(copy))
    shutil.copytree(d, copy)

    def encode(name, magic, *entries):
        subprocess.run([crit, "encode", "-o", os.path.join(copy, name)], check=True,
                       input=json.dumps({"magic": magic, "entries": entries}).encode())

    def entries(name):
        return json.loads(subprocess.check_output([crit, "decode", "-i", os.path.join(copy, name)]))["entries"]

    ids = entries("ids-1.img")[0]
    ids.update(user_ns_id=21, time_ns_id=22)
    encode("ids-1.img", "IDS", ids)
    extent = {"first": 0, "lower_first": 100000, "count": 65536}
    encode("userns-21.img", "USERNS", {"uid_map": [extent], "gid_map": [extent]})
    address = bytes([0, 0x16, 0x3e, 1, 2, 3])
    device = {"type": "VETH", "ifindex": 5, "mtu": 1500, "flags": 1, "name": "eth0",
              "address": base64.b64encode(address).decode(), "peer_ifindex": 9}
    encode("netdev-10.img", "NETDEV", device)
    head = struct.pack("<BBBBI", 2, 24, 0, 0, 5)  # AF_INET, /24, of interface 5
    attrs = b"".join(struct.pack("<HH4s", 8, t, a) for t, a in ((1, bytes([10, 0, 0, 1])), (2, bytes([10, 0, 0, 2]))))
    with open(os.path.join(copy, "ifaddr-10.img"), "wb") as f:
        f.write(struct.pack("<I", 0x47361222) + struct.pack("<IHHII", 16 + len(head + attrs), 20, 0, 0, 0) + head + attrs)
    mount = {"fstype": 16, "mnt_id": 70, "root_dev": 8 << 20 | 1, "parent_mnt_id": 66, "flags": 1 | 2, "root": "/",
             "mountpoint": "/tmp/bad\u001bname", "source": "none", "options": "", "shared_id": 3, "master_id": 2,
             "fsname": "ext4", "ext_key": "mnt[x]"}
    encode("mountpoints-13.img", "MNTS", *entries("mountpoints-13.img"), mount)
    shown = {(r["ns"], r["id"]): r for r in rows(crit, copy, "ns")}
    check("user map", shown["user", 21]["uid_map"], [{"first": 0, "outside": 100000, "count": 65536}])
    check("new user namespace", pick(shown["user", 21], "new", "pids"), (True, [1]))
    check("others in the old one", shown["user", 7]["pids"], [2])
    check("device", [pick(x, "name", "type", "address", "addresses", "peer_ifindex", "up")
                     for x in shown["net", 10]["devices"]], [("eth0", "VETH", "00:16:3e:01:02:03", ["10.0.0.2/24"], 9, True)])
    deep = rows(crit, copy, "mounts")[-1]
    check("mount below a mount", pick(deep, "depth", "fstype", "flags", "propagation", "dev", "external"),
          (2, "ext4", "ro,nosuid", "shared:3 master:2", "8:1", "mnt[x]"))
    has_line("mounts", text(crit, copy, "mounts"), "/tmp/bad\\x1bname ext4 none ro,nosuid shared:3 master:2 external mnt[x]")
    has_line("ns", text(crit, copy, "ns"), "1 5: eth0 VETH up mtu 1500 00:16:3e:01:02:03 10.0.0.2/24"[2:])

    # Registers of another CPU, and pages that no image has.
    core = entries("core-1.img")[0]
    del core["thread_info"]
    core["mtype"] = "AARCH64"
    core["ti_aarch64"] = {
        "clear_tid_addr": 0, "tls": 0, "fpsimd": {"fpsr": 0, "fpcr": 0},
        "gpregs": {"regs": list(range(31)), "sp": 0x7fff0, "pc": 0x401234, "pstate": 0}}
    encode("core-1.img", "CORE", core)
    thread = rows(crit, copy, "threads")[0]
    check("another CPU", pick(thread, "arch", "ip", "at", "sp", "syscall"),
          ("AARCH64", "0x401234", "/opt/corpus/zoo + 0x1234", "0x7fff0", None))
    check("its registers", thread["cpu"]["gpregs"]["regs"][30], "0x1e")
    mm = entries("mm-1.img")[0]
    mm["mm_arg_start"], mm["mm_arg_end"] = 0x401000 + 0x2000, 0x401000 + 0x2010
    mm["mm_env_start"], mm["mm_env_end"] = 0x1000, 0x2000
    encode("mm-1.img", "MM", mm)
    for view, why in (("args", "unchanged page of a mapped file"), ("env", "nothing is mapped at 0x1000")):
        check(view, [why in r["missing"] for r in rows(crit, copy, view) if r["pid"] == 1], [True])
        check(view + " for people", why in text(crit, copy, view), True)


# --- a checkpoint of our own ---

VICTIM = r"""
import os, select, signal, socket, sys, threading, time
def handler(*_): pass
signal.signal(signal.SIGUSR1, handler)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, 40})
os.kill(os.getpid(), signal.SIGUSR2)
signal.pthread_kill(threading.main_thread().ident, 40)
signal.setitimer(signal.ITIMER_REAL, 5000, 700)
t4 = socket.create_server(("127.0.0.1", 0)); t4.listen(17)
t6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
u4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u4.bind(("127.0.0.1", 0))
a, b = socket.socketpair()
a.send(b"eleven byte")
r, w = os.pipe()
threading.Thread(target=select.poll().poll, args=(10 ** 9,), daemon=True).start()
child = os.fork()
if not child:
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    while True: time.sleep(100000)
dead = os.fork()
if not dead: os._exit(7)
print(child, dead, *(s.getsockname()[1] for s in (t4, t6, u4)), *(s.fileno() for s in (t4, t6, u4, a, b)), flush=True)
null = os.open("/dev/null", os.O_RDWR)
for fd in 0, 1, 2: os.dup2(null, fd)
time.sleep(100000)
"""


def own(crit, dump):
    args = [sys.executable, "-c", VICTIM, "", "two words", "tab\there", "nü", "\udcff\udcfe"]
    env = {"PATH": "/usr/bin:/bin", "EMPTY": "", "LINES": "one\ntwo", "EQUALS": "a=b=c", "BYTES": "\udc80x", "LC_ALL": "C.UTF-8"}
    p = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         start_new_session=True)
    words = [int(x) for x in p.stdout.readline().split()]
    child, dead, ports, fds = words[0], words[1], words[2:5], words[5:]
    p.stdout.close()
    time.sleep(0.3)

    def proc(name):
        with open(f"/proc/{p.pid}/{name}", "rb") as f:
            return f.read()

    tids = sorted(int(t) for t in os.listdir(f"/proc/{p.pid}/task"))
    cmdline, environ, status = proc("cmdline"), proc("environ"), proc("status").decode()
    maps = proc("maps").decode().splitlines()
    links = {int(fd): os.readlink(f"/proc/{p.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.pid}/fd")}
    namespaces = os.listdir(f"/proc/{p.pid}/ns")
    os.mkdir("images")
    done = subprocess.run([dump, "-t", str(p.pid), "-D", "images"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        p.kill()
        os.kill(child, signal.SIGKILL)
        sys.exit("cr-dump: " + done.stderr)
    p.wait()
    d = "images"

    def of(view, pid=p.pid):
        return [r for r in rows(crit, d, view) if r["pid"] == pid]

    def escaped(b):
        return "".join(f"\\x{ord(c) - 0xdc00:02x}" if 0xdc80 <= ord(c) <= 0xdcff else c
                       for c in b.decode("utf-8", "surrogateescape"))

    for pid in p.pid, child:
        check("args", [r["value"] for r in of("args", pid)], [escaped(a) for a in cmdline[:-1].split(b"\0")])
        check("env", [f'{r["name"]}={r["value"]}' for r in of("env", pid)], [escaped(v) for v in environ[:-1].split(b"\0")])
    check("a name ends at the first equals sign", {r["name"]: r["value"] for r in of("env")}["EQUALS"], "a=b=c")
    check("args of the dead", of("args", dead), [{"pid": dead}])
    shown = text(crit, d, "env")
    has_line("env", shown, "LINES=one\\ntwo")
    has_line("env", shown, "BYTES=\\x80x")
    has_line("args", text(crit, d, "args"), "5: tab\\there")

    threads = of("threads")
    check("threads", sorted(r["tid"] for r in threads), tids)
    check("scheduling", {pick(r, "policy", "nice") for r in threads}, {("OTHER", os.nice(0))})
    cpus = next(line.split()[1] for line in status.splitlines() if line.startswith("Cpus_allowed_list"))
    check("CPUs", {r["cpus"] for r in threads}, {cpus})
    calls = {r["tid"]: r["syscall"] for r in threads}
    check("system calls", [calls[t]["name"] for t in tids], ["clock_nanosleep", "poll"])
    check("time left", 999900 * 10**9 < calls[tids[1]]["left_ns"] < 10**15, True)
    for r in threads:
        check("where", "libc.so" in r["at"] or "vdso" in r["at"], True)

    signals = of("signals")[0]
    check("blocked", signals["blocked"], ["SIGUSR2", "SIGRTMIN+6"])
    for key, wanted in ("pending_shared", ("SIGUSR2", "SI_USER", p.pid)), ("pending", ("SIGRTMIN+6", "SI_TKILL", p.pid)):
        check(key, [pick(s, "signal", "code_name", "from_pid") for s in signals[key]], [wanted])
    check("caught", {c["signal"] for c in signals["caught"]} >= {"SIGUSR1", "SIGINT"}, True)
    check("ignored", signals["ignored"], ["SIGHUP", "SIGPIPE", "SIGXFSZ"])
    check("not caught by the child", "SIGUSR1" in {c["signal"] for c in of("signals", child)[0]["caught"]}, False)
    check("timer", [pick(t, "timer", "interval_ns") for t in signals["timers"]], [("ITIMER_REAL", 700 * 10**9)])

    sk = rows(crit, d, "sk")
    by_fd = {h["fd"]: r for r in sk for h in r["held_by"] if h["pid"] == p.pid}
    t4, t6, u4, a, b = (by_fd[fd] for fd in fds)
    check("TCP", pick(t4, "family", "protocol", "state", "local_addr", "local_port", "backlog"),
          ("INET", "TCP", "LISTEN", "127.0.0.1", ports[0], 17))
    check("TCP 6", pick(t6, "family", "protocol", "state", "local_addr", "local_port"), ("INET6", "TCP", "LISTEN", "::1", ports[1]))
    check("UDP", pick(u4, "family", "protocol", "local_port"), ("INET", "UDP", ports[2]))
    check("held by both", sorted(h["pid"] for h in t4["held_by"]), sorted([p.pid, child]))
    check("pair", pick(b, "family", "type", "recv_queue", "recv_packets"), ("UNIX", "STREAM", 11, 1))
    check("pair, the other end", pick(a, "recv_queue"), (0,))
    check("who is connected to whom", (a["peer"]["ino"], b["peer"]["ino"]), (b["ino"], a["ino"]))
    check("sockets", f"socket:[{a['ino']}]", links[fds[3]])

    descriptors = {r["fd"]: r for r in of("fds") if "fd" in r}
    check("descriptors", sorted(descriptors), sorted(links))
    for fd, link in links.items():
        if link.startswith("/"):
            check(f"fd {fd}", descriptors[fd]["name"], link)
    check("cwd", [r["name"] for r in of("fds") if r.get("dir") == "cwd"], [os.getcwd()])
    mapped = {(int(r["start"], 0), int(r["end"], 0)): r for r in of("mems") if "start" in r}
    for line in maps:
        span, perms, _, _, _, *path = line.split()
        start, end = (int(x, 16) for x in span.split("-"))
        row = mapped.get((start, end))
        if row is None or not path or not path[0].startswith("/"):
            continue
        check(line, row["name"], path[0])
        check(line, [f in row["prot"] for f in ("READ", "WRITE", "EXEC")], [c != "-" for c in perms[:3]])
    check("mappings", len(mapped) > len(maps) * 0.8, True)
    ps = {r["pid"]: r for r in rows(crit, d, "ps")}
    check("ps", pick(ps[p.pid], "pgid", "sid", "state"), (p.pid, p.pid, "alive"))
    check("dead", pick(ps[dead], "state", "exit_status", "ppid"), ("dead", 7, p.pid))
    check("limits", len(ps[p.pid]["limits"]["rlimits"]), 16)
    ns = rows(crit, d, "ns")
    check("namespaces", {r["ns"] for r in ns} <= {n.replace("_for_children", "") for n in namespaces}, True)
    check("none is new", [r["ns"] for r in ns if r.get("new")], [])
    for view in "ps fds mems rss sk mounts env args threads signals ns".split():
        if not text(crit, d, view):
            check(view, "", "some text")


def main():
    what, crit, other = sys.argv[1:]
    if what == "own":
        own(crit, other)
    else:
        for family in "task", "files", "mem", "unix", "inet", "ns":
            globals()["corpus_" + family](crit, os.path.join(other, family, "img"))
        made_up(crit, os.path.join(other, "ns", "img"))
    sys.exit(failed)


main()
