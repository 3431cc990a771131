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
	@if [ -z '$(T)' ]; then scripts/deps apps vm; fi
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
	@scripts/deps apps apps-slow
	@$(MAKE) --no-print-directory all tests
	@if [ -x test/apps/run ]; then B=$(B) test/apps/run; fi
check-vm: deps
	@scripts/deps vm
	@$(MAKE) --no-print-directory all tests
	@B=$(B) T='$(T)' test/vm/run $(MACHINES)
bench: deps
	@$(MAKE) --no-print-directory all tests
	@if [ -x test/bench/run ]; then B=$(B) test/bench/run; fi
deps:
	@scripts/deps
lint:
	@scripts/lint
format:
	clang-format -i $$(git ls-files '*.c' '*.h' | grep -v '^test/data/')

# install copies what is there; build first. Headers name each other as they lie there: <crkit/...>.
SHARE	= $(DESTDIR)$(PREFIX)/share
INCLUDE	= $(DESTDIR)$(PREFIX)/include/crkit
LIBDIR	= $(DESTDIR)$(PREFIX)/lib
IMG_H	:= libimg.h json.h vma.h images.def messages.h
VERSION	= $(shell sed -n 's/^.define CRKIT_VERSION "\(.*\)"/\1/p' base/version.h)
INSTALLED_H = sed -e 's|"base/err.h"|<crkit/err.h>|' -e 's|"libimg/\(.*\)"|<crkit/\1>|' -e 's|"\(.*\.pb-c\.h\)"|<crkit/proto/\1>|'
MANS	:= $(wildcard man/*.[1-9])
install: install-tools install-libimg
install-tools: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	for m in $(MANS); do install -D -m 644 -t $(SHARE)/man/man$${m##*.} $$m || exit 1; done
	install -D -m 644 completions/crit.bash $(SHARE)/bash-completion/completions/crit
	install -D -m 644 -t $(SHARE)/zsh/site-functions completions/_crit
	install -D -m 644 -t $(SHARE)/fish/vendor_completions.d completions/crit.fish
install-libimg: all
	install -d $(INCLUDE)/proto $(LIBDIR)/pkgconfig
	install -m 755 $(B)/lib/$(LIBIMG_SO) $(LIBDIR)
	ln -sf $(LIBIMG_SO) $(LIBDIR)/libimg.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' libimg/libimg.pc.in >$(LIBDIR)/pkgconfig/libimg.pc
	install -m 644 base/err-struct.h $(INCLUDE)/err.h
	for h in $(IMG_H); do $(INSTALLED_H) libimg/$$h >$(INCLUDE)/$$h || exit 1; done
	for h in $(GENH); do $(INSTALLED_H) $$h >$(INCLUDE)/proto/$${h##*/} || exit 1; done
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(BINS)))
	for m in $(MANS); do rm -f $(SHARE)/man/man$${m##*.}/$${m##*/}; done
	rm -f $(SHARE)/bash-completion/completions/crit $(SHARE)/zsh/site-functions/_crit $(SHARE)/fish/vendor_completions.d/crit.fish
	rm -f $(LIBDIR)/$(LIBIMG_SO) $(LIBDIR)/libimg.so $(LIBDIR)/pkgconfig/libimg.pc
	rm -rf $(INCLUDE)

.PHONY: tests check check-now check-tests check-mutations check-apps check-vm demo demo-now bench deps lint format install install-tools install-libimg uninstall
