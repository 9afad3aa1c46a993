"""A progress bar for large messages."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

#: Octets of a message for which the bar is worth its line.
LARGE: Final = 1 << 18
_BLOCK: Final = 1 << 16
_ERASE: Final = "\r\x1b[K"


def wants_progress(wanted: argparse.Namespace, octets: bytes, stream: TextIO) -> bool:
    hidden = wanted.no_progress or wanted.quiet or wanted.transcript
    return not hidden and len(octets) >= LARGE and stream.isatty()


@contextmanager
def counted(octets: bytes, stream: TextIO) -> Iterator[Iterator[bytes]]:
    """The message in pieces, drawn as they are read: what is read has nearly left."""
    try:
        yield _pieces(octets, stream)
    finally:
        stream.write(_ERASE)
        stream.flush()


def _pieces(octets: bytes, stream: TextIO) -> Iterator[bytes]:
    shown = -1
    for start in range(0, len(octets), _BLOCK):
        percent = 100 * start // len(octets)
        if percent != shown:
            _draw(stream, percent, f"{_megabytes(start)} of {_megabytes(len(octets))} MB")
            shown = percent
        yield octets[start : start + _BLOCK]
    _draw(stream, 100, "waiting for the reply")


def _draw(stream: TextIO, percent: int, text: str) -> None:
    room = max(10, min(40, shutil.get_terminal_size().columns - len(text) - 10))
    full = room * percent // 100
    stream.write(f"{_ERASE}[{'#' * full}{'.' * (room - full)}] {percent:3}% {text}")
    stream.flush()


def _megabytes(octets: int) -> str:
    return f"{octets / 1e6:.1f}"
