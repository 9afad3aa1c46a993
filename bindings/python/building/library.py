"""Finds the library that goes into the package, or makes it.

In this order: the one that SMTPCONN_LIBRARY names; the one that `make` built in this repository;
an installed one of this version, found by the loader or by pkg-config; and one that is compiled
from the sources of this repository or of the source archive, where there is a Swift toolchain.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from . import PACKAGE

SONAME = "libsmtpconn.so.0"
VARIABLE = "SMTPCONN_LIBRARY"

#: Where the sources of the library are: in the source archive, and in the repository.
SOURCES = (PACKAGE / "library", PACKAGE.parent.parent)
#: Relative to them.
BUILT = Path("build", "stripped", SONAME)

NONE = f"""\
smtpconn: there is no {SONAME} to put into the package. Do one of these:
  * install a wheel of smtpconn for this platform, which has the library inside;
  * install libsmtpconn {{version}} (`make install` in the sources of smtpconn) and try again;
  * put Swift 6.3 or newer on the PATH, with gcc, binutils, make, pkg-config and the headers of
    OpenSSL 3 (libssl-dev), and try again;
  * set {VARIABLE} to the path of the library.
{VARIABLE}={SONAME} makes a package without a library, which needs an installed one to run.
"""


class Library(NamedTuple):
    """One of these, or neither: the package uses the library that the loader finds."""

    #: A file that is there.
    path: Path | None = None
    #: The sources to compile.
    sources: Path | None = None


def loads(library: str) -> bool:
    """Whether the package can be imported with this library."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGE / 'src')!r}); import smtpconn"
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code],
        env={**os.environ, VARIABLE: library},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def installed_elsewhere() -> Iterator[Path]:
    """Where pkg-config says that one is, in a folder that the loader does not search."""
    command = ["pkg-config", "--variable=libdir", "smtpconn"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return
    if done.returncode == 0 and done.stdout.strip():
        yield Path(done.stdout.strip(), SONAME)


def version() -> str:
    """The first two numbers, which must be those of the library."""
    names: dict[str, str] = {}
    exec((PACKAGE / "src" / "smtpconn" / "_version.py").read_text(encoding="utf-8"), names)
    return ".".join(names["__version__"].split(".")[:2])


@cache
def find() -> Library | None:
    """What there is; None when there is nothing.  Compiles nothing."""
    override = os.environ.get(VARIABLE)
    if override == SONAME:
        return Library()
    if override:
        # Whoever names one means that one: to go on without it would hide a mistake.
        path = Path(override).resolve()
        if not path.is_file():
            raise SystemExit(f"smtpconn: {VARIABLE} names {override}, which is no file")
        return Library(path)
    for sources in SOURCES:
        if (sources / BUILT).exists() and (sources / "Package.swift").exists():
            return Library(sources / BUILT)
    if loads(SONAME):
        return Library()
    for path in installed_elsewhere():
        if loads(str(path)):
            return Library(path)
    if shutil.which(os.environ.get("SWIFT", "swift")) is not None:
        for sources in SOURCES:
            if (sources / "Package.swift").exists():
                return Library(sources=sources)
    return None


def compiled(sources: Path) -> Path:
    """Compiles the library.  Installs nothing that would be missing for it."""
    own = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    command = ["make", "-C", str(sources), "NEED_BUILD=", str(BUILT)]
    try:
        status = subprocess.run(command, env=environment, check=False).returncode
    except OSError as error:
        raise SystemExit(f"smtpconn: cannot run make: {error}\n{none()}") from None
    if status != 0:
        raise SystemExit(f"smtpconn: the library could not be compiled; see above.\n{none()}")
    return sources / BUILT


def none() -> str:
    return NONE.format(version=version())


def file() -> Path | None:
    """The file to put into the package, made if need be; None for the loader's library.  Without
    any the build ends here."""
    library = find()
    if library is None:
        # Not an Exception, which setuptools would turn into a warning of an editable install.
        raise SystemExit(none())
    if library.sources is not None:
        return compiled(library.sources)
    return library.path
