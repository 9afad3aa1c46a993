# Debian packages. Included by the Makefile, whose variables it uses.

.PHONY: deb test-deb

DEB := $(BUILD)/deb
DEB_TREE := $(DEB)/smtpconn-$(VERSION)

## deb: Debian packages from the library that was built, in build/deb
deb: all | $(BUILD)/need/deb
	@rm -rf $(DEB)
	@mkdir -p $(DEB_TREE)
	@tar -c --exclude-vcs --exclude=./build --exclude=./.build* --exclude=__pycache__ --exclude=.*_cache \
	  --exclude=*.egg-info --exclude=./.venv . | tar -x -C $(DEB_TREE)
	@cp -R packaging/debian $(DEB_TREE)/debian
	@# With Debian's own programs, whatever Python comes first on the PATH.
	cd $(DEB_TREE) && PATH=/usr/sbin:/usr/bin:/sbin:/bin SMTPCONN_BUILT=$(abspath $(BUILD)) MAKEFLAGS= dpkg-buildpackage -us -uc -b $(DEB_FLAGS)

## test-deb: the Debian packages in clean roots of Debian 12 and 13, and autopkgtest (as root; CONTRIBUTING.md)
test-deb: deb $(VENV)/ready | $(BUILD)/need/debian13 $(BUILD)/need/autopkgtest
	$(VENV)/bin/pytest -q --durations=0 -c Tests/pyproject.toml --rootdir Tests Tests/abi/test_debian_everywhere.py
