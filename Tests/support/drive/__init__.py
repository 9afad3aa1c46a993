"""The library under test, driven by a program in C (Tests/c/drive): what tests take from here."""

from support.drive.connection import Connection, Operation, RefusedError
from support.drive.drive import (
    CHUNKING_OFF,
    CHUNKING_ON,
    CHUNKING_OPTIMISTIC,
    Drive,
    Option,
    start,
    valgrind,
)
from support.drive.program import BUILD, PATIENCE, ROOT, quote

__all__ = [
    "BUILD",
    "CHUNKING_OFF",
    "CHUNKING_ON",
    "CHUNKING_OPTIMISTIC",
    "PATIENCE",
    "ROOT",
    "Connection",
    "Drive",
    "Operation",
    "Option",
    "RefusedError",
    "quote",
    "start",
    "valgrind",
]
