# smtpconn: the one door. `make help` says what can be made.
#
# The library is compiled in the Embedded mode (no Swift runtime), module by
# module, and the whole of it is optimised once more when it is linked: into one
# relocatable object with nothing but smtpconn_* visible, from which both the
# archive and the shared library are made. The tests in Swift are built by SwiftPM
# from the same sources, as ordinary Swift.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

SWIFTC  ?= swiftc
PYTHON  ?= python3
OBJCOPY ?= objcopy
STRIP   ?= strip
INSTALL ?= install
CFLAGS  ?= -O2 -g
CXXFLAGS ?= -O2 -g

BUILD   := build
VENV    := $(BUILD)/venv

VERSION := $(shell sed -n 's/^.define SMTPCONN_VERSION "\(.*\)"/\1/p' include/smtpconn.h)
SONAME  := libsmtpconn.so.0
SHARED  := libsmtpconn.so.$(VERSION)
LIBRARY := $(addprefix $(BUILD)/,$(SHARED) $(SHARED).debug $(SONAME) libsmtpconn.so libsmtpconn.a smtpconn.pc)
# Without debugging symbols: what is installed, and what goes into a Python wheel.
STRIPPED := $(addprefix $(BUILD)/stripped/,$(SHARED) $(SONAME) libsmtpconn.a)

