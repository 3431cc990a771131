# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A Go program: goroutines on several threads that pass blocks through channels, allocate, and are preempted by signals.
needs() { echo "go"; }

prepare() {
	cat >work.go <<-'EOF'
		package main

		import (
			"crypto/sha256"
			"fmt"
			"os"
			"runtime"
			"sort"
			"sync"
			"time"
		)

		const steps, makers, blocks = 100, 4, 60

		type block struct {
			step, maker, nr int
			data            []byte
		}

		type sum struct {
			step, maker, nr int
			digest          [32]byte
			words           map[string]int
		}

		func fill(b *block) {
			x := uint32(b.step*7919 + b.maker*104729 + b.nr)
			for i := range b.data {
				x = x*1664525 + 1013904223
				b.data[i] = byte(x >> 24)
			}
		}

		func main() {
			runtime.GOMAXPROCS(4)
			in, out := make(chan block, 8), make(chan sum, 8)
			var wg sync.WaitGroup
			for w := 0; w < 6; w++ {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for b := range in {
						s := sum{step: b.step, maker: b.maker, nr: b.nr, digest: sha256.Sum256(b.data), words: map[string]int{}}
						for i := 0; i+2 < len(b.data); i += 37 {
							s.words[string(b.data[i:i+1])]++
						}
						out <- s
					}
				}()
			}
			ticks := 0
			ticker := time.NewTicker(10 * time.Millisecond)
			progress, err := os.Create("progress")
			if err != nil {
				panic(err)
			}
			for step := 0; step < steps; step++ {
				for m := 0; m < makers; m++ {
					go func(step, m int) {
						for i := 0; i < blocks; i++ {
							b := block{step, m, i, make([]byte, 16384)}
							fill(&b)
							in <- b
						}
					}(step, m)
				}
				all := []string{}
				for n := 0; n < makers*blocks; {
					select {
					case s := <-out:
						if s.step != step {
							panic("a block of another step")
						}
						all = append(all, fmt.Sprintf("%d %d %x %d", s.maker, s.nr, s.digest, len(s.words)))
						n++
					case <-ticker.C:
						ticks++
					}
				}
				sort.Strings(all)
				fmt.Printf("step %d %x\n", step, sha256.Sum256([]byte(fmt.Sprint(all))))
				fmt.Fprintf(progress, "%d\n", step+1)
			}
			close(in)
			wg.Wait()
			if ticks < 10 {
				panic("no timer")
			}
		}
	EOF
	GOCACHE=$PWD/cache GO111MODULE=off go build -o work work.go || fail "this program cannot be compiled"
	undisturbed progress
	[ "$(wc -l <undisturbed/stdout)" = 100 ] || fail "it printed $(wc -l <undisturbed/stdout) lines, not 100"
}

start() {
	launch env GOTRACEBACK=crash ./work
}

progress() {
	tail -n 1 progress
}

result() {
	same stdout stderr progress
}
