# Included by the Makefile, whose variables it uses.

.PHONY: bench bench-check
BENCH := $(BUILD)/bench
BENCH_VENV := $(BENCH)/venv
BENCH_CLIENTS := smtpconn many curl many_curl esmtp straight many_straight open newsletter_curl
BENCH_PROGRAMS := $(addprefix $(BENCH)/,sink content $(BENCH_CLIENTS))
# smtpconn's package is taken as it is here, with the library that was built.
BENCH_PYTHON := PYTHONPATH=Benchmarks:bindings/python/src \
                SMTPCONN_LIBRARY=$(BUILD)/stripped/$(SONAME) $(BENCH_VENV)/bin/python

# SECTIONS="1 4" runs these only.
bench: all $(BUILD)/examples/newsletter $(BENCH_PROGRAMS) $(BENCH_VENV)/ready
	@$(BENCH_PYTHON) -m bench $(SECTIONS)

BENCH_COMPILE = $(CC) $(STRICT_C) $(CFLAGS) -o $@ $(filter %.c,$^) $(BENCH_LINK)

$(BENCH)/sink: $(wildcard Benchmarks/sink/*.[ch]) | $(BUILD)/need/bench
	@mkdir -p $(@D)
	$(BENCH_COMPILE)
$(BENCH)/sink: BENCH_LINK = -O3 -lssl -lcrypto

$(BENCH)/smtpconn $(BENCH)/many: Benchmarks/clients/setup.c Benchmarks/clients/setup.h $(USES_LIBRARY)
$(BENCH)/smtpconn $(BENCH)/many: BENCH_LINK = -Iinclude $(LINK)
$(BENCH)/curl $(BENCH)/many_curl $(BENCH)/newsletter_curl: BENCH_LINK = -lcurl
$(BENCH)/esmtp: BENCH_LINK = -lesmtp -lssl -lcrypto
$(BENCH)/straight $(BENCH)/many_straight: Benchmarks/clients/wire.c Benchmarks/clients/wire.h
$(BENCH)/straight $(BENCH)/many_straight: BENCH_LINK = -lssl -lcrypto
$(BENCH)/open: BENCH_LINK = -Iinclude -ldl
$(BENCH_CLIENTS:%=$(BENCH)/%): $(BENCH)/%: Benchmarks/clients/%.c Benchmarks/clients/common.c Benchmarks/clients/common.h | $(BUILD)/need/bench
	@mkdir -p $(@D)
	$(BENCH_COMPILE)

# The core and one file that calls it, compiled as the library is (Package.swift).
BENCH_SWIFT := -enable-experimental-feature Embedded -wmo -Osize -enforce-exclusivity=unchecked \
               -parse-as-library -swift-version 6 -package-name smtpconn -module-name content
$(BENCH)/content.o: Benchmarks/content/content.swift $(shell find Sources/SMTPProtocol -name '*.swift')
	@mkdir -p $(@D)
	$(SWIFTC) $(BENCH_SWIFT) -c -o $@ $^
$(BENCH)/content: Benchmarks/content/content.c $(BENCH)/content.o
	$(CC) $(STRICT_C) $(CFLAGS) -o $@ $^ -lm

$(BENCH_VENV)/ready: Benchmarks/requirements.txt Tests/support/running/require.sh
	@sh Tests/support/running/require.sh python
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# The benchmark's own Python, looked through as that of the tests is.
bench-check: $(VENV)/ready $(BENCH_VENV)/ready
	cd Benchmarks && ../$(VENV)/bin/ruff check . && ../$(VENV)/bin/ruff format --check . && \
	  ../$(VENV)/bin/mypy --python-executable ../$(BENCH_VENV)/bin/python bench && \
	  ../$(VENV)/bin/mypy --python-executable ../$(BENCH_VENV)/bin/python clients
