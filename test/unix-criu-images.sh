#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CRIU's checkpoint of a program with unix sockets comes back to life: pairs, a queue with a descriptor in it, listening sockets
# with and without a file, an accepted connection.
set -eu
# shellcheck source=test/helpers/cli.bash
. "$CR_TOP/test/helpers/cli.bash"
# shellcheck source=test/helpers/criu.bash
. "$CR_TOP/test/helpers/criu.bash"

zoo unix 15348
expect 0 "$restore" -D img -d --ext-unix-sk
alive 15348

cat >look.py <<'END'
from zoo import *
same(b"stream bytes", get(4).recv(100, socket.MSG_DONTWAIT))
data, fds, _, _ = socket.recv_fds(get(6), 100, 4)
same(b"with a file", data)
same("/dev/zero", os.readlink("/proc/self/fd/%d" % fds[0]))
same(b"accepted", get(8).recv(100, socket.MSG_DONTWAIT))
get(8).send(b"more")
same(b"more", get(10).recv(100, socket.MSG_DONTWAIT))
same("listen.sock", get(10).getsockname())
same(200000, get(8).getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))
same(1, get(10).getsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED))
client = socket.socket(socket.AF_UNIX)
client.connect("/opt/corpus/work/listen.sock")
accepted = get(7).accept()[0]
client.send(b"new")
same(b"new", accepted.recv(100))
same(0o755, os.stat("/opt/corpus/work/listen.sock").st_mode & 0o7777)
packets = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
packets.connect(b"\0zoo-abstract")
get(11).accept()[0].send(b"packet")
same(b"packet", packets.recv(100))
END
python3 look.py || fail "the sockets are not what they were"
kill -KILL 15348
gone 15348
