# Debian packages. Included by the Makefile, whose variables it uses.

.PHONY: deb

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
