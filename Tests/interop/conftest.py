"""The servers that the interop tests share, and a client of each.

A test, or a file of tests, names its servers by
`pytest.mark.parametrize("server", [...], indirect=True)`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.certificates import Certificates
from support.client import Client
from support.drive import Drive
from support.exim import Exim
from support.opensmtpd import OpenSMTPD
from support.postfix import Postfix
from support.realserver import RealServer


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


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RealServer:
    """The one that the test names."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, RealServer)
    return server


@pytest.fixture
def client(drive: Drive, server: RealServer, certificates: Certificates) -> Client[RealServer]:
    return Client(drive, server, certificates)
