# The commands of phasegate's README. Everything is had by package name; what is fetched or built from others'
# sources is cached in ~/.cache/phasegate (or $PHASEGATE_CACHE) and shared by every checkout and preset.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PRESET ?= release
BUILD := build/$(PRESET)
DEMO_DIR ?= demo
# Objects are the same in every checkout: ccache looks at paths relative to this one.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := true

.PHONY: build demo test bench check format clean configure system-packages

build: configure
	@cmake --build $(BUILD) -j $(JOBS) --target phasegate
	@echo "built $(BUILD)/phasegate"

demo: build
	@tools/demo.sh $(BUILD)/phasegate $(DEMO_DIR)

# Everything that CI runs; QUICK=1 leaves the sanitizer builds out.
test: system-packages
	@deps/apt.sh apt-test.txt
	@tools/test.sh

bench: configure
	@cmake --build $(BUILD) -j $(JOBS)
	@bench/run.sh $(BUILD)

format:
	@deps/apt.sh apt-test.txt
	@git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.cpp' 'tests/*.h' 'bench/*.cpp' 'bench/*.h' | xargs clang-format-19 -i

configure: system-packages
	@tools/configure.sh $(PRESET)

# Debian packages by name, installed only when one is missing and only where we may.
system-packages:
	@deps/apt.sh apt.txt

clean:
	rm -rf build
