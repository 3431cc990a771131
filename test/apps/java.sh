# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A Java virtual machine: three threads keep 150 MB of trees, replace parts of them and sum them up, which keeps the
# compiler and the collector's threads busy.
needs() { echo "java javac"; }
options() { echo --file-locks; }

prepare() {
	cat >Work.java <<-'EOF'
		import java.util.*;
		import java.util.concurrent.*;
		import java.util.concurrent.atomic.*;

		public class Work {
			static final int STEPS = 100, TREES = 24, DEPTH = 15;

			static final class Node {
				final Node left, right;
				final long value;
				final byte[] ballast;

				Node(int depth, long seed) {
					value = seed * 0x9E3779B97F4A7C15L ^ depth;
					ballast = depth == 0 ? new byte[] { (byte) seed, (byte) depth } : null;
					left = depth == 0 ? null : new Node(depth - 1, value + 1);
					right = depth == 0 ? null : new Node(depth - 1, value + 2);
				}

				long sum() {
					long s = value + (ballast == null ? 0 : ballast[0]);
					if (left != null)
						s = Long.rotateLeft(s, 7) + left.sum() * 31 + right.sum();
					return s;
				}
			}

			static String work(int nr, AtomicIntegerArray steps, CyclicBarrier barrier) throws Exception {
				Node[] trees = new Node[TREES];
				Map<String, Long> sums = new ConcurrentHashMap<>();
				Random random = new Random(nr);
				double wave = 0;
				for (int i = 0; i < TREES; i++)
					trees[i] = new Node(DEPTH, nr * 1000 + i);
				for (int step = 0; step < STEPS; step++) {
					trees[random.nextInt(TREES)] = new Node(DEPTH, random.nextLong());
					long sum = 0;
					for (Node t : trees)
						sum = sum * 17 + t.sum();
					wave = Math.fma(Math.sin(wave + step), 0.75, wave);
					sums.put("step " + step, sum);
					barrier.await();
					steps.incrementAndGet(nr);
					if (nr == 0)
						synchronized (System.err) {
							System.err.println("step " + (step + 1));
						}
				}
				return nr + " " + new TreeMap<>(sums) + " " + wave;
			}

			public static void main(String[] args) throws Exception {
				AtomicIntegerArray steps = new AtomicIntegerArray(3);
				CyclicBarrier barrier = new CyclicBarrier(3);
				ExecutorService pool = Executors.newFixedThreadPool(3);
				List<Future<String>> all = new ArrayList<>();
				for (int i = 0; i < 3; i++) {
					int nr = i;
					all.add(pool.submit(() -> work(nr, steps, barrier)));
				}
				for (Future<String> f : all)
					System.out.println(f.get());
				System.out.println(steps);
				pool.shutdown();
			}
		}
	EOF
	javac Work.java || fail "this program cannot be compiled"
	undisturbed
	[ "$(wc -l <undisturbed/stdout)" = 4 ] || fail "java printed $(wc -l <undisturbed/stdout) lines, not 4"
}

start() {
	launch java -Xms200m -Xmx400m -XX:+UseG1GC -XX:ParallelGCThreads=2 Work
}

outside() {
	local pid
	pid=$(find_in_tree java) || fail "there is no java"
	[ "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")" -gt 150000 ] ||
		fail "java has $(grep VmRSS "/proc/$pid/status") of memory only"
	[ "$(find "/proc/$pid/task" -maxdepth 1 -name '[0-9]*' | wc -l)" -gt 15 ] || fail "java has few threads"
}

progress() {
	[ ! -e exit-status ] || { echo 100; return; }
	grep -c step stderr
}

result() {
	same stdout stderr
}
