"""opportunistic_tls: TLS if it can be had, and otherwise in the clear."""

from __future__ import annotations

import socket

import pytest

from conftest import Opener
from support.drive.separate import handed
from support.servers.certificates import Certificates
from support.servers.script import greets, says, script
from support.servers.scripted import Peer, ScriptedServer
from support.slowness import LIMIT


@pytest.mark.parametrize("how", ["certificate", "close", "reset"])
def test_handshake_failed(connect: Opener, certificates: Certificates, how: str) -> None:
    """The server is connected to anew, and STARTTLS left alone."""

    def first(peer: Peer) -> None:
        peer.greet(b"STARTTLS", b"X-FIRST")
        peer.answer(b"STARTTLS", b"220 go")
        if how == "certificate":
            peer.refused_tls(certificates.wrong_host)
        else:
            peer.handshake_began()
            if how == "reset":
                peer.reset()

    second = script(greets(b"STARTTLS", b"X-SECOND"), Peer.delivery, Peer.quit)
    server = connect.server(first, second)
    connection = connect.opened(server, host="localhost", opportunistic_tls=1)
    info = connection.info()
    assert info["secure"] == 0
    assert info["tls_version"] is None
    assert info["capabilities"] == ["STARTTLS", "X-SECOND"]
    connection.delivers()
    assert connect.drive.events.count(f"{connection.name}.connect") == 1


def test_the_second_connection_fails_too(connect: Opener, certificates: Certificates) -> None:
    def first(peer: Peer) -> None:
        peer.greet(b"STARTTLS")
        peer.answer(b"STARTTLS", b"220 go")
        peer.refused_tls(certificates.expired)

    server = connect.server(first, script(says(b"554 go away")))
    connection = connect(server, opportunistic_tls=1)
    assert connection.start_connect().wait().error is not None
    connection.wait_end()


def starttls_and_silence(peer: Peer) -> None:
    peer.greet(b"STARTTLS")
    peer.answer(b"STARTTLS", b"220 go")
    peer.handshake_began()
    peer.until_closed()


def test_handshake_that_never_ends(connect: Opener) -> None:
    """As one that fails: an attacker who stalls it could have broken it too."""
    server = connect.server(starttls_and_silence, script(greets(b"STARTTLS"), Peer.quit))
    connection = connect(server, opportunistic_tls=1, connection_timeout=LIMIT)
    opening = connection.start_connect()
    server.wait_for(b"\x16")
    connect.drive.advance(LIMIT)
    opening.succeeds()
    assert connection.info()["secure"] == 0
    assert connection.info()["remote_address"] == f"127.0.0.1:{server.port}"
    connection.start_quit().succeeds()


def test_given_connection(certificates: Certificates) -> None:
    """It cannot be made anew."""
    with ScriptedServer(starttls_and_silence) as server:
        given = socket.create_connection((server.host, server.port))
        with handed(given) as (drive, number):
            connection = drive.connection(
                connection=number,
                opportunistic_tls=1,
                connection_timeout=LIMIT,
                tls_ca_file=certificates.ca_file,
            )
            opening = connection.start_connect()
            server.wait_for(b"\x16")
            drive.advance(LIMIT)
            failure = opening.fails("ETIMEDOUT")
            assert failure.phase == "starttls"
            connection.wait_end()
