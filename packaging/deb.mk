# Debian packages. Included by the Makefile, whose variables it uses.

.PHONY: deb deb-tree deb-source test-deb

DEB := $(BUILD)/deb
DEB_TREE := $(DEB)/smtpconn-$(VERSION)
# With Debian's own programs, whatever Python comes first on the PATH.
DEB_ENVIRONMENT := PATH=/usr/sbin:/usr/bin:/sbin:/bin SMTPCONN_BUILT=$(abspath $(BUILD)) \
  SMTPCONN_SITE=$(if $(DEB_SITE),$(abspath $(DEB_SITE))) MAKEFLAGS=

# DEB_SITE=build/docs puts the site of `make docs` into the package of documentation.
DEB_SITE ?=

## deb: Debian packages from the library that was built, in build/deb
deb: all deb-tree | $(BUILD)/need/deb
	cd $(DEB_TREE) && $(DEB_ENVIRONMENT) dpkg-buildpackage -us -uc -b

# The sources as they are here, and what Debian needs.
deb-tree:
	@rm -rf $(DEB)
	@mkdir -p $(DEB_TREE)
	@tar -c --exclude-vcs --exclude=./build --exclude=./.build* --exclude=__pycache__ --exclude=.*_cache \
	  --exclude=*.egg-info --exclude=./.venv . | tar -x -C $(DEB_TREE)
	@cp -R packaging/debian $(DEB_TREE)/debian

## deb-source: the source package for Debian, in build/deb
deb-source: deb-tree | $(BUILD)/need/deb
	tar -c --sort=name --owner=0 --group=0 --numeric-owner -C $(DEB) --exclude=smtpconn-$(VERSION)/debian \
	  smtpconn-$(VERSION) | gzip -n >$(DEB)/smtpconn_$(VERSION).orig.tar.gz
	cd $(DEB_TREE) && $(DEB_ENVIRONMENT) dpkg-source --build .

## test-deb: the Debian packages in clean roots of Debian 12 and 13, and autopkgtest (as root; CONTRIBUTING.md)
test-deb: all $(VENV)/ready | $(BUILD)/need/deb $(BUILD)/need/debian13 $(BUILD)/need/autopkgtest
	$(VENV)/bin/pytest -q --durations=0 -c Tests/pyproject.toml --rootdir Tests Tests/abi/test_debian_everywhere.py
