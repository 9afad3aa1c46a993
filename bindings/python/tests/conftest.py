"""The library to test, and a server to talk to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from endpoint import Endpoint
from scripted_server import ScriptedServer

if TYPE_CHECKING:
    from command import Inside

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


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as made:
        yield made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate of its own, for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    """The command line, as a function."""
    from command import Inside  # It needs the library, which is found by now.

    return Inside(monkeypatch, capsys)
