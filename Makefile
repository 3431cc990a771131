# SPDX-License-Identifier: GPL-2.0-only
# crkit: make, make check, make demo, make bench, make lint, make install. See README.md.

PREFIX	?= /usr/local
DESTDIR ?=
CC	?= gcc
B	?= build
ifeq ($(origin CC),default)
CC	= gcc
endif

PKGS	:= libprotobuf-c libcap
CRIT_PKGS := json-c
OPT	?= -O2 -g
WARN	:= -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
CPPALL	= -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -I$(B)/gen -I$(B)
CFLALL	= -std=gnu11 $(OPT) $(WARN) $(SAN) -fno-strict-aliasing -pthread -MMD -MP $(CPPALL) $(CFLAGS) $(shell pkg-config --cflags $(PKGS) $(CRIT_PKGS) 2>/dev/null)
LIBS	= $(shell pkg-config --libs $(PKGS) 2>/dev/null) -pthread
ARCH	:= x86_64

# SAN=1 builds everything but the blob with ASan and UBSan, into build/san.
ifeq ($(SAN),1)
override SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

PROTOS	:= $(wildcard proto/*.proto)
GENC	:= $(PROTOS:proto/%.proto=$(B)/gen/%.pb-c.c)
GENH	:= $(GENC:.c=.h)
objs	= $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
BASE_O	:= $(call objs,base/*.c)
# The same objects are in libimg.a and in libimg.so, so they are position-independent.
IMG_O	:= $(patsubst %.c,$(B)/pic/%.o,$(wildcard libimg/*.c) $(PROTOS:proto/%.proto=gen/%.pb-c.c))
LIBIMG_SO := libimg.so.0
PAR_O	:= $(call objs,parasite/*.c parasite/arch/$(ARCH)/*.c) $(B)/parasite/blob.o
DUMP_O	:= $(call objs,cr-dump/*.c cr-dump/arch/$(ARCH)/*.c)
REST_O	:= $(call objs,cr-restore/*.c restorer/*.c restorer/arch/$(ARCH)/*.c) \
	$(patsubst %.S,$(B)/%.o,$(wildcard restorer/arch/$(ARCH)/*.S))
CRIT_O	:= $(call objs,crit/*.c)
LIBA	:= $(B)/lib/libimg.a $(B)/lib/libparasite.a $(B)/lib/libbase.a
BINS	:= $(B)/bin/cr-dump $(B)/bin/cr-restore $(B)/bin/crit

# V=1 shows the commands, otherwise each line names what is made.
ifneq ($(V),1)
Q	= @echo '  $@';
endif

all: $(BINS) $(B)/lib/libimg.so

include test/test.mk

$(B)/bin/cr-dump: $(DUMP_O) $(LIBA)
$(B)/bin/cr-restore: $(REST_O) $(LIBA)
$(B)/bin/crit: LIBS += $(shell pkg-config --libs $(CRIT_PKGS) 2>/dev/null)
$(B)/bin/crit: $(CRIT_O) $(B)/lib/libimg.a $(B)/lib/libbase.a
$(BINS):
	@mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$(B)/lib/libbase.a: $(BASE_O)
$(B)/lib/libimg.a: $(IMG_O)
$(B)/lib/libparasite.a: $(PAR_O)
$(B)/lib/%.a:
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

# What the shared library needs of base comes along, hidden by the version script.
$(B)/lib/$(LIBIMG_SO): $(IMG_O) $(B)/pic/base/err.o libimg/libimg.map
	@mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -shared -Wl,-soname,$(LIBIMG_SO) -Wl,--version-script=libimg/libimg.map \
		$(if $(SAN),,-Wl,-z,defs) -o $@ $(filter %.o,$^) $(LIBS)
$(B)/lib/libimg.so: $(B)/lib/$(LIBIMG_SO)
	$(Q)ln -sf $(LIBIMG_SO) $@

# Generated protobuf-c code must exist before anything that includes it is compiled.
$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h &: proto/%.proto
	@mkdir -p $(@D)
	$(Q)protoc-c --proto_path=proto --c_out=$(B)/gen $<

# Make would take them for intermediate files and remove them; lint and the next build want them.
.SECONDARY: $(GENC) $(GENH)

$(B)/pic/gen/%.o: $(B)/gen/%.c $(GENH)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLALL) -fPIC -c -o $@ $<

$(B)/pic/%.o: %.c | $(GENH)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLALL) -fPIC -c -o $@ $<

$(B)/%.o: %.c | $(GENH)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLALL) -c -o $@ $<

$(B)/%.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) -I. -MMD -MP -c -o $@ $<

# The blob: freestanding, position-independent, never sanitized, without writable data.
BLOBFL	:= -std=gnu11 -O2 -ffreestanding -fPIC -fno-stack-protector -fno-builtin -fcf-protection=none -fno-asynchronous-unwind-tables \
	-mno-sse -mgeneral-regs-only -Wall -Wextra -Werror -D_GNU_SOURCE -I. -MMD -MP
$(B)/parasite/runner.elf: parasite/blob/runner.c parasite/blob/arch/$(ARCH)/start.S parasite/blob/blob.lds
	@mkdir -p $(@D)
	$(Q)$(CC) $(BLOBFL) -nostdlib -static -Wl,--build-id=none -Wl,-T,parasite/blob/blob.lds -Wl,-z,noexecstack -o $@ \
		parasite/blob/arch/$(ARCH)/start.S parasite/blob/runner.c
$(B)/parasite/runner.bin: $(B)/parasite/runner.elf scripts/check-blob
	@scripts/check-blob $<
	$(Q)objcopy -O binary $< $@
$(B)/parasite/blob.o: parasite/blob.S $(B)/parasite/runner.bin
	$(Q)$(CC) -DBLOB='"$(B)/parasite/runner.bin"' -c -o $@ $<

clean:
	rm -rf build

.PHONY: all clean
.DELETE_ON_ERROR:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
