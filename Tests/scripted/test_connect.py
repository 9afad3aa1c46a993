"""The way in: addresses, greeting, EHLO, HELO, capabilities."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from conftest import Opener
from support.connection import refused_at_once
from support.drive import Drive, Operation, RefusedError
from support.outcomes import RETRY_NO, RETRY_SAFE
from support.script import greets, says, script, sends
from support.scripted import Dialogue, Peer


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


def test_replies_octet_by_octet(connect: Opener) -> None:
    def drip(peer: Peer, octets: bytes) -> None:
        peer.send(*[octets[i : i + 1] for i in range(len(octets))])

    def dialogue(peer: Peer) -> None:
        drip(peer, b"220-hi\r\n220 there\r\n")
        peer.expect(b"EHLO ")
        drip(peer, b"250-test.local\r\n250-SIZE 10\r\n250 8BITMIME\r\n")
        peer.expect(b"QUIT")
        drip(peer, b"221 bye\r\n")

    connection = connect.opened(dialogue)
    assert connection.info()["capabilities"] == ["SIZE 10", "8BITMIME"]
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


# --- greeting and EHLO ------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "retry"),
    [(b"554 5.3.2 no service here", RETRY_NO), (b"451 4.3.2 not now", RETRY_SAFE)],
)
def test_what_waits_for_a_connection_that_is_refused(
    connect: Opener, greeting: bytes, retry: int
) -> None:
    """Why the server takes nothing holds for all that was to follow: a message that is sent
    again finds the same."""
    connection = connect(lambda peer: peer.reply(greeting))
    with connection.drive.held():
        connection.start_connect()
        sending = connection.start_send()
    failure = sending.fails("EPROTOCOL")
    assert (failure.response, failure.retry) == (greeting.decode(), retry)
    assert failure.message.startswith("not tried: ")
    connection.wait_end()


@pytest.mark.parametrize(
    "greeting", [b"554 5.3.2 no service here", b"220", b"250 hello", b"354 go on"]
)
def test_greeting_must_be_220(connect: Opener, greeting: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.reply(greeting)
        if greeting == b"220":
            peer.ehlo()
            peer.quit()
        else:
            rest = peer.until_closed()
            assert rest in (b"", b"QUIT\r\n"), rest

    server = connect.server(dialogue)
    connection = connect(server)
    operation = connection.start_connect()
    if greeting == b"220":
        operation.succeeds()
        connection.start_quit().succeeds()
        return
    failure = operation.fails("EPROTOCOL")
    assert failure.phase == "greeting"
    assert failure.command == "CONN"
    assert failure.response == greeting.decode()
    assert failure.address == f"127.0.0.1:{server.port}"
    connection.ends_with(failure)
    assert not connection.had("connect")


@pytest.mark.parametrize("code", [500, 501, 502, 504, 550])
def test_helo_when_ehlo_is_not_understood(connect: Opener, code: int) -> None:
    dialogue = script(
        says(b"220 hi"),
        (b"EHLO client.test", b"%d what?" % code),
        (b"HELO client.test", b"250 PIPELINING"),
        Peer.delivery,
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    assert connection.info()["capabilities"] == []
    connection.delivers()


@pytest.mark.parametrize("code", [421, 450, 451, 452, 530, 553, 554])
def test_no_helo_after_another_refusal(connect: Opener, code: int) -> None:
    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        peer.answer(b"EHLO ", b"%d %d.3.2 not now" % (code, code // 100))
        rest = peer.until_closed()
        assert rest in (b"", b"QUIT\r\n"), rest

    connection = connect(dialogue)
    name = "ECONNECTION" if code == 421 else "EPROTOCOL"
    failure = connection.start_connect().fails(name)
    assert failure.command == "EHLO"
    assert failure.response_code == code
    assert failure.enhanced == f"{code // 100}.3.2"


def test_helo_refused_too(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        peer.answer(b"EHLO ", b"502 what?")
        peer.answer(b"HELO ", b"502 what?")
        rest = peer.until_closed()
        assert rest in (b"", b"QUIT\r\n"), rest

    failure = connect(dialogue).start_connect().fails("EPROTOCOL")
    assert failure.command == "HELO"


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


@pytest.mark.parametrize(
    "host",
    [
        b"mail-STARTTLS-AUTH-SIZE-PIPELINING",
        b"STARTTLS PIPELINING AUTH PLAIN SIZE 1",
        b"test.local AUTH PLAIN",
        b"PIPELINING",
    ],
)
def test_the_first_line_has_no_capabilities(connect: Opener, host: bytes) -> None:
    """The greeting line names the server; nothing in it is an offer."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 " + host)
        peer.answer(b"EHLO ", b"250-" + host, b"250 HELP PIPELINING STARTTLS AUTH")
        # Neither STARTTLS nor pipelining nor AUTH nor SIZE:
        peer.answer(b"MAIL FROM:<a@example.com>", b"250 ok")
        peer.answer(b"RCPT TO:<b@example.com>", b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    for keyword in ("STARTTLS", "AUTH", "SIZE", "PIPELINING"):
        assert connection.capability(keyword) == (False, None)
    connection.start_login("user", "password").fails("EAUTH")
    envelope = connection.drive.envelope("a@example.com", ["b@example.com"], size=5)
    connection.delivers(envelope=envelope)


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
