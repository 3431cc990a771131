# SPDX-License-Identifier: GPL-2.0-only
# The failure tests: make build/test/fail/kill-dump; test/fail/run builds and runs all of them.
ifndef FAIL_MK
FAIL_MK := 1

FAIL_LIB_C := test/fail/fail.c test/fail/tree.c
FAIL_C	:= $(sort $(filter-out $(FAIL_LIB_C) test/fail/victim.c test/fail/shim-kill.c,$(wildcard test/fail/*.c)))
FAIL_BINS := $(FAIL_C:%.c=$(B)/%)
FAIL_O	:= $(FAIL_LIB_C:%.c=$(B)/%.o) $(B)/test/runner/env.o $(B)/test/runner/proc.o

# Subjects and watchers are never sanitized.
$(FAIL_BINS) $(B)/test/fail/victim: override SAN :=
$(FAIL_BINS): $(B)/%: $(B)/%.o $(FAIL_O)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^
$(B)/test/fail/victim: $(B)/test/fail/victim.o
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ -pthread
$(B)/test/fail/shim-kill.so: test/fail/shim-kill.c
	@mkdir -p $(@D)
	$(CC) $(OPT) $(WARN) $(CPPALL) -fPIC -shared $(LDFLAGS) -o $@ $< -ldl

fail-tests: $(FAIL_BINS) $(B)/test/fail/victim $(B)/test/fail/shim-kill.so
.PHONY: fail-tests
endif
