# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# node: an event loop with timers, files and a pipe to a child of it, and two worker threads that share memory with it
# and run code that is compiled at run time. Each worker hashes a chain, and tells the loop how far it is.
needs() { echo "node cat"; }

prepare() {
	cat >work.js <<-'EOF'
		const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
		const { createHash } = require("crypto");
		const { spawn } = require("child_process");
		const fs = require("fs");
		const STEPS = 100, ROUNDS = 6000;

		function mix(table, seed) { // for the compiler
			let a = seed >>> 0;
			for (let i = 0; i < table.length; i++) {
				a = Math.imul(a ^ table[i], 2654435761) + 0.5 * (i & 3) >>> 0;
				table[i] = (table[i] + a) >>> 0;
			}
			return a;
		}

		function worker({ nr, shared }) {
			const counter = new Int32Array(shared), table = new Uint32Array(1 << 15);
			let digest = Buffer.from(`worker ${nr}`);
			for (let step = 0; step < STEPS; step++) {
				for (let i = 0; i < ROUNDS; i++) {
					digest = createHash("sha256").update(digest).digest();
					if (i % 50 == 0)
						mix(table, digest.readUInt32LE(i % 28));
				}
				Atomics.add(counter, nr, 1);
				Atomics.notify(counter, nr);
				parentPort.postMessage({ nr, step, digest: digest.toString("hex"), garbage: new Array(1000).fill(digest) });
			}
		}

		async function main() {
			const shared = new SharedArrayBuffer(8), counter = new Int32Array(shared);
			const progress = fs.openSync("progress", "a"), cat = spawn("cat");
			const seen = [[], []];
			let echoed = "", ticks = 0;
			const timer = setInterval(() => { ticks++; cat.stdin.write(`tick ${ticks}\n`); }, 20);
			cat.stdout.on("data", d => { echoed += d; });
			const ends = [0, 1].map(nr => new Promise((resolve, reject) => {
				const w = new Worker(__filename, { workerData: { nr, shared } });
				w.on("message", m => {
					if (m.step != seen[nr].length)
						reject(new Error(`worker ${nr}: message ${m.step} came after ${seen[nr].length}`));
					seen[nr].push(m.digest);
					fs.write(progress, `worker ${nr}: ${m.step + 1} %\n`, err => { if (err) reject(err); });
				});
				w.on("error", reject);
				w.on("exit", code => code ? reject(new Error(`worker ${nr}: exit ${code}`)) : resolve());
			}));
			await Promise.all(ends);
			clearInterval(timer);
			cat.stdin.end();
			await new Promise(resolve => cat.on("close", resolve));
			const lines = echoed.trimEnd().split("\n");
			if (lines.length != ticks || lines.some((l, i) => l != `tick ${i + 1}`))
				throw new Error(`${ticks} ticks, but the child sent back ${lines.length} lines`);
			if (ticks < 5)
				throw new Error(`the loop ticked ${ticks} times only`);
			console.log(seen.map(s => s.join("\n")).join("\n"), [...counter]);
		}

		if (isMainThread)
			main().catch(e => { console.error(e); process.exit(1); });
		else
			worker(workerData);
	EOF
	undisturbed progress
	[ "$(wc -l <undisturbed/stdout)" = 200 ] || fail "node printed $(wc -l <undisturbed/stdout) lines, not 200"
}

start() {
	launch node work.js
}

outside() {
	find_in_tree cat >cat.pid || fail "node has no child"
}

# Of the worker that is behind.
progress() {
	[ -e progress ] || { echo 0; return; }
	awk '$2 == "0:" { a = $3 } $2 == "1:" { b = $3 } END { print (a < b ? a : b) + 0 }' progress
}

result() {
	same stdout stderr
	cmp <(sort progress) <(sort undisturbed/progress) || fail "the workers made other steps than undisturbed"
}
