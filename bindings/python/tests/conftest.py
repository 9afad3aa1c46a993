"""The library to test, and a server to talk to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripted_server import ScriptedServer

ROOT = Path(__file__).resolve().parents[3]

# What this repository built, and not what happens to be installed.
os.environ.setdefault("SMTPCONN_LIBRARY", str(ROOT / "build" / "libsmtpconn.so.0"))

try:
    import smtpconn
except ImportError as error:
    pytest.exit(f"{error}\nThese tests need the library. Build it: make -C {ROOT}", returncode=1)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server without a script yet; at the end, its script must have been followed."""
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def loop() -> Iterator[smtpconn.Loop]:
    with smtpconn.Loop() as shared:
        yield shared
