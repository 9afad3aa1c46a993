"""Finds and loads the library."""

from __future__ import annotations

import os
import sys
from ctypes import PyDLL
from pathlib import Path
from typing import Final

from ._ffi import FUNCTIONS
from ._version import __version__

#: The number is part of the ABI: a library that breaks it gets another one.
SONAME: Final = "libsmtpconn.so.0"

#: Names a library to be used instead of every other.
VARIABLE: Final = "SMTPCONN_LIBRARY"


def _candidates() -> list[str]:
    override = os.environ.get(VARIABLE)
    if override:
        # Whoever names one means that one: falling back to another would hide a mistake.
        return [override]
    return [str(Path(__file__).with_name(SONAME)), SONAME]


def _open() -> tuple[PyDLL, str]:
    failures = []
    for candidate in _candidates():
        try:
            # PyDLL keeps the GIL during a call, so that no two calls overlap: `Core` builds on
            # that.  No call waits.  use_errno: some functions leave their reason in errno.
            return PyDLL(candidate, use_errno=True), candidate
        except OSError as error:
            failures.append(f"  {candidate}: {error}")
    raise ImportError(
        "smtpconn cannot load its library. Tried:\n"
        + "\n".join(failures)
        + f"\nInstall {SONAME}, or set {VARIABLE} to its path."
    )


def _check_version(library: PyDLL, path: str) -> None:
    number: int = library.smtpconn_version_number()
    found = (number >> 16 & 0xFF, number >> 8 & 0xFF)
    wanted = tuple(int(part) for part in __version__.split(".")[:2])
    if found != wanted:
        raise ImportError(
            f"smtpconn {__version__} needs version {wanted[0]}.{wanted[1]} of its library, "
            f"but {path} is {found[0]}.{found[1]}"
        )


def _in_subinterpreter() -> bool:
    """Whether a callback of C would look for the main interpreter, and wait for its lock while
    this one holds it."""
    if sys.version_info >= (3, 12):
        return False
    try:
        import _xxsubinterpreters as interpreters  # type: ignore[import-not-found]
    except ImportError:
        return False
    return bool(interpreters.get_current() != interpreters.get_main())


def load() -> PyDLL:
    """The library, with the type of every function set."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise ImportError(
            "smtpconn needs the GIL, by which its calls do not overlap: "
            "start this free-threaded Python with PYTHON_GIL=1 in the environment"
        )
    if _in_subinterpreter():
        raise ImportError(
            "smtpconn needs Python 3.12 in a subinterpreter: in one of an older Python "
            "the callbacks of its library would wait for ever"
        )
    library, path = _open()
    for name, argtypes, restype in FUNCTIONS:
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise ImportError(f"{path} is no libsmtpconn of this version: {error}") from None
        function.argtypes = argtypes
        function.restype = restype
    _check_version(library, path)
    return library


lib: Final = load()


def library_version() -> str:
    """The version of the library that is running, "0.1.0"."""
    version: bytes = lib.smtpconn_version()
    return version.decode("ascii")


def library_path() -> str:
    """The library that is running: its path, or "libsmtpconn.so.0" when the loader found it.

    `ctypes.CDLL` with it has the functions of the OpenSSL that the library uses, for the context
    that `tls_context_callback` gets.
    """
    name: str = lib._name
    return name
