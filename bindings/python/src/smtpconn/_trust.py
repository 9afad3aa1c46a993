"""The system's certificates, for a library whose OpenSSL looks for them somewhere else.

OpenSSL has the path of the store compiled in.  The one in a wheel comes from the system that the
wheel was built on, and another distribution keeps its certificates in another place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ctypes import CFUNCTYPE, c_char_p
from functools import cache
from typing import Final

from ._library import lib

#: With one of them set, OpenSSL looks where the user says, and so nothing is searched for.
VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")

#: The options that name authorities.
OPTIONS: Final = ("tls_ca_file", "tls_ca_directory", "tls_ca")

#: In this order; files first, since a directory can hold less than the whole store.
FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo, NixOS, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora up to 42, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/var/lib/ca-certificates/ca-bundle.pem",  # SUSE, where the last one is a link to
    "/etc/ssl/cert.pem",  # Alpine, and BSD's place
)
DIRECTORIES: Final = (
    "/etc/ssl/certs",  # Debian, SUSE
    "/etc/pki/ca-trust/extracted/pem/directory-hash",  # Fedora from 43
    "/etc/pki/tls/certs",
)

#: What `openssl rehash` calls a certificate; OpenSSL opens no other file of a directory.
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def _is_store(path: str) -> bool:
    """Whether there are certificates in a file."""
    try:
        return os.path.isfile(path) and os.path.getsize(path) > 0 and os.access(path, os.R_OK)
    except OSError:
        return False


def _is_directory_of_hashes(path: str) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(_HASHED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


@cache
def compiled_in() -> tuple[str, str] | None:
    """The file and the directory that the library's OpenSSL looks into; None when it does not
    say: it may be linked into the library."""
    try:
        # The loader finds a function of the library's own OpenSSL, whatever the others are.
        found = [
            CFUNCTYPE(c_char_p)((f"X509_get_default_cert_{kind}", lib))()
            for kind in ("file", "dir")
        ]
    except AttributeError:
        return None
    file, directory = (os.fsdecode(path or b"") for path in found)
    return file, directory


def search(root: str = "") -> tuple[str, str] | None:
    """The option that names the store of a system whose files are below `root`, and its path."""
    for path in FILES:
        if _is_store(root + path):
            return "tls_ca_file", root + path
    for path in DIRECTORIES:
        if _is_directory_of_hashes(root + path):
            return "tls_ca_directory", root + path
    return None


def missing(options: Mapping[str, object]) -> Mapping[str, str]:
    """The option that makes a connection with these options trust the system's store.

    None is needed when the caller names authorities, when the environment does, and when OpenSSL
    finds the store itself.  Where none is found nothing is trusted, as without this search.
    """
    if any(options.get(name) is not None for name in OPTIONS):
        return {}
    if any(name in os.environ for name in VARIABLES):
        return {}
    default = compiled_in()
    if default is None or _is_store(default[0]) or _is_directory_of_hashes(default[1]):
        return {}
    found = search()
    return {} if found is None else dict([found])
