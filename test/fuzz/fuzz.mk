# SPDX-License-Identifier: GPL-2.0-only
# Fuzzing: make fuzz SECONDS=60 [TARGET=img-decode] gives each target so many seconds. See test/fuzz/run.
SECONDS	?= 60
TARGET	?=

fuzz: deps
	@test/fuzz/run '$(SECONDS)' $(TARGET)
.PHONY: fuzz
