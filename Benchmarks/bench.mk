# Included by the Makefile, whose variables it uses.

.PHONY: bench
BENCH := $(BUILD)/bench
# libESMTP is measured where it is installed (libesmtp-dev).
BENCH_PROGRAMS := $(addprefix $(BENCH)/,sink send curl $(if $(wildcard /usr/include/libesmtp.h),esmtp))

bench: $(BENCH_PROGRAMS)
	@PYTHONPATH=bindings/python/src SMTPCONN_LIBRARY=$(BUILD)/$(SONAME) \
	  $(PYTHON) Benchmarks/run.py $(BENCH)

$(BENCH)/send: Benchmarks/send.c $(USES_LIBRARY)
$(BENCH)/send: BENCH_LINK = -Iinclude $(LINK)
$(BENCH)/curl: BENCH_LINK = -lcurl
$(BENCH)/esmtp: BENCH_LINK = -lesmtp
$(BENCH)/%: Benchmarks/%.c Benchmarks/bench.h | $(BUILD)/need/bench
	@mkdir -p $(@D)
	$(CC) $(STRICT_C) $(CFLAGS) -o $@ $< $(BENCH_LINK)
