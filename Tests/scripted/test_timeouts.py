"""Time limits: each ends in ETIMEDOUT, names itself, and closes the connection. The tests put
the clock forward, so none of them depends on how fast the machine is."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.drive.outcomes import NOT_TRIED, RETRY_NO, RETRY_SAFE, Failure
from support.pace import Pace
from support.resolving import resolving
from support.servers.script import greets, script
from support.servers.scripted import Peer
from support.slowness import LIMIT
from support.system import full_listener


def check(failure: Failure, option: str, phase: str, retry: int = RETRY_SAFE) -> None:
    assert failure.name == "ETIMEDOUT"
    assert option in failure.message, failure.message
    assert failure.phase == phase
    assert failure.retry == retry


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_handshake(connect: Opener, way: str) -> None:
    """The server accepts the connection and then says no word of TLS."""

    def dialogue(peer: Peer) -> None:
        if way == "starttls":
            peer.greet(b"STARTTLS")
            peer.answer(b"STARTTLS", b"220 go")
        peer.until_closed()

    server = connect.server(dialogue)
    connection = connect(server, secure=int(way == "implicit"), connection_timeout=LIMIT)
    opening = connection.start_connect()
    # What a handshake begins with.
    server.wait_for(b"\x16")
    connect.drive.advance(LIMIT)
    failure = opening.fails("ETIMEDOUT")
    check(failure, "connection_timeout", "starttls" if way == "starttls" else "tls")


def test_socket(connect: Opener) -> None:
    """The server stops reading in the middle of a large message."""

    def dialogue(peer: Peer) -> None:
        peer.shrink_buffers()
        peer.greet()
        peer.envelope()
        agreed.set()
        assert timed_out.wait(PATIENCE)

    agreed, timed_out = threading.Event(), threading.Event()
    connection = connect(dialogue, socket_timeout=LIMIT)
    with connection.drive.held():
        connection.start_connect()
        sending = connection.start_send(b"x" * 40_000_000)
    assert agreed.wait(PATIENCE)
    connect.drive.advance_past(LIMIT)
    failure = sending.fails("ETIMEDOUT")
    timed_out.set()
    check(failure, "socket_timeout", "message")
    assert sending.result().statuses == [NOT_TRIED]


def test_stream_that_waits_for_a_reply(connect: Opener) -> None:
    """Without PIPELINING a chunk waits for the reply to the one before it, which has its
    time."""
    dialogue = script(
        greets(b"CHUNKING"),
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        b"BDAT ",
        Peer.until_closed,
    )
    server = connect.server(dialogue)
    connection = connect.opened(server, chunking=1, final_reply_timeout=LIMIT)
    message = connect.drive.reader(b"x" * 9_000, b"y" * 9_000)
    sending = connection.start_send(message=message)
    server.wait_for(b"BDAT ")
    connect.drive.advance_past(LIMIT)
    check(sending.fails("ETIMEDOUT"), "final_reply_timeout", "message")


@pytest.mark.parametrize("is_ahead", [False, True])
@pytest.mark.parametrize(
    "limit", ["socket_timeout", "command_timeout", "final_reply_timeout", "operation_timeout"]
)
def test_limits_spare_an_answer_in_time(connect: Opener, limit: str, is_ahead: bool) -> None:
    """Many short operations may together take longer than any limit of one, those too
    whose envelopes leave with the end of the message before."""
    pace = Pace()

    def dialogue(peer: Peer) -> None:
        peer.greet(*[b"PIPELINING"][: int(is_ahead)])
        for number in range(8):
            if is_ahead and number > 0:
                peer.answer(b"RSET", b"250 ok")
            peer.envelope()
            peer.content()
            pace.take_turn()
            peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue, **{limit: LIMIT})
    with connection.drive.held():
        sends = [connection.start_send() for _ in range(8)]
    pace.give_turns(connect.drive, 8, LIMIT * 6 // 10)
    connection.start_quit().succeeds()
    for sending in sends:
        sending.succeeds()


def test_message_sent_ahead_has_its_own_time(connect: Opener) -> None:
    """Also where the one before it goes on later: each takes more than half of the limit."""
    pace = Pace()

    def transaction(peer: Peer, *recipients: bytes, is_first: bool = False) -> None:
        if not is_first:
            peer.expect(b"RSET")
        peer.expect(b"MAIL FROM:")
        for recipient in recipients:
            peer.expect(b"RCPT TO:<" + recipient + b">")
        peer.octets(int(peer.expect(b"BDAT ").split()[1]))

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        transaction(peer, b"one@example.com", b"two@example.com", is_first=True)
        pace.take_turn()
        peer.reply(b"250 ok", b"250 ok", b"452 4.5.3 too many", b"250 queued")
        transaction(peer, b"three@example.com")
        pace.take_turn()
        peer.reply(b"250 reset", b"250 ok", b"250 ok", b"250 queued")
        transaction(peer, b"two@example.com")
        peer.reply(b"250 reset", b"250 ok", b"250 ok", b"250 queued")
        peer.quit()

    connection = connect.opened(dialogue, chunking=2, operation_timeout=LIMIT)
    with connection.drive.held():
        sends = [
            connection.start_send(recipients=recipients)
            for recipients in (["one@example.com", "two@example.com"], ["three@example.com"])
        ]
    pace.give_turns(connect.drive, 2, LIMIT * 57 // 100)
    for sending in sends:
        sending.succeeds()
    connection.start_quit().succeeds()


# --- before there is a connection -------------------------------------------


def test_connection(connect: Opener) -> None:
    with full_listener() as port:
        connection = connect.drive.connection(host="127.0.0.1", port=port, connection_timeout=LIMIT)
        opening = connection.start_connect()
        connect.drive.advance(LIMIT)
        failure = opening.fails("ETIMEDOUT")
        check(failure, "connection_timeout", "connect")
        assert failure.address == f"127.0.0.1:{port}"


def test_operation_while_connecting(connect: Opener) -> None:
    with full_listener() as port:
        connection = connect.drive.connection(host="127.0.0.1", port=port, operation_timeout=LIMIT)
        opening = connection.start_connect()
        connect.drive.advance(LIMIT)
        check(opening.fails("ETIMEDOUT"), "operation_timeout", "connect")


@pytest.mark.parametrize("how", ["close", "free", "cancel"])
def test_ended_while_connecting(connect: Opener, how: str) -> None:
    with full_listener() as port:
        connection = connect.drive.connection(host="127.0.0.1", port=port)
        opening = connection.start_connect()
        sending = connection.start_send()
        getattr(connection, how)()
        assert opening.fails("ECANCELLED").phase == "connect"
        sending.fails("ECANCELLED")


@pytest.mark.parametrize(
    ("case", "error", "word", "retry"),
    [
        ("unknown", "EDNS", "nowhere.example", RETRY_NO),
        ("failing", "EDNS", "nowhere.example", RETRY_SAFE),
        ("slow", "ETIMEDOUT", "dns_timeout", RETRY_SAFE),
    ],
)
def test_resolving(case: str, error: str, word: str, retry: int) -> None:
    """The name servers deny the name, fail for now, or never answer."""
    told = resolving(case)
    assert told["error"] == error
    assert word in told["message"]
    assert told["phase"] == "dns"
    assert told["retry"] == retry


def test_threads_that_resolve_are_bounded() -> None:
    """A name whose servers do not answer keeps its thread long after dns_timeout. However many
    such names there are, the threads stay few; and the next name is resolved as soon as there
    is room."""
    told = resolving("many")
    assert told["errors"] == ["ETIMEDOUT"] * 100
    assert 1 <= told["threads"] <= 64
    assert told["connected"]
