# Archives of a release. Included by the Makefile, whose variables it uses.
#
# Both are the same, bit by bit, whenever and wherever they are made of the same files: the
# names are sorted, everything belongs to root, and the time is SOURCE_DATE_EPOCH, or that of
# the commit, or that of a file of the source archive.

.PHONY: dist dist-source dist-binary dist-recipes test-dist

DIST := $(BUILD)/dist
DIST_MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
DIST_SOURCE := smtpconn-$(VERSION)
DIST_BINARY := smtpconn-$(VERSION)-linux-$(DIST_MACHINE)
# Where the archives can be fetched from, for the recipes. A release sets it.
DIST_URL ?= file://$(abspath $(DIST))

# Empty in the source archive, also when that is unpacked inside a checkout.
DIST_CHECKOUT = $(shell git ls-files --error-unmatch Makefile 2>/dev/null)
DIST_TIME = $(or $(SOURCE_DATE_EPOCH),$(if $(DIST_CHECKOUT),$(shell git log -1 --format=%ct)),$(shell stat -c %Y include/smtpconn.h))
dist-tar = tar -c --format=gnu --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
  --hard-dereference --mtime=@$(DIST_TIME)

## dist: a source archive, a binary archive with its SBOM, and recipes for them, in build/dist
dist: $(if $(DIST_CHECKOUT),dist-source) dist-binary dist-recipes
	cd $(DIST) && sha256sum *.tar.gz > SHA256SUMS
	@ls $(DIST)

# What git knows, as it is in the tree.
dist-source:
	@[ -n "$(DIST_CHECKOUT)" ] || { echo "dist-source needs a checkout of git: the archive has the files that git knows" >&2; exit 1; }
	@mkdir -p $(DIST)
	git ls-files -z | LC_ALL=C sort -z | $(dist-tar) --null --no-recursion --transform='s,^,$(DIST_SOURCE)/,S' \
	  --files-from=- | gzip -9n > $(DIST)/$(DIST_SOURCE).tar.gz

# What `make install` installs, with paths that start at the file itself. The pkg-config file
# does not ask for OpenSSL's, which programs of the shared library need not have.
DIST_TREE := $(DIST)/$(DIST_BINARY)
DIST_DOC  := $(DIST_TREE)/share/doc/smtpconn
dist-binary: all
	rm -rf $(DIST_TREE)
	$(MAKE) --no-print-directory install DESTDIR=$(DIST) PREFIX=/$(DIST_BINARY) LIBDIR=/$(DIST_BINARY)/lib \
	  INCLUDEDIR=/$(DIST_BINARY)/include PKGCONFIGDIR=/$(DIST_BINARY)/lib/pkgconfig MANDIR=/$(DIST_BINARY)/share/man
	sed -i -e 's|^prefix=.*|prefix=$${pcfiledir}/../..|' -e 's|^libdir=.*|libdir=$${prefix}/lib|' \
	  -e 's|^includedir=.*|includedir=$${prefix}/include|' -e '/^Requires.private:/d' \
	  -e 's|^Libs.private:|Libs.private: -lssl -lcrypto|' $(DIST_TREE)/lib/pkgconfig/smtpconn.pc
	$(INSTALL) -d $(DIST_DOC)/examples
	$(INSTALL) -m 644 LICENSE packaging/INSTALL $(DIST_TREE)/
	$(INSTALL) -m 644 LICENSE CHANGELOG.md SECURITY.md $(DIST_DOC)/
	$(INSTALL) -m 644 examples/send.c examples/CMakeLists.txt examples/meson.build $(DIST_DOC)/examples/
	sed 's|@VERSION@|$(VERSION)|' packaging/meson/meson.build > $(DIST_TREE)/meson.build
	SOURCE_DATE_EPOCH=$(DIST_TIME) $(PYTHON) packaging/sbom.py $(DIST_TREE) $(VERSION) "$$($(SWIFTC) --version 2>/dev/null)" \
	  > $(DIST)/$(DIST_BINARY).spdx.json
	$(INSTALL) -m 644 $(DIST)/$(DIST_BINARY).spdx.json $(DIST_DOC)/smtpconn.spdx.json
	$(dist-tar) --sort=name -C $(DIST) $(DIST_BINARY) | gzip -9n > $(DIST)/$(DIST_BINARY).tar.gz

# From the archives that are there: without a checkout, those that use the binary one.
dist-recipe = sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@URL@|$(DIST_URL)|g' -e 's|@NAME@|$1|g' -e 's|@MACHINE@|$(DIST_MACHINE)|g' \
  -e "s|@SHA256@|$$(sha256sum $(DIST)/$1.tar.gz | cut -d' ' -f1)|g" \
  -e "s|@SHA512@|$$(sha512sum $(DIST)/$1.tar.gz | cut -d' ' -f1)|g"
dist-recipes: dist-binary $(if $(DIST_CHECKOUT),dist-source)
	rm -rf $(DIST)/recipes
	mkdir -p $(DIST)/recipes/homebrew
	$(call dist-recipe,$(DIST_BINARY)) packaging/meson/smtpconn.wrap.in > $(DIST)/recipes/smtpconn.wrap
	cp -R packaging/conan packaging/vcpkg $(DIST)/recipes/
	for file in conan/conandata.yml vcpkg/portfile.cmake vcpkg/vcpkg.json; do \
	  $(call dist-recipe,$(DIST_BINARY)) packaging/$$file.in > $(DIST)/recipes/$$file && rm $(DIST)/recipes/$$file.in || exit 1; \
	done
	$(if $(DIST_CHECKOUT),$(call dist-recipe,$(DIST_SOURCE)) packaging/homebrew/smtpconn.rb.in > $(DIST)/recipes/homebrew/smtpconn.rb)

## test-dist: the archives in clean roots of Debian 12 and 13, and the source archive built (as root; CONTRIBUTING.md)
test-dist: all $(VENV)/ready | $(BUILD)/need/debian13
	$(VENV)/bin/pytest -q --durations=0 -c Tests/pyproject.toml --rootdir Tests Tests/abi/test_dist_everywhere.py