# Where `make install` puts things. /usr is Debian's own and is multiarch; any
# other prefix is a user's and has plain lib.
PREFIX     ?= /usr/local
# Not absolute, or with a slash at its end: as seen from here.
ifneq ($(filter-out /%,$(firstword $(PREFIX)))$(filter %/,$(lastword $(PREFIX))),)
override PREFIX := $(shell realpath -ms -- '$(PREFIX)')
endif
INCLUDEDIR ?= $(PREFIX)/include
# Where the system has its C library in lib64, as Fedora has, libraries are in lib64.
SYSTEM_LIB64 ?= /usr/lib64
LIB        := $(if $(shell [ ! -L $(SYSTEM_LIB64) ] && [ -e $(SYSTEM_LIB64)/libc.so.6 ] && echo yes),lib64,lib)
ifeq ($(PREFIX),/usr)
MULTIARCH  := $(shell dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || $(CC) -print-multiarch 2>/dev/null)
LIBDIR     ?= $(PREFIX)/$(if $(MULTIARCH),lib/$(MULTIARCH),$(LIB))
else
LIBDIR     ?= $(PREFIX)/$(LIB)
endif
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
MANDIR     ?= $(PREFIX)/share/man
# Any path but these can be written into the files that are installed, and quoted by the shell.
UNFIT := $(foreach each,PREFIX LIBDIR INCLUDEDIR PKGCONFIGDIR MANDIR DESTDIR,$(if $(shell \
  printf %s '$(subst ','"'"',$($(each)))' | grep -e '[]["$$&;|`\*?]' -e "'"),$(each)))
ifneq ($(strip $(UNFIT)),)
$(error $(strip $(UNFIT)) has a character that has a meaning in shells or in pkg-config: use letters, digits, spaces and . _ - + / : @ , = ~)
endif

.PHONY: all generated docs docs-check soak fuzz fuzzers demo test test-fast test-valgrind test-debian13 programs install install-debug uninstall clean check-deps help

## all: build/libsmtpconn.so.0, build/libsmtpconn.a and build/smtpconn.pc (the default)
all: $(LIBRARY) $(STRIPPED)

## demo: send one message from C and one from Python to a server on this machine
demo: all $(BUILD)/examples/send $(VENV)/binding | $(BUILD)/need/demo
	@$(VENV)/bin/python Tests/support/running/demo.py

## test: everything; ends with one line, "N passed, N failed"
test:
	@$(PYTHON) Tests/support/running/run_tests.py all

## test-fast: the library, Swift tests, the C surface and the ABI
test-fast:
	@$(PYTHON) Tests/support/running/run_tests.py fast

## test-valgrind: every case of the scripted tests under valgrind, and the C programs
test-valgrind:
	@$(PYTHON) Tests/support/running/run_tests.py valgrind

## test-debian13: what needs no Swift, on Debian 13, in build/debian13 (as root; CONTRIBUTING.md)
test-debian13: all | $(BUILD)/need/debian13
	@$(PYTHON) Tests/support/running/debian13.py

## test-wheels: the Python wheels with every Python of this machine, and on Debian 13 (as root; CONTRIBUTING.md)
test-wheels: all $(VENV)/ready | $(BUILD)/need/debian13
	$(VENV)/bin/pytest -q -c Tests/pyproject.toml --rootdir Tests Tests/abi/test_wheel_everywhere.py

## generated: what follows from Sources/Options/options.json and the header (CONTRIBUTING.md)
generated: man
	@$(PYTHON) Sources/Options/generate
	@$(PYTHON) packaging/symbols.py

help:
	@sed -n 's/^## \([a-z0-9-]*\): /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

# --- what the machine needs ---------------------------------------------------

## check-deps: name what is missing for the build and the tests, install it when root
check-deps:
	@sh Tests/support/running/require.sh build demo test

# Order-only prerequisites: a machine that has them once keeps them.
NEED_BUILD := $(BUILD)/need/build
$(BUILD)/need/%: Tests/support/running/require.sh
	@sh Tests/support/running/require.sh $*
	@mkdir -p $(@D) && touch $@

# --- Swift --------------------------------------------------------------------

# Other libraries are called through the table of their addresses at once, which is never written
# after loading: no small function between, and 3 KB less. Return addresses are checked by
# processors that have a shadow stack (docs/abi.md).
SHADOW_STACK := $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=return)
HARDENING := -Xcc -fno-plt $(SHADOW_STACK:%=-Xcc %)

# Small before fast, since its time goes to round trips and system calls; but what is
# small here is fast as well, since most of it is waiting for memory. Exclusive access is
# checked in the ordinary build only (24 KB), and no function is copied for each closure
# or type that it is called with (11 KB, and no instruction gained).
SWIFT_FLAGS := -enable-experimental-feature Embedded -wmo -Osize -g -parse-as-library -swift-version 6 \
               -package-name smtpconn -enable-upcoming-feature ExistentialAny \
               -enable-upcoming-feature InternalImportsByDefault \
               -enable-upcoming-feature MemberImportVisibility -strict-memory-safety -warnings-as-errors \
               -enforce-exclusivity=unchecked -Xfrontend -function-sections -Xcc -fPIC $(HARDENING) \
               -Xllvm -sil-disable-pass=closure-specialize \
               -Xllvm -sil-disable-pass=experimental-swift-based-closure-specialization \
               -Xllvm -sil-inline-generics=false \
               -file-prefix-map "$(CURDIR)=." -module-cache-path $(BUILD)/modules/cache \
               -I $(BUILD)/modules -I Sources/CSystem -I Sources/COpenSSL -I Sources/CSMTPConn

# The compiler and the linker that come with Swift, beside its resources: others cannot
# be trusted to read what this compiler writes.
SWIFT_TOOLS = $(shell $(SWIFTC) -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift",*$$|\1/bin|p')

# A compiler that is too old would end in errors that do not say so.
SWIFT_OLDEST := 6.3
define check-swift
found=$$($(SWIFTC) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p'); \
  [ -n "$$found" ] || { echo "smtpconn needs Swift $(SWIFT_OLDEST) or newer, and $(SWIFTC) is none: https://www.swift.org/install, then put swiftc on the PATH or give SWIFTC=" >&2; exit 1; }; \
  printf '%s\n' $(SWIFT_OLDEST) "$$found" | sort -CV || { echo "smtpconn needs Swift $(SWIFT_OLDEST) or newer, and $(SWIFTC) is Swift $$found: https://www.swift.org/install" >&2; exit 1; }
endef

# Each imports those before it. What the compiler writes is LLVM's text: of the forms that
# can be optimised again when linking, the one that this compiler always writes whole.
MODULES := SMTPProtocol SMTPTransport SMTPConnection SMTPConnABI
IR := $(MODULES:%=$(BUILD)/modules/%.ll)

# Folders are in the list too: their time changes when a source is deleted. Sorted, since the
# order is in what the compiler writes.
# Not the table of options: what follows from it is a source of its own.
sources-of = $(sort $(shell find $(addprefix Sources/,$1) -print))
$(BUILD)/modules/SMTPProtocol.ll: $(call sources-of,SMTPProtocol)
$(BUILD)/modules/SMTPTransport.ll: $(call sources-of,SMTPTransport CSystem COpenSSL) $(BUILD)/modules/SMTPProtocol.ll
$(BUILD)/modules/SMTPConnection.ll: $(call sources-of,SMTPConnection) $(BUILD)/modules/SMTPTransport.ll
$(BUILD)/modules/SMTPConnABI.ll: $(call sources-of,SMTPConnABI CSMTPConn) include/smtpconn.h $(BUILD)/modules/SMTPConnection.ll

$(IR): $(BUILD)/modules/%.ll: Makefile | $(NEED_BUILD)
	@$(check-swift)
	@mkdir -p $(@D)
	@echo "$(SWIFTC) $*"
	@$(SWIFTC) $(SWIFT_FLAGS) -module-name $* -emit-module -emit-module-path $(@:.ll=.swiftmodule) \
	  -emit-ir -o $@ $(filter %.swift,$^)
	@# The compiled modules of C are in a folder named after the path of the build.
	@sed -i -E 's/, splitDebugFilename: "[^"]*"//; s/, dwoId: [0-9]+//' $@

# --- linking ------------------------------------------------------------------

# Optimised as a whole, from the exports: what none of them reaches goes. -Oz and the
# threshold because inlining at this point only makes it larger; loops are not copied and small
# switches get no table for the same reason (3 KB in all, and no instruction a message); the
# machine outliner makes one function of a sequence of instructions that occurs several times.
# Only the object that the linker works on is kept.
$(BUILD)/whole.o: $(IR) pkgconfig/smtpconn.map
	$(SWIFT_TOOLS)/clang -shared -flto=full -Oz -Xclang -disable-llvm-passes -fPIC -Wno-override-module \
	  --ld-path=$(SWIFT_TOOLS)/ld.lld -o $(BUILD)/whole.so $(IR) -Wl,--version-script=pkgconfig/smtpconn.map \
	  -Wl,-mllvm,-inline-threshold=-25 -Wl,-mllvm,-unroll-threshold=0 \
	  -Wl,-mllvm,-min-jump-table-entries=20 -Wl,-mllvm,-enable-machine-outliner=always \
	  -Wl,--lto-obj-path=$@ -Wl,-z,defs -lssl -lcrypto -lm
	@rm $(BUILD)/whole.so

# Every symbol but smtpconn_* is local: a program that links the archive may have a Swift
# runtime of its own. What the compiler has noted for its next run (.swift_modhash) would be
# loaded into every program, and so would tables for unwinding, a fifth of the library:
# nothing is thrown through it.
$(BUILD)/smtpconn.o: $(BUILD)/whole.o
	$(OBJCOPY) --wildcard --keep-global-symbol='smtpconn_*' --remove-section=.swift_modhash \
	  --remove-section=.eh_frame --remove-section=.rela.eh_frame $< $@

$(BUILD)/libsmtpconn.a: $(BUILD)/smtpconn.o
	rm -f $@
	$(AR) crsD $@ $<

# nodelete: code that may own a thread must not be unmapped under it.
# defs: a symbol that the Embedded mode cannot provide fails here, not at a user's.
# icf: functions with the same instructions become one. The linker that can do it comes with
# Swift, in whose folder the compiler looks first, whichever compiler it is.
# nostartfiles: what they would bring (1.4 KB) is for constructors, and there is none.
# O2: a text that is the end of another is not written twice.
# No pack-relative-relocs, which would save a fortieth: the library would ask for
# glibc 2.36 when it is loaded.
$(BUILD)/$(SHARED): $(BUILD)/smtpconn.o $(BUILD)/types.o pkgconfig/smtpconn.map
	$(CC) -shared -nostartfiles -B "$(SWIFT_TOOLS)" -fuse-ld=lld -o $@ $(filter %.o,$^) $(LDFLAGS) \
	  -Wl,-soname,$(SONAME) -Wl,--version-script=pkgconfig/smtpconn.map -Wl,--build-id=sha1 -Wl,-O2 \
	  -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,-z,noexecstack \
	  -Wl,--gc-sections -Wl,--icf=all -Wl,--as-needed -lssl -lcrypto -lm

# The types of C, as debuggers and `abidw` read them.
$(BUILD)/types.o: include/smtpconn.h pkgconfig/types.sh
	@mkdir -p $(@D)
	sh pkgconfig/types.sh "$(SWIFT_TOOLS)/clang" $< $@ $(SHADOW_STACK)

# The debugging information alone, which debuggers find by the build-id, or by its name, of which
# the stripped library has a note.
$(BUILD)/$(SHARED).debug: $(BUILD)/$(SHARED)
	$(OBJCOPY) --only-keep-debug $< $@
	chmod 644 $@

$(BUILD)/$(SONAME): $(BUILD)/$(SHARED)
	ln -sf $(SHARED) $@

$(BUILD)/libsmtpconn.so: $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $@

$(BUILD)/stripped/$(SHARED): $(BUILD)/$(SHARED) $(BUILD)/$(SHARED).debug
	@mkdir -p $(@D)
	$(STRIP) --strip-unneeded --remove-section=.comment -o $@ $<
	$(OBJCOPY) --add-gnu-debuglink=$(BUILD)/$(SHARED).debug $@

$(BUILD)/stripped/$(SONAME): $(BUILD)/stripped/$(SHARED)
	ln -sf $(SHARED) $@

$(BUILD)/stripped/libsmtpconn.a: $(BUILD)/libsmtpconn.a
	@mkdir -p $(@D)
	$(STRIP) --strip-debug --enable-deterministic-archives -o $@ $<

# Paths under the prefix are written relative to it, so that a .pc file can be
# moved with `pkg-config --define-prefix`.
make-pc = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
  -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
  -e 's|^\(libdir=\)$(subst .,\.,$(PREFIX))/|\1$${prefix}/|' \
  -e 's|^\(includedir=\)$(subst .,\.,$(PREFIX))/|\1$${prefix}/|' pkgconfig/smtpconn.pc.in

$(BUILD)/smtpconn.pc: pkgconfig/smtpconn.pc.in include/smtpconn.h Makefile
	@mkdir -p $(@D)
	$(make-pc) > $@

# --- manual -------------------------------------------------------------------

# A page for each function, from the comments of the header; `man -M build/man smtpconn_send`.
MAN := $(BUILD)/man
MAN_GENERATOR := $(PYTHON) docs/man/generate

.PHONY: man
## man: a page of the manual for each function, in build/man
man: $(MAN)/ready
$(MAN)/ready: include/smtpconn.h Sources/Options/options.json \
  $(wildcard docs/man/*.3 docs/man/generate/*.py docs/man/examples/*.c)
	@$(MAN_GENERATOR) $(MAN)/man3
	@touch $@

# --- installing ---------------------------------------------------------------

# Where files go for now. All of these paths may have spaces.
TO_LIB := $(DESTDIR)$(LIBDIR)
TO_MAN := $(DESTDIR)$(MANDIR)/man3

## install: into PREFIX (/usr/local), below DESTDIR if that is set
install: all man
	$(INSTALL) -d "$(TO_LIB)" "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(PKGCONFIGDIR)"
	$(INSTALL) -m 644 $(BUILD)/stripped/$(SHARED) "$(TO_LIB)/"
	ln -sf $(SHARED) "$(TO_LIB)/$(SONAME)"
	ln -sf $(SONAME) "$(TO_LIB)/libsmtpconn.so"
	$(INSTALL) -m 644 $(BUILD)/stripped/libsmtpconn.a "$(TO_LIB)/"
	$(INSTALL) -m 644 include/smtpconn.h include/smtpconn.hpp "$(DESTDIR)$(INCLUDEDIR)/"
	$(make-pc) > "$(DESTDIR)$(PKGCONFIGDIR)/smtpconn.pc"
	$(INSTALL) -d "$(TO_MAN)"
	$(INSTALL) -m 644 $(MAN)/man3/*.3 "$(TO_MAN)/"
	@# The loader finds a library in one of its own folders only through its cache.
	@case "$(TO_LIB)" in /usr/*) if [ "$$(id -u)" = 0 ]; then ldconfig; fi ;; esac

## install-debug: the debugging information, beside the library, where debuggers find it
install-debug: all
	$(INSTALL) -d "$(TO_LIB)/.debug"
	$(INSTALL) -m 644 $(BUILD)/$(SHARED).debug "$(TO_LIB)/.debug/"

## uninstall: removes what install put there, given the same PREFIX and DESTDIR
uninstall:
	for file in $(SHARED) $(SONAME) libsmtpconn.so libsmtpconn.a .debug/$(SHARED).debug; do rm -f "$(TO_LIB)/$$file"; done
	rm -f "$(DESTDIR)$(INCLUDEDIR)/smtpconn.h" "$(DESTDIR)$(INCLUDEDIR)/smtpconn.hpp" "$(DESTDIR)$(PKGCONFIGDIR)/smtpconn.pc"
	for page in $$($(MAN_GENERATOR) --list); do rm -f "$(TO_MAN)/$$page"; done
	rmdir "$(TO_LIB)/.debug" 2>/dev/null || true

# --- programs: examples and tests ---------------------------------------------

STRICT_C   := -std=c99 -Wall -Wextra -pedantic -Werror
STRICT_CXX := -std=c++11 -Wall -Wextra -pedantic -Werror
# Programs in build/<folder>/ find the library beside that folder.
# One that calls none of its functions is not linked with it.
LINK := -L$(BUILD) -Wl,--as-needed -lsmtpconn -Wl,-rpath,'$$ORIGIN/..'
USES_LIBRARY := include/smtpconn.h $(BUILD)/libsmtpconn.so
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

EXAMPLES   := $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c))
# A test program is one file of Tests/c, or all the files of one folder there.
C_TESTS    := $(patsubst Tests/c/%.c,$(BUILD)/tests/%,$(wildcard Tests/c/*.c)) \
              $(patsubst Tests/c/%/,$(BUILD)/tests/%,$(sort $(dir $(wildcard Tests/c/*/*.c))))
CXX_TESTS  := $(patsubst Tests/c/%.cc,$(BUILD)/tests/%,$(wildcard Tests/c/*.cc))
ASAN_TESTS := $(patsubst $(BUILD)/tests/%,$(BUILD)/asan/%,$(C_TESTS))

## programs: the examples, and the C and C++ tests with and without ASan
programs: $(EXAMPLES) $(C_TESTS) $(CXX_TESTS) $(ASAN_TESTS)

$(BUILD)/examples/%: examples/%.c $(USES_LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(STRICT_C) $(CFLAGS) -Iinclude -o $@ $< $(LINK)

# Libraries that one example alone needs.
$(BUILD)/examples/gssapi: LINK += -lgssapi_krb5
$(BUILD)/examples/gssapi: | $(BUILD)/need/kerberos
define example-with
$(BUILD)/examples/$1: LINK += $$(shell pkg-config --cflags --libs $2)
$(BUILD)/examples/$1: | $(BUILD)/need/loops
endef
$(eval $(call example-with,libuv,libuv))
$(eval $(call example-with,glib,glib-2.0))
$(eval $(call example-with,libevent,libevent_core))

$(BUILD)/tests/%: Tests/c/%.cc $(wildcard Tests/c/*.h) $(USES_LIBRARY)
	@mkdir -p $(@D)
	$(CXX) $(STRICT_CXX) $(CXXFLAGS) -Iinclude -o $@ $< $(LINK)

$(BUILD)/tests/wrapper: STRICT_CXX := -std=c++17 -Wall -Wextra -pedantic -Wshadow -Werror
$(BUILD)/tests/wrapper: include/smtpconn.hpp

.SECONDEXPANSION:
$(C_TESTS): $(BUILD)/tests/%: $$(wildcard Tests/c/$$*.c Tests/c/$$*/*.[ch] Tests/c/*.h) $(USES_LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(STRICT_C) $(CFLAGS) -Iinclude -o $@ $(filter %.c,$^) $(LINK) -ldl -lssl -lcrypto

$(ASAN_TESTS): $(BUILD)/asan/%: $$(wildcard Tests/c/$$*.c Tests/c/$$*/*.[ch] Tests/c/*.h) $(USES_LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(STRICT_C) $(CFLAGS) $(ASAN) -Iinclude -o $@ $(filter %.c,$^) $(LINK) -ldl -lssl -lcrypto

# --- Python -------------------------------------------------------------------

$(VENV)/ready: Tests/requirements.txt Tests/support/running/require.sh
	@sh Tests/support/running/require.sh python
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# The binding is installed as a user would install it, without asking the
# package index for a build system that is in the environment already.
# Not there when only the library is built, from the source archive.
BINDING := $(wildcard bindings/python/*.py bindings/python/*.toml bindings/python/building/*.py) \
           $(shell find bindings/python/src -name '*.py' -o -name py.typed 2>/dev/null)
$(VENV)/binding: $(VENV)/ready $(BINDING) $(BUILD)/$(SHARED)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --force-reinstall --no-deps ./bindings/python
	@touch $@

# --- documentation ------------------------------------------------------------------

DOCS_VENV := $(BUILD)/docs-venv

$(DOCS_VENV)/ready: docs/site/requirements.txt Tests/support/running/require.sh
	@sh Tests/support/running/require.sh python
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

## docs: the site for C and Python, build/docs/index.html; its links and its search are checked
docs: $(DOCS_VENV)/ready $(BUILD)/$(SONAME)
	@$(DOCS_VENV)/bin/sphinx-build -q -E -W --keep-going -d $(BUILD)/doctrees -c docs/site docs $(BUILD)/docs
	@$(PYTHON) docs/site/check.py $(BUILD)/docs

## docs-check: the site in Chromium, narrow, wide, light and dark; pictures in build/docs-pictures
docs-check: docs | $(BUILD)/need/docs
	@$(PYTHON) docs/site/look.py $(BUILD)/docs $(BUILD)/docs-pictures

# --- wheels of the Python package ------------------------------------------------

.PHONY: wheel test-wheels
# Everything that makes the wheels has its version and its hash in the list.
PACKAGING := $(BUILD)/packaging
WHEELS    := $(BUILD)/wheels

$(PACKAGING)/ready: bindings/python/building/requirements.txt Tests/support/running/require.sh
	@sh Tests/support/running/require.sh python
	$(PYTHON) -m venv $(PACKAGING)
	$(PACKAGING)/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $<
	@touch $@

## wheel: Python wheels with OpenSSL inside and without, and the source archive, in build/wheels
wheel: $(PACKAGING)/ready $(STRIPPED)
	$(PACKAGING)/bin/python bindings/python/building/wheels.py $(BUILD)/stripped/$(SONAME) $(WHEELS)

# --- fuzzing --------------------------------------------------------------------

FUZZERS := $(patsubst Tests/fuzz/%Fuzzer.swift,%,$(wildcard Tests/fuzz/*Fuzzer.swift))
FUZZ_SECONDS ?= 60

# By the ordinary compiler, with ASan: the core once, and each target against it. The core
# imports nothing that would have to be built first.
FUZZ_FLAGS := -parse-as-library -sanitize=fuzzer,address -O -g -swift-version 6 \
              -package-name smtpconn -strict-memory-safety
FUZZ_CORE  := $(BUILD)/fuzz/SMTPProtocol.o

$(FUZZ_CORE): $(shell find Sources/SMTPProtocol -name '*.swift')
	@mkdir -p $(@D)
	$(SWIFTC) $(FUZZ_FLAGS) -wmo -enable-testing -module-name SMTPProtocol -emit-module \
	  -emit-module-path $(@:.o=.swiftmodule) -emit-object -o $@ $^

$(BUILD)/fuzz/%: Tests/fuzz/%Fuzzer.swift Tests/fuzz/HexCryptography.swift $(FUZZ_CORE)
	$(SWIFTC) $(FUZZ_FLAGS) -use-ld=lld -module-name fuzz -I $(BUILD)/fuzz -o $@ $^

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)

## fuzz: random octets for the parsers and the session, FUZZ_SECONDS (60) for each target
fuzz: fuzzers
	@for target in $(FUZZERS); do \
	  echo "=== $$target"; \
	  mkdir -p $(BUILD)/fuzz/corpus/$$target; \
	  $(BUILD)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/$$target- \
	    $(BUILD)/fuzz/corpus/$$target Tests/fuzz/corpus/$$target || exit 1; \
	done

# --- random programs --------------------------------------------------------------

SOAK_SECONDS ?= 600
SOAK_SEED    ?= $(shell date +%s)

## soak: random API programs against a faulty server, SOAK_SECONDS (600), with ASan
soak: $(BUILD)/asan/soak
	$< $(SOAK_SEED) 0 $(SOAK_SECONDS)

## clean: removes everything that was built
clean:
	rm -rf $(BUILD) .build bindings/python/build bindings/python/src/*.egg-info \
	  bindings/python/src/smtpconn/$(SONAME)

## bench: comparison with other libraries; about six minutes (Benchmarks/README.md)
-include Benchmarks/bench.mk

# Packages for systems and for users.
-include $(wildcard packaging/*.mk)
