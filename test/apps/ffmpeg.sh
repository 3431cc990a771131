# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# ffmpeg in the middle of encoding a film with sound: threads for the source, filters, two encoders and the file.
needs() { echo ffmpeg; }

prepare() {
	undisturbed film.mkv
}

start() {
	launch ffmpeg -nostdin -hide_banner -loglevel error -y -f lavfi -i testsrc2=size=640x360:rate=25:duration=40 \
		-f lavfi -i 'aevalsrc=sin(440*2*PI*t*(1+t/40))|cos(330*2*PI*t):duration=40' -filter_complex 'hue=H=0.3*t,gblur=sigma=2' \
		-threads 2 -c:v mpeg4 -b:v 1M -c:a flac -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
		-flush_packets 1 film.mkv
}

outside() {
	[ "$(find "/proc/$(find_in_tree ffmpeg)/task" -maxdepth 1 -name '[0-9]*' | wc -l)" -gt 3 ] || fail "ffmpeg has few threads"
}

progress() {
	[ ! -e exit-status ] || { echo 100; return; }
	echo $(($(size film.mkv) * 99 / $(size undisturbed/film.mkv)))
}

result() {
	same film.mkv stdout stderr
}
