"""Whether a message was refused for now or never tried: code and retry of the error tell, as
the header says, without a look at the recipients."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.outcomes import NOT_TRIED, RETRY_NO, RETRY_SAFE, Failure
from support.script import script
from support.scripted import Peer
from support.slowness import LIMIT

RECIPIENTS = ["a@example.com", "b@example.com"]


def is_refused_for_now(failure: Failure) -> bool:
    """The rule of the header."""
    return failure.retry == RETRY_SAFE and failure.name in ("EENVELOPE", "EMESSAGE")


def is_never_tried(failure: Failure) -> bool:
    return failure.retry == RETRY_SAFE and failure.name not in ("EENVELOPE", "EMESSAGE")


def envelope(peer: Peer, *replies: bytes) -> None:
    """A reply to each of MAIL and the two RCPT, all at once, as far as there are any."""
    peer.greet(b"PIPELINING")
    for command in (b"MAIL FROM:", b"RCPT TO:", b"RCPT TO:", b"DATA"):
        peer.expect(command)
    peer.reply(*replies)


@pytest.mark.parametrize(
    "replies",
    [
        (b"250 ok", b"450 4.2.0 later", b"450 4.2.0 later", b"503 nobody"),
        (b"250 ok", b"450 later", b"550 5.1.1 no such user", b"503 nobody"),
        (b"250 ok", b"552 too many recipients", b"552 too many recipients", b"503 nobody"),
        (b"250 ok", b"250 ok", b"250 ok", b"451 4.3.0 later"),
        (b"451 4.7.1 greylisted", b"503 first MAIL", b"503 first MAIL", b"503 first MAIL"),
        # The connection is lost after that.
        (b"451 4.7.1 greylisted",),
        (b"250 ok", b"450 4.2.0 later", b"450 4.2.0 later"),
    ],
)
def test_envelope_refused_for_now(connect: Opener, replies: tuple[bytes, ...]) -> None:
    def dialogue(peer: Peer) -> None:
        envelope(peer, *replies)
        peer.close()

    failure = connect.opened(dialogue).start_send(recipients=RECIPIENTS).fails("EENVELOPE")
    assert is_refused_for_now(failure)


@pytest.mark.parametrize("reply", [b"452 4.3.1 disk full", b"421 4.3.2 shutting down"])
def test_content_refused_for_now(connect: Opener, reply: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        envelope(peer, b"250 ok", b"250 ok", b"250 ok", b"354 go")
        peer.content()
        peer.reply(reply)
        peer.close()

    failure = connect.opened(dialogue).start_send(recipients=RECIPIENTS).fails("EMESSAGE")
    assert is_refused_for_now(failure)


@pytest.mark.parametrize(
    "replies", [(), (b"421 4.3.2 shutting down",), (b"250 ok", b"250 ok", b"250 ok")]
)
def test_lost_before_the_content(connect: Opener, replies: tuple[bytes, ...]) -> None:
    """Before MAIL was answered, or later, but before anything was decided: the one that was
    under way and the one that waited."""

    def dialogue(peer: Peer) -> None:
        envelope(peer, *replies)
        peer.close()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        sends = [connection.start_send(recipients=RECIPIENTS) for _ in range(2)]
    for sending in sends:
        assert is_never_tried(sending.fails("ECONNECTION"))
        assert sending.result().statuses == [NOT_TRIED, NOT_TRIED]


@pytest.mark.parametrize(
    "behind", [(), (b"503 first MAIL", b"503 first MAIL", b"354 go")], ids=["lost", "left"]
)
def test_another_was_refused(connect: Opener, behind: tuple[bytes, ...]) -> None:
    """The verdict on one message is none on the next, which waits when the connection is lost,
    or left because the server takes content from a sender that it refused."""

    def dialogue(peer: Peer) -> None:
        envelope(peer, b"451 4.7.1 greylisted", *behind)
        peer.close()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        first, second = (connection.start_send(recipients=RECIPIENTS) for _ in range(2))
    assert is_refused_for_now(first.fails("EENVELOPE"))
    assert is_never_tried(second.fails("ECONNECTION"))


@pytest.mark.parametrize("greeting", [b"", b"421 4.3.2 busy", b"450 later"])
def test_never_greeted(connect: Opener, greeting: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        if greeting:
            peer.reply(greeting)
        peer.close()

    connection = connect(dialogue)
    with connection.drive.held():
        opening = connection.start_connect()
        sending = connection.start_send(recipients=RECIPIENTS)
    assert opening.wait().error is not None
    failure = sending.wait().error
    assert failure is not None
    assert is_never_tried(failure)


@pytest.mark.parametrize("deed", ["cancel", "close", "free"])
def test_ended_by_the_caller_while_queued(connect: Opener, deed: str) -> None:
    def dialogue(peer: Peer) -> None:
        envelope(peer)
        reached.set()
        peer.until_closed()

    reached = threading.Event()
    connection = connect.opened(dialogue)
    with connection.drive.held():
        sends = [connection.start_send(recipients=RECIPIENTS) for _ in range(2)]
    assert reached.wait(PATIENCE)
    getattr(connection, deed)()
    for sending in sends:
        assert is_never_tried(sending.fails("ECANCELLED"))


def test_timed_out_before_it_was_sent(connect: Opener) -> None:
    server = connect.server(script(envelope, Peer.until_closed))
    connection = connect.opened(server, command_timeout=LIMIT)
    with connection.drive.held():
        sends = [connection.start_send(recipients=RECIPIENTS) for _ in range(2)]
    server.wait_for(b"DATA")
    connect.drive.advance_past(LIMIT)
    for sending in sends:
        assert is_never_tried(sending.fails("ETIMEDOUT"))


@pytest.mark.parametrize("code", [b"550", b"554"])
def test_neither(connect: Opener, code: bytes) -> None:
    """Refused for good."""

    def dialogue(peer: Peer) -> None:
        envelope(peer, b"250 ok", code + b" no", code + b" no", b"503 nobody")
        peer.quit()

    connection = connect.opened(dialogue)
    failure = connection.start_send(recipients=RECIPIENTS).fails("EENVELOPE")
    assert failure.retry == RETRY_NO
    assert not is_refused_for_now(failure)
    assert not is_never_tried(failure)
    connection.start_quit().succeeds()
