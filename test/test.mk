# SPDX-License-Identifier: GPL-2.0-only
# Tests, lint, demo, benchmarks, installation. Included by the top Makefile. See test/README.md.

# Unit tests have a main of their own (or are scripts) and run once; every other test/*.c is a dump-and-restore test.
UNIT_C	:= $(sort $(wildcard test/libimg-*.c test/crit-*.c test/base-*.c test/parasite-*.c test/unit-*.c))
UNIT_SH	:= $(sort $(wildcard test/*.sh))
CRTEST_C := $(sort $(filter-out test/crtest%.c $(UNIT_C),$(wildcard test/*.c)))
UNITS	:= $(UNIT_C:%.c=$(B)/%) $(UNIT_SH)
CRTESTS	:= $(CRTEST_C:%.c=$(B)/%)
HELPERS	:= $(patsubst %.c,$(B)/%,$(wildcard test/helpers/*.c))
RUNNER_O := $(call objs,test/runner/*.c)

# make check T=pattern picks tests, FLAVOURS="plain cycles" how they are run, J=4 how many at a time.
T	?=
J	?= $(shell nproc)
FLAVOURS ?= plain leave-running stopped cycles sibling ns-tool

$(B)/test/run: $(RUNNER_O)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^
$(B)/test/libcrtest.a: $(call objs,test/crtest*.c)
	rm -f $@ && ar rcs $@ $^
# Subjects are ordinary programs: never sanitized.
$(B)/test/run $(CRTESTS) $(HELPERS): override SAN :=
$(CRTESTS): $(B)/%: $(B)/%.o $(B)/test/libcrtest.a
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ -pthread -lm
$(HELPERS): $(B)/%: $(B)/%.o
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ -pthread -lutil
$(UNIT_C:%.c=$(B)/%): $(B)/%: $(B)/%.o $(B)/test/libcrtest.a $(LIBA)
	$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(wildcard test/fail/fail.mk)
-include $(wildcard test/fuzz/fuzz.mk)

tests: $(B)/test/run $(CRTESTS) $(HELPERS) $(UNIT_C:%.c=$(B)/%)

# Two steps: what the first one installs decides what the second one sees (pkg-config, generated code).
check: deps
	@if [ -z '$(T)' ]; then scripts/deps apps; fi
	@$(MAKE) --no-print-directory check-now
check-now: all tests
	@B=$(B) T='$(T)' test/check -j $(J) -F '$(FLAVOURS)' $(CRTESTS) $(addprefix -u ,$(UNITS))
# Are the tests themselves right? Each is arranged and verified without anything in between.
check-tests: tests
	@$(B)/test/run -j $(J) -T '$(T)' -F bare -B $(B) $(CRTESTS)

# And do they fail when they should? Each is run on an image edited between dump and restore.
check-mutations: all tests
	@B=$(B) test/mutations

demo: deps
	@$(MAKE) --no-print-directory demo-now
demo-now: all $(HELPERS)
	@B=$(B) test/demo
check-apps: deps
	@scripts/deps apps
	@$(MAKE) --no-print-directory all tests
	@if [ -x test/apps/run ]; then B=$(B) test/apps/run; fi
bench: deps
	@$(MAKE) --no-print-directory all tests
	@if [ -x test/bench/run ]; then B=$(B) test/bench/run; fi
deps:
	@scripts/deps
lint:
	@scripts/lint
format:
	clang-format -i $$(git ls-files '*.c' '*.h' | grep -v '^test/data/')

# install copies what is there; build first.
MANS	= $(wildcard man/*.1)
MANS7	= $(wildcard man/*.7)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	$(if $(MANS),install -m 644 $(MANS) $(DESTDIR)$(PREFIX)/share/man/man1)
	install -d $(DESTDIR)$(PREFIX)/share/man/man7
	$(if $(MANS7),install -m 644 $(MANS7) $(DESTDIR)$(PREFIX)/share/man/man7)
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(BINS)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/,$(notdir $(MANS)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man7/,$(notdir $(MANS7)))

.PHONY: tests check check-now check-tests check-mutations check-apps demo demo-now bench deps lint format install uninstall
