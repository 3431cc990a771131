# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# For tests that restore CRIU's checkpoints of test/data/criu-images. Sourced behind cli.bash.

# The checkpoint NAME of process PID into img, with the files that the program had; and what a script of Python needs to look at its
# sockets: from zoo import *
zoo() { # NAME PID
	local corpus=$CR_TOP/test/data/criu-images
	command -v python3 >/dev/null || { echo "no python3"; exit 77; }
	mount -t tmpfs none /opt
	mkdir -p /opt/corpus/work
	zcat "$corpus/zoo.gz" >/opt/corpus/zoo
	chmod 755 /opt/corpus/zoo
	tar -xf "$corpus/$1/cwd.tar" -C /opt/corpus/work
	cp -r "$corpus/$1/img" img
	chmod -R u+w img
	cat >zoo.py <<-END
		import ctypes, os, socket, struct
		SYS_pidfd_getfd = 438
		libc = ctypes.CDLL(None)
		def get(fd):
		    pidfd = os.pidfd_open($2)
		    return socket.socket(fileno=libc.syscall(SYS_pidfd_getfd, pidfd, fd, 0))
		def same(a, b):
		    if a != b:
		        raise SystemExit("%r is not %r" % (b, a))
	END
}
