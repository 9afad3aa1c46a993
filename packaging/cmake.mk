# The files by which CMake finds what was installed. Included by the Makefile.

.PHONY: install-cmake uninstall-cmake

CMAKEDIR := $(LIBDIR)/cmake/smtpconn
CMAKE_FILES := smtpconn-config.cmake smtpconn-config-version.cmake

# The header's folder is written as the way from these files: what was installed can be moved.
install: install-cmake
install-cmake: all
	$(INSTALL) -d "$(DESTDIR)$(CMAKEDIR)"
	for file in $(CMAKE_FILES); do \
	  sed -e 's|@VERSION@|$(VERSION)|' \
	      -e "s|@INCLUDEDIR@|$$(realpath -ms --relative-to="$(CMAKEDIR)" "$(INCLUDEDIR)")|" \
	    packaging/cmake/$$file.in > "$(DESTDIR)$(CMAKEDIR)/$$file" && \
	  chmod 644 "$(DESTDIR)$(CMAKEDIR)/$$file" || exit 1; \
	done

# The folder is smtpconn's own; the one above belongs to all packages.
uninstall: uninstall-cmake
uninstall-cmake:
	cd "$(DESTDIR)$(CMAKEDIR)" 2>/dev/null && rm -f $(CMAKE_FILES) || true
	rmdir "$(DESTDIR)$(CMAKEDIR)" 2>/dev/null || true
