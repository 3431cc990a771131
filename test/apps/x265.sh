# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# x265 encoding a moving picture: threads whose inner loops are vector code for the widest registers that there are.
needs() { echo "x265 perl"; }
frames=200

prepare() {
	cat >picture.pl <<-'EOF'
		my ($w, $h, $frames) = (352, 288, shift);
		binmode STDOUT;
		print "YUV4MPEG2 W$w H$h F25:1 Ip A1:1 C420jpeg\n";
		my $x = 1;
		my $noise = join "", map { $x = ($x * 1103515245 + 12345) % 2147483648; chr(($x >> 16) & 31) } 1 .. 2 * $w * $h;
		my $ramp = join "", map { chr($_ * 7 % 200) } 0 .. 4 * $w;
		for my $f (0 .. $frames - 1) {
			my $frame = join "", map { substr($ramp, ($_ * 2 + $f * 3) % (3 * $w), $w) } 0 .. $h - 1;
			$frame |= substr($noise, $f * 997 % ($w * $h), $w * $h) if $f % 3;
			print "FRAME\n", $frame, substr($ramp, $f % $w, $w / 2) x $h;
		}
	EOF
	perl picture.pl $frames >picture.y4m
	undisturbed picture.hevc
}

start() {
	launch x265 --y4m --preset medium --pools 2 --frame-threads 2 --log-level error --no-progress picture.y4m -o picture.hevc
}

outside() {
	[ "$(find "/proc/$(find_in_tree x265)/task" -maxdepth 1 -name '[0-9]*' | wc -l)" -gt 4 ] || fail "x265 has few threads"
}

# Writing is behind reading by as many frames as it looks ahead.
progress() {
	[ ! -e exit-status ] || { echo 100; return; }
	echo $(($(size picture.hevc) * 99 / $(size undisturbed/picture.hevc)))
}

result() {
	same picture.hevc stdout stderr
}
