#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CRIU's checkpoint of a program with IP, packet and netlink sockets comes back to life: what listens listens, what was bound is
# bound; with --tcp-close its established connections are closed, without they are a reason to refuse.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"
# shellcheck source=test/helpers/criu.bash
. "$CR_TOP/test/helpers/criu.bash"

zoo inet 15376
refuses 'socket 1767279 \(port 39682\) is a TCP connection' "$restore" -D img -d --tcp-established
grep -q 'socket 1767280 (port 24101) is a TCP connection' err || fail "only one connection is named"
grep -q -- --tcp-close err || fail "no hint"
expect 0 "$restore" -D img -d --tcp-close
alive 15376

cat >look.py <<'END'
from zoo import *
def state(s):
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
LISTEN, CLOSE = 10, 7
for fd, host, port, backlog in ((3, "127.0.0.1", 24101, 10), (8, "::1", 24104, 3)):
    s = get(fd)
    same(LISTEN, state(s))
    same(backlog, struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64), 28)[0])
    client = socket.create_connection((host, port), 5)
    accepted = s.accept()[0]
    accepted.send(b"new")
    same(b"new", client.recv(10))
same(1, get(3).getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
for fd, port in ((4, 39682), (5, 24101)):
    s = get(fd)
    same(CLOSE, state(s))
    same(b"", s.recv(10))
    same(("127.0.0.1", port), s.getsockname())
    try:
        s.send(b"x", socket.MSG_NOSIGNAL)
        raise SystemExit("a closed connection sends")
    except BrokenPipeError:
        pass
same(1, get(5).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
same(1, get(5).getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
same(("127.0.0.1", 24102), get(6).getsockname())
same(("::", 24103, 0, 0), get(7).getsockname())
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.sendto(b"packet", ("127.0.0.1", 24102))
same(b"packet", get(6).recv(10))
same(socket.SOCK_RAW, get(10).type)
same(socket.IPPROTO_UDP, get(10).proto)
same(b"packet", get(10).recv(100)[-6:])
packet = get(11)
same(socket.AF_PACKET, packet.family)
same(("", 3), packet.getsockname()[:2])
same((15376, 1), get(12).getsockname())
END
python3 look.py || fail "the sockets are not what they were"
kill -KILL 15376
gone 15376
