"""The way in: addresses, greeting, EHLO, HELO, capabilities."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from conftest import Opener
from support.drive import Drive, Operation, RefusedError
from support.drive.connection import refused_at_once
from support.servers.script import greets, script, sends
from support.servers.scripted import Dialogue, Peer


def open_and_quit(*capabilities: bytes) -> Dialogue:
    return script(greets(*capabilities), Peer.quit)


def test_blocking_run(connect: Opener) -> None:
    """One call drives everything that was started."""
    connection = connect(script(Peer.greet, Peer.delivery, Peer.quit))
    operations = [
        connection.start_connect(),
        connection.start_send(),
        connection.start_quit(),
    ]
    assert connection.run() == 0
    for operation in operations:
        operation.succeeds()
    assert connection.had("end")


def test_lines_that_end_in_lf(connect: Opener) -> None:
    dialogue = script(
        sends(b"220 hi\n"), b"EHLO ", sends(b"250-test.local\n250 PIPELINING\n"), Peer.quit
    )
    connection = connect.opened(dialogue)
    assert connection.info()["capabilities"] == ["PIPELINING"]
    connection.start_quit().succeeds()


# --- the name ---------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_default_name(connect: Opener, address: str) -> None:
    """The name of the machine when it is fully qualified, else this end's address."""
    host = socket.gethostname()
    literal = "[127.0.0.1]" if address == "127.0.0.1" else "[IPv6:::1]"
    expected = host if "." in host.strip(".") else literal

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        line = peer.line()
        assert line == b"EHLO " + expected.encode(), line
        peer.reply(b"250 test.local")
        peer.quit()

    server = connect.server(dialogue, address=address)
    connect.opened(server, name=None).start_quit().succeeds()


def test_ipv6_host(connect: Opener) -> None:
    server = connect.server(open_and_quit(), address="::1")
    connection = connect.opened(server, host="[::1]")
    assert connection.info()["remote_address"] == f"[::1]:{server.port}"
    connection.start_quit().succeeds()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_localhost_by_name(connect: Opener, address: str) -> None:
    """Whichever of the addresses of localhost the server has, it is found."""
    answers = socket.getaddrinfo("localhost", 25, type=socket.SOCK_STREAM)
    if address not in [answer[4][0] for answer in answers]:
        address = "127.0.0.1"  # this machine's localhost has one family only
    server = connect.server(open_and_quit(), address=address)
    connection = connect.opened(server, host="localhost")
    connection.start_quit().succeeds()
    connection.free()


# --- capabilities -----------------------------------------------------------


def test_capabilities(connect: Opener) -> None:
    lines = [b"size 35882577", b"8BITMIME", b"AUTH=PLAIN LOGIN", b"X-ODD  two  words", b"", b"DSN"]
    connection = connect.opened(open_and_quit(*lines))
    assert connection.info()["capabilities"] == [line.decode() for line in lines]
    assert connection.capability("SIZE") == (True, "35882577")
    assert connection.capability("Size") == (True, "35882577")
    assert connection.capability("8bitmime") == (True, "")
    assert connection.capability("DSN") == (True, "")
    assert connection.capability("PIPELINING") == (False, None)
    # A part of a keyword is no keyword.
    assert connection.capability("8BIT") == (False, None)
    assert connection.capability("ODD") == (False, None)
    connection.start_quit().succeeds()


# --- what cannot be reached -------------------------------------------------


def test_connect_twice(connect: Opener) -> None:
    connection = connect(open_and_quit())
    first = connection.start_connect()
    refused_at_once("ESTATE", connection.start_connect)
    first.succeeds()
    connection.start_quit().succeeds()


def test_nothing_before_connect(drive: Drive) -> None:
    connection = drive.connection()
    starts: list[Callable[[], Operation]] = [
        lambda: connection.start_login("user", "password"),
        connection.start_send,
        connection.start_reset,
        connection.start_quit,
    ]
    for start in starts:
        refusal = refused_at_once("ESTATE", start)
        assert "connect" in refusal.message
    assert connection.run() == 0
    connection.close()
    connection.free()
    assert drive.events == []


def test_nothing_after_the_end(connect: Opener) -> None:
    connection = connect.opened(open_and_quit())
    connection.start_quit().succeeds()
    connection.wait_end()
    refused_at_once("ESTATE", connection.start_send)
    with pytest.raises(RefusedError):
        connection.start_connect()


def test_nothing_after_quit(connect: Opener) -> None:
    connection = connect(open_and_quit())
    # Before the end, which refuses everything too.
    with connection.drive.held():
        connection.start_connect()
        quitting = connection.start_quit()
        with pytest.raises(RefusedError) as refused:
            connection.start_send()
    assert refused.value.failure.name == "ESTATE"
    assert "quit was started" in refused.value.failure.message
    quitting.succeeds()
