# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# perl: two children by pipes that count words of a text by regular expressions, and a parent that sorts what they find,
# all of them with a handler for an interval timer.
needs() { echo "perl"; }

prepare() {
	cat >work.pl <<-'EOF'
		use strict;
		use warnings;
		use Time::HiRes qw(setitimer ITIMER_REAL);

		my $ticks = 0;
		my $steps = 100;
		$SIG{ALRM} = sub { $ticks++ };

		sub text { # words that nobody knows, always the same
		    my ($x, $words) = @_;
		    my @out;
		    for (1 .. $words) {
		        $x = ($x * 1103515245 + 12345) % 2147483648;
		        my $n = ($x >> 8) % 5000;
		        my $w = "";
		        do { $w .= chr(97 + $n % 26); $n = int($n / 26) } while $n;
		        push @out, $x & 65536 ? ucfirst $w : $w;
		    }
		    return join " ", @out;
		}

		sub count {
		    my ($nr, $out) = @_;
		    setitimer(ITIMER_REAL, 0.02, 0.02);
		    $out->autoflush(1);
		    my %seen;
		    for my $step (1 .. $steps) {
		        my $t = text($nr * 1000 + $step, 20000);
		        $seen{lc $1}++ while $t =~ /\b([A-Za-z]*[aeiou][a-z]*)\b/g;
		        (my $u = $t) =~ s/(\w)(\w*)/$2$1/g;
		        my $sum = unpack "%32C*", $u;
		        print $out "step $step $sum ", scalar(keys %seen), "\n";
		    }
		    print $out "word $_ $seen{$_}\n" for sort keys %seen;
		    die "no timer in child $nr" unless $ticks > 10;
		    setitimer(ITIMER_REAL, 0); # or it ends us when perl has put its handlers away
		    exit 0;
		}

		setitimer(ITIMER_REAL, 0.01, 0.01);
		use IO::Handle;
		my @children;
		for my $nr (1, 2) {
		    my $pid = open(my $in, "-|") // die "fork: $!";
		    count($nr, \*STDOUT) if !$pid;
		    push @children, $in;
		}
		open my $progress, ">", "progress" or die;
		$progress->autoflush(1);
		my %all;
		for my $step (1 .. $steps) {
		    for my $in (@children) {
		        my $line = <$in> // die "a child has ended";
		        $line =~ /^step $step / or die "not step $step: $line";
		        print $line;
		    }
		    print $progress "$step\n";
		}
		for my $in (@children) {
		    while (<$in>) {
		        /^word (\w+) (\d+)$/ or die "no word: $_";
		        $all{$1} += $2;
		    }
		    close $in or die "a child ended with $?";
		}
		print "$_ $all{$_}\n" for sort { $all{$b} <=> $all{$a} || $a cmp $b } keys %all;
		setitimer(ITIMER_REAL, 0);
		die "no timer" unless $ticks > 10;
	EOF
	undisturbed progress
	[ "$(wc -l <undisturbed/stdout)" -gt 1000 ] || fail "perl printed $(wc -l <undisturbed/stdout) lines only"
}

start() {
	launch perl work.pl
}

outside() {
	[ "$(tree | wc -l)" = 4 ] || fail "there are not four processes: $(look)"
}

progress() {
	tail -n 1 progress
}

result() {
	same stdout stderr progress
}
