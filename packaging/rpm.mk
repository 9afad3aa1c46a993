# RPM packages. Included by the Makefile, whose variables it uses.

.PHONY: rpm

RPM := $(abspath $(BUILD))/rpm

## rpm: RPM packages from the library that was built, in build/rpm/RPMS
rpm: all dist-source $(VENV)/ready | $(BUILD)/need/rpm
	@rm -rf $(RPM)
	@# --nodeps: rpm knows nothing of what Debian has installed. Its Python is one that has pip.
	rpmbuild -tb --nodeps --define "_topdir $(RPM)" --define "smtpconn_build $(abspath $(BUILD))" \
	  --define "__python3 $(abspath $(VENV))/bin/python" $(DIST)/$(DIST_SOURCE).tar.gz
