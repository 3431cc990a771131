# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# python3 with multiprocessing: four processes share memory, by name and without, and pass turns by semaphores, a barrier
# and a queue. Semaphores and shared values are files that were removed while they are mapped.
python=/usr/bin/python3
[ -x $python ] || python=python3
needs() { echo $python; }

prepare() {
	cat >work.py <<-'EOF'
		import hashlib, multiprocessing as mp, sys, zlib
		from multiprocessing import shared_memory

		WORKERS, STEPS, CELLS = 4, 100, 1 << 20
		mp.set_start_method("fork")

		def work(nr, name, turn, total, done, lock, barrier, queue):
		    shm = shared_memory.SharedMemory(name=name)
		    part = shm.buf[nr * CELLS:(nr + 1) * CELLS]
		    for step in range(STEPS):
		        seed = hashlib.sha256(bytes(part[:4096]) + b"%d %d" % (nr, step)).digest()
		        block = seed
		        for again in range(20):
		            block = hashlib.shake_128(block).digest(CELLS // 4)
		            at = again % 4 * (CELLS // 4)
		            part[at:at + len(block)] = block
		        crc = zlib.crc32(part)
		        barrier.wait()
		        turn[nr].acquire()
		        total.value = (total.value * 31 + crc) % (1 << 61)
		        queue.put((step, nr, crc, total.value))
		        turn[(nr + 1) % WORKERS].release()
		        with lock:
		            done.value += 1
		    part.release()
		    shm.close()

		def main():
		    shm = shared_memory.SharedMemory(create=True, size=WORKERS * CELLS)
		    turn = [mp.Semaphore(1 if nr == 0 else 0) for nr in range(WORKERS)]
		    total, done, lock, barrier, queue = mp.Value("q", 7), mp.RawValue("i", 0), mp.Lock(), mp.Barrier(WORKERS), mp.Queue()
		    workers = [mp.Process(target=work, args=(nr, shm.name, turn, total, done, lock, barrier, queue))
		               for nr in range(WORKERS)]
		    for w in workers:
		        w.start()
		    with open("progress", "w", buffering=1) as progress:
		        results = []
		        while len(results) < WORKERS * STEPS:
		            results.append(queue.get())
		            if len(results) % (WORKERS * STEPS // 100) == 0:
		                progress.write(f"{len(results) * 100 // (WORKERS * STEPS)}\n")
		    for w in workers:
		        w.join()
		        if w.exitcode:
		            sys.exit(f"{w.name} ended with {w.exitcode}")
		    for r in sorted(results):
		        print(*r)
		    print(total.value, done.value, hashlib.sha256(shm.buf).hexdigest(), barrier.broken)
		    shm.close()
		    shm.unlink()

		main()
	EOF
	undisturbed progress
	[ "$(wc -l <undisturbed/stdout)" = 401 ] || fail "python printed $(wc -l <undisturbed/stdout) lines, not 401"
}

start() {
	launch $python work.py
}

# A shell, the first process, four workers, and the one that looks after what has a name.
outside() {
	[ "$(tree | wc -l)" = 7 ] || fail "there are not seven processes: $(look)"
}

progress() {
	tail -n 1 progress
}

result() {
	same stdout stderr progress
}
