"""The servers that the interop tests share, and a client of each.

A test, or a file of tests, names its servers by
`pytest.mark.parametrize("server", [...], indirect=True)`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from support.drive import BUILD, ROOT, Drive
from support.realservers.client import Client
from support.realservers.dovecot import Dovecot
from support.realservers.exim import Exim
from support.realservers.opensmtpd import OpenSMTPD
from support.realservers.postfix import Postfix
from support.realservers.realserver import RealServer
from support.realservers.tokens import Signer
from support.servers.certificates import Certificates
from support.servers.manners import offering
from support.servers.scripted import ScriptedServer

# The Python package and the library as they were built, not what happens to be
# installed.
sys.path.insert(0, str(ROOT / "bindings" / "python" / "src"))
os.environ["SMTPCONN_LIBRARY"] = str(BUILD / "libsmtpconn.so.0")


@pytest.fixture(scope="session")
def postfix(certificates: Certificates) -> Iterator[Postfix]:
    """A Postfix on loopback, one for all tests."""
    with Postfix(certificates.good) as server:
        yield server


@pytest.fixture(scope="session")
def exim(certificates: Certificates) -> Iterator[Exim]:
    """An Exim likewise. Nothing may have come there before its turn."""
    with Exim(certificates.good) as server:
        yield server
        assert "synchronization error" not in server.log()


@pytest.fixture(scope="session")
def opensmtpd(certificates: Certificates) -> Iterator[OpenSMTPD]:
    """An OpenSMTPD likewise."""
    with OpenSMTPD(certificates.good) as server:
        yield server
        assert "Pipelining not supported" not in server.log()


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Signs the tokens that Dovecot believes."""
    return Signer()


@pytest.fixture(scope="session")
def relay() -> Iterator[ScriptedServer]:
    """Where Dovecot sends the mail that is submitted."""
    with ScriptedServer(offering(b"DSN"), repeat=True) as server:
        yield server


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates, relay: ScriptedServer, signer: Signer) -> Iterator[Dovecot]:
    """A Dovecot on loopback, one for all tests."""
    given = (certificates.good, relay.port, signer.key, certificates.ca_file)
    with Dovecot(*given) as server:
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RealServer:
    """The one that the test names."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, RealServer)
    return server


@pytest.fixture
def client(drive: Drive, server: RealServer, certificates: Certificates) -> Client[RealServer]:
    return Client(drive, server, certificates)
