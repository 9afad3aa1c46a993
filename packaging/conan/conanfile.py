"""Conan 2: packages the binary archive, for which no Swift is needed."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get


class Smtpconn(ConanFile):
    name = "smtpconn"
    license = "MIT"
    description = "SMTP and LMTP as a client: a C library"
    topics = ("smtp", "lmtp", "email", "mail")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    # The OpenSSL of the system, or the package "openssl" of Conan.
    options = {"shared": [True, False], "openssl": ["system", "conan"]}  # noqa: RUF012
    default_options = {"shared": True, "openssl": "system"}  # noqa: RUF012

    def set_version(self) -> None:
        self.version = self.version or next(iter(self.conan_data["sources"]))

    def validate(self) -> None:
        there = self.conan_data["sources"][self.version]
        if self.settings.os != "Linux" or str(self.settings.arch) not in there:
            raise ConanInvalidConfiguration(f"smtpconn is for Linux on {', '.join(there)}")

    def requirements(self) -> None:
        if self.options.openssl == "conan":
            self.requires("openssl/[>=3 <4]")

    def build(self) -> None:
        there = self.conan_data["sources"][self.version]
        get(self, **there[str(self.settings.arch)], strip_root=True)

    def package_id(self) -> None:
        # C, and no debugging build of its own.
        del self.info.settings.compiler
        del self.info.settings.build_type

    def package(self) -> None:
        library = "libsmtpconn.so*" if self.options.shared else "libsmtpconn.a"
        for pattern, source, target in (
            ("LICENSE", "", "licenses"),
            ("*.spdx.json", "share/doc/smtpconn", "licenses"),
            ("*.h*", "include", "include"),
            (library, "lib", "lib"),
        ):
            folder = os.path.join(self.build_folder, source)
            copy(self, pattern, folder, os.path.join(self.package_folder, target))

    def package_info(self) -> None:
        self.cpp_info.libs = ["smtpconn"]
        self.cpp_info.set_property("cmake_file_name", "smtpconn")
        self.cpp_info.set_property("cmake_target_name", "smtpconn::smtpconn")
        self.cpp_info.set_property("pkg_config_name", "smtpconn")
        if not self.options.shared:
            self.cpp_info.system_libs = ["m", "pthread"]
            if self.options.openssl == "system":
                self.cpp_info.system_libs = ["ssl", "crypto", "m", "pthread"]
