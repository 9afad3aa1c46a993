"""The sources of the library, which are in the source archive too."""

from __future__ import annotations

import shutil
from pathlib import Path

from .library import SOURCES

#: What `make build/stripped/libsmtpconn.so.0` reads.  Package.swift names the tests, so SwiftPM
#: wants to see them; they are not compiled.
NEEDED = (
    "LICENSE",
    "Makefile",
    "Package.swift",
    "Sources",
    "include",
    "pkgconfig",
    "Tests/SMTPProtocolTests",
    "Tests/SMTPTransportTests",
    "Tests/SMTPConnectionTests",
    "Tests/CSurfaceTests",
    "Tests/c/matrix",
)
IGNORED = shutil.ignore_patterns("__pycache__", ".*", "*.o")


def copy(target: Path) -> None:
    """Copies them, from the repository or from the source archive that is here."""
    source = next(folder for folder in SOURCES if (folder / "Package.swift").exists())
    for name in NEEDED:
        found, copied = source / name, target / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, copied, ignore=IGNORED, dirs_exist_ok=True)
        else:
            shutil.copy2(found, copied)
