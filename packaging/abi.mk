# What programs that are compiled already depend on (docs/abi.md). Included by the Makefile.

.PHONY: abi-dump test-reproducible

## abi-dump: what this version promises to programs, into Tests/abi, after something was added
abi-dump: $(BUILD)/$(SHARED) | $(BUILD)/need/abi
	$(PYTHON) Tests/support/described.py $< $(BUILD)/types.o $(BUILD)/described.so
	abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --headers-dir include \
	  --out-file Tests/abi/smtpconn.abi $(BUILD)/described.so
	$(PYTHON) Tests/support/constants.py >Tests/abi/constants.txt

## test-reproducible: builds everything again in another folder, and compares (CONTRIBUTING.md)
test-reproducible: all
	@$(PYTHON) Tests/abi/reproducible.py
