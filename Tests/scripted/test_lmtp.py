"""LMTP: the same dialogue, but for LHLO and a final reply for each recipient (RFC 2033)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.servers.certificates import Certificates
from support.servers.script import delivers, script
from support.servers.scripted import Peer

NAMES = ["one@example.com", "two@example.com", "three@example.com"]


def lhlo(peer: Peer, *capabilities: bytes) -> None:
    """Answers LHLO with these keywords."""
    peer.expect(b"LHLO client.test")
    lines = [b"test.local", *capabilities]
    peer.reply(*[b"250-" + line for line in lines[:-1]], b"250 " + lines[-1])


def greet(peer: Peer, *capabilities: bytes) -> None:
    peer.reply(b"220 test.local LMTP")
    lhlo(peer, *capabilities)


def envelope(peer: Peer, *replies: bytes) -> None:
    """MAIL and RCPT for each of NAMES, which get these replies, and DATA."""
    peer.answer(b"MAIL FROM:<a@example.com>", b"250 2.1.0 ok")
    for name, reply in zip(NAMES, replies, strict=True):
        peer.answer(b"RCPT TO:<" + name.encode() + b">", reply)
    peer.answer(b"DATA", b"354 go")
    peer.content()


both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
OK3 = (b"250 2.1.5 ok",) * 3


@pytest.mark.parametrize("recipient", ["alice", "+shared.folder", "postmaster"])
def test_recipient_without_a_domain(connect: Opener, recipient: str) -> None:
    connection = connect.opened(script(greet, delivers(recipient.encode()), Peer.quit), lmtp=1)
    sending = connection.start_send(recipients=[recipient])
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED]
    connection.start_quit().succeeds()


@both
def test_all_delivered(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    def dialogue(peer: Peer) -> None:
        greet(peer, *capabilities)
        envelope(peer, *OK3)
        peer.reply(*[b"250 2.0.0 <%s> saved" % name.encode() for name in NAMES])
        # The next message follows without a RSET.
        peer.delivery()
        peer.quit()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED] * 3
    for line, name in zip(result.recipients, NAMES, strict=True):
        assert line.response == f"250 2.0.0 <{name}> saved"
        assert line.command == "DATA"
    connection.delivers()


@both
def test_a_fate_for_each(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """Only those that RCPT was accepted for get a final reply, in their order."""

    def dialogue(peer: Peer) -> None:
        greet(peer, *capabilities)
        envelope(peer, b"250 ok", b"550 5.1.1 no such user", b"250 ok")
        peer.reply(b"452 4.2.2 over quota")
        peer.reply(b"250 2.0.0 saved")
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    # One copy was delivered.
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [DEFERRED, REJECTED, ACCEPTED]
    full, unknown, _ = result.recipients
    assert (full.command, full.response_code, full.enhanced) == ("DATA", 452, "4.2.2")
    assert full.error is not None
    assert full.error.name == "EMESSAGE"
    assert full.error.recipient == NAMES[0]
    assert full.error.retry == RETRY_SAFE
    assert (unknown.command, unknown.response_code) == ("RCPT TO", 550)
    assert unknown.error is not None
    assert unknown.error.name == "EENVELOPE"
    connection.start_quit().succeeds()


@both
@pytest.mark.parametrize(
    ("replies", "statuses", "retry"),
    [
        ([b"550 5.2.0 no", b"450 4.2.0 later", b"550 5.2.0 no"], [2, 1, 2], RETRY_SAFE),
        ([b"550 5.2.0 no"] * 3, [2, 2, 2], RETRY_NO),
    ],
)
def test_every_copy_refused(
    connect: Opener,
    capabilities: tuple[bytes, ...],
    replies: list[bytes],
    statuses: list[int],
    retry: int,
) -> None:
    def dialogue(peer: Peer) -> None:
        greet(peer, *capabilities)
        envelope(peer, *OK3)
        # However they are cut.
        for reply in replies:
            peer.send(reply[:2], reply[2:] + b"\r\n")
        line = peer.line()
        if line == b"RSET":
            peer.reply(b"250 ok")
            line = peer.line()
        assert line.startswith(b"MAIL FROM:")
        peer.reply(b"250 ok")
        peer.answer(b"RCPT TO:<b@example.com>", b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    failure = sending.fails("EMESSAGE")
    assert failure.retry == retry
    assert failure.command == "DATA"
    assert sending.result().statuses == statuses
    connection.delivers()


def test_same_recipient_twice(connect: Opener) -> None:
    """RFC 2033 section 4.2: a reply for each RCPT, even for the same mailbox."""

    def dialogue(peer: Peer) -> None:
        greet(peer)
        peer.answer(b"MAIL FROM:", b"250 ok")
        for _ in range(2):
            peer.answer(b"RCPT TO:<b@example.com>", b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 saved", b"550 5.0.0 duplicate")
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=["b@example.com", "b@example.com"])
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED, REJECTED]
    connection.start_quit().succeeds()


def test_refused_after_the_content_only(connect: Opener) -> None:
    """One name twice, and each copy has its own end: none is taken for
    another, and who was refused has an error of its own."""
    names = ["b@example.com", "c@example.com", "b@example.com"]

    def dialogue(peer: Peer) -> None:
        greet(peer)
        peer.answer(b"MAIL FROM:", b"250 ok")
        for name in names:
            peer.answer(b"RCPT TO:<" + name.encode() + b">", b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"550 5.2.1 disabled", b"250 saved", b"250 saved")
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=names)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [REJECTED, ACCEPTED, ACCEPTED]
    errors = [line.error for line in result.recipients]
    assert errors[1:] == [None, None]
    assert errors[0] is not None
    assert errors[0].name == "EMESSAGE"
    assert errors[0].recipient == names[0]
    assert errors[0].response == "550 5.2.1 disabled"
    connection.start_quit().succeeds()


@both
def test_no_recipient_accepted(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """RFC 2033 section 4.2: DATA must fail with 503; a lone dot would get no reply."""

    def dialogue(peer: Peer) -> None:
        greet(peer, *capabilities)
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"550 5.1.1 no")
        if capabilities:
            peer.answer(b"DATA", b"503 5.5.1 no valid recipients")
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1)
    connection.start_send().fails("EENVELOPE")
    connection.start_quit().succeeds()


def test_no_recipient_accepted_and_354(connect: Opener) -> None:
    """A server that breaks that rule has no reply to the dot: whatever comes, the
    client must not wait for ever or take a later reply for it."""

    def dialogue(peer: Peer) -> None:
        greet(peer, b"PIPELINING")
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"550 5.1.1 no")
        peer.answer(b"DATA", b"354 go")
        peer.until_closed()

    connection = connect.opened(dialogue, lmtp=1, final_reply_timeout=300)
    sending = connection.start_send()
    assert sending.wait().error is not None
    assert sending.result().statuses == [REJECTED]
    connection.close()


def test_lost_between_final_replies(connect: Opener) -> None:
    """Replies that arrived count; the rest is unknown."""

    def dialogue(peer: Peer) -> None:
        greet(peer)
        envelope(peer, *OK3)
        peer.reply(b"250 2.0.0 saved", b"550 5.2.0 no")

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    failure = sending.fails("ECONNECTION")
    assert failure.retry == RETRY_UNKNOWN
    assert sending.result().statuses == [ACCEPTED, REJECTED, UNKNOWN]
    connection.wait_end()


def test_one_reply_too_many(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        greet(peer)
        envelope(peer, *OK3)
        peer.reply(b"250 a", b"250 b", b"250 c", b"250 d")
        peer.until_closed()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    assert sending.result().statuses == [ACCEPTED] * 3
    connection.breaks("EPROTOCOL")


def test_data_refused(connect: Opener) -> None:
    dialogue = script(
        greet,
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        (b"DATA", b"451 4.3.0 later"),
        Peer.quit_after_reset,
    )
    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send()
    assert sending.fails("EENVELOPE").command == "DATA"
    assert sending.result().statuses == [DEFERRED]
    connection.start_quit().succeeds()


def test_no_other_hello(connect: Opener) -> None:
    """There is no HELO to fall back to (RFC 2033 section 4.1)."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 test.local ESMTP")
        peer.answer(b"LHLO client.test", b"500 5.5.1 this is SMTP")
        rest = peer.until_closed()
        assert rest in (b"", b"QUIT\r\n"), rest

    connection = connect(dialogue, lmtp=1)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.response_code == 500
    connection.wait_end()


def test_starttls(connect: Opener, certificates: Certificates) -> None:
    def dialogue(peer: Peer) -> None:
        greet(peer, b"STARTTLS")
        peer.answer(b"STARTTLS", b"220 go")
        peer.start_tls(certificates.good)
        lhlo(peer, b"PIPELINING")
        envelope(peer, *OK3)
        peer.reply(b"250 a", b"250 b", b"250 c")
        peer.answer(b"QUIT", b"221 bye")

    connection = connect.opened(dialogue, lmtp=1)
    assert connection.info()["secure"] == 1
    assert connection.start_send(recipients=NAMES).result().accepted == 3
    connection.start_quit().succeeds()


def test_sender_refused(connect: Opener) -> None:
    dialogue = script(greet, (b"MAIL FROM:", b"550 5.7.1 no"), Peer.quit_after_reset)
    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=NAMES)
    sending.fails("EENVELOPE")
    assert sending.result().statuses == [NOT_TRIED] * 3
    connection.start_quit().succeeds()


def test_port(drive: Drive) -> None:
    """RFC 2033 section 5: never on SMTP's port."""
    failure = drive.refused_connection(lmtp=1, port=25)
    for word in ("lmtp", "25"):
        assert word in failure.message
    drive.connection(lmtp=1)
