# SPDX-License-Identifier: GPL-2.0-only
# The benchmarks: test/bench/run builds and runs them.
ifndef BENCH_MK
BENCH_MK := 1

# Never sanitized: neither what is measured with, nor what is measured on.
$(B)/test/bench/bench $(B)/test/bench/load: override SAN :=
$(B)/test/bench/bench: $(patsubst %,$(B)/test/bench/%.o,bench bench-crit table) $(B)/test/runner/env.o $(B)/test/runner/proc.o
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^
$(B)/test/bench/load: $(B)/test/bench/load.o
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ -pthread

bench-tools: $(B)/test/bench/bench $(B)/test/bench/load
.PHONY: bench-tools
endif
