"""IPv4 or IPv6 only: what becomes of a name with addresses of both families, or of one."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from conftest import Driver
from support.drive import Drive
from support.drive.separate import names_mean
from support.servers.script import script
from support.servers.scripted import Peer, ScriptedServer

BOTH, FOUR, SIX = "both.example", "four.example", "six.example"
#: enum smtpconn_address_family
ANY, IPV4, IPV6 = 0, 1, 2

served = script(Peer.greet, Peer.quit)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    names = {BOTH: ["::1", "127.0.0.1"], FOUR: ["127.0.0.1"], SIX: ["2001:db8::6"]}
    driver = Driver(names_mean(tmp_path_factory.mktemp("names"), names))
    yield driver
    driver.end()


@pytest.mark.parametrize(("family", "used"), [(ANY, "[::1]"), (IPV4, "127.0.0.1"), (IPV6, "[::1]")])
def test_name_with_both(drive: Drive, family: int, used: str) -> None:
    """Both addresses listen: the family alone decides which one is used."""
    address = used.strip("[]")
    other = "127.0.0.1" if address == "::1" else "::1"
    kind = socket.AF_INET6 if other == "::1" else socket.AF_INET
    with (
        ScriptedServer(served, address=address) as server,
        socket.create_server((other, server.port), family=kind),
    ):
        connection = drive.connection(host=BOTH, port=server.port, address_family=family)
        connection.start_connect().succeeds()
        assert connection.info()["remote_address"] == f"{used}:{server.port}"
        connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("name", "family", "words"), [(FOUR, IPV6, "IPv6 only"), (SIX, IPV4, "IPv4 only")]
)
def test_name_without_the_family(drive: Drive, name: str, family: int, words: str) -> None:
    connection = drive.connection(host=name, port=9, address_family=family)
    failure = connection.start_connect().fails("EDNS")
    assert f"cannot resolve {name} ({words}): " in failure.message
    connection.wait_end()
