"""Servers that say how much they take (LIMITS, RFC 9422)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.modes import OPTIMISTIC
from support.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.script import delivers, greets, says, script, takes
from support.scripted import Peer
from support.strict import StrictServer, Verdict, judging

NAMES = ["a@x.example", "b@y.example", "c@X.example", "d@z.example", "e@y.example"]


def octets(*places: int) -> list[bytes]:
    return [NAMES[place].encode() for place in places]


def test_rcptmax(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"LIMITS RCPTMAX=2 MAILMAX=100")
        contents = {peer.delivery(*octets(*places)) for places in ((0, 1), (2, 3), (4,))}
        assert len(contents) == 1
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 5
    connection.start_quit().succeeds()


def test_rcptdomainmax(connect: Opener) -> None:
    """Domains in whatever case."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"LIMITS RCPTDOMAINMAX=1")
        for places in ((0, 2), (1, 4), (3,)):
            peer.delivery(*octets(*places))
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 5
    assert [line.recipient for line in sending.result().recipients] == NAMES
    connection.start_quit().succeeds()


def test_the_first_are_all_refused(connect: Opener) -> None:
    """The others get the message all the same."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"LIMITS RCPTMAX=2")
        peer.answer(b"MAIL FROM:", b"250 ok")
        for place in (0, 1):
            peer.answer(b"RCPT TO:<" + octets(place)[0] + b">", b"550 5.1.1 no one")
        peer.answer(b"RSET", b"250 ok")
        peer.delivery(*octets(2, 3))
        peer.delivery(*octets(4))
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [REJECTED] * 2 + [ACCEPTED] * 3
    connection.start_quit().succeeds()


def test_message_that_can_be_read_once(connect: Opener) -> None:
    """It goes to as many as the server takes."""
    dialogue = script(greets(b"LIMITS RCPTMAX=2"), delivers(*octets(0, 1)), Peer.quit)
    connection = connect.opened(dialogue)
    message = connection.drive.reader(b"Subject: x\r\n\r\nx\r\n")
    sending = connection.start_send(recipients=NAMES, message=message)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 2 + [NOT_TRIED] * 3
    connection.start_quit().succeeds()


def test_message_that_is_refused(connect: Opener) -> None:
    """The others would hear the same."""
    dialogue = script(
        greets(b"LIMITS RCPTMAX=2"),
        takes(*octets(0, 1)),
        Peer.content,
        says(b"554 5.6.0 no"),
        Peer.quit_after_reset,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.fails("EMESSAGE")
    assert sending.result().statuses == [REJECTED] * 2 + [NOT_TRIED] * 3
    connection.start_quit().succeeds()


def test_mailmax(connect: Opener) -> None:
    """What is too much is not tried, and can go over another connection."""

    strict = StrictServer((b"PIPELINING", b"LIMITS MAILMAX=2"))
    connection = connect.opened(strict)
    sendings = [connection.start_send() for _ in range(4)]
    for sending in sendings[:2]:
        sending.succeeds()
    for sending in sendings[2:]:
        failure = sending.fails("ESTATE")
        assert "MAILMAX" in failure.message
        assert failure.retry == RETRY_SAFE
        assert sending.result().statuses == [NOT_TRIED]
    connection.start_quit().succeeds()
    connect.join()
    assert len(strict.deliveries) == 2


def test_what_is_no_limit(connect: Opener) -> None:
    dialogue = script(
        greets(b"LIMITS RCPTMAX=0 MAILMAX=x RCPTDOMAINMAX FUTURE=1"),
        delivers(*octets(0, 1, 2, 3, 4)),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 5
    connection.start_quit().succeeds()


LIMITED = (b"PIPELINING", b"LIMITS RCPTMAX=2")


def test_after_a_message_with_further_recipients(connect: Opener) -> None:
    """Whatever goes first, everybody gets what is theirs, once."""
    strict = StrictServer(LIMITED)
    connection = connect.opened(strict)
    with connection.drive.held():
        sendings = [connection.start_send(recipients=NAMES, sender=name) for name in NAMES[:3]]
    for sending in sendings:
        sending.succeeds()
        assert sending.result().statuses == [ACCEPTED] * 5
    connection.start_quit().succeeds()
    connect.join()
    copies = sorted((copy.sender, copy.recipient) for copy in strict.deliveries)
    assert copies == sorted(
        (sender.encode(), recipient.encode()) for sender in NAMES[:3] for recipient in NAMES
    )


@pytest.mark.parametrize(
    ("what", "about", "rest"),
    [
        ("MAIL", b"other@example.com", [NOT_TRIED] * 3),
        ("end", b"other@example.com", [NOT_TRIED] * 3),
        ("RCPT", NAMES[2].encode(), [NOT_TRIED] * 3),
        ("RCPT", NAMES[4].encode(), [ACCEPTED] * 2 + [NOT_TRIED]),
    ],
)
def test_lost_before_the_rest(connect: Opener, what: str, about: bytes, rest: list[int]) -> None:
    """Those who have the message stay accepted: told that they were not tried, the
    caller would send it to them again."""
    strict = StrictServer(LIMITED, judging({(what, about): Verdict(None, "before")}))
    connection = connect.opened(strict)
    with connection.drive.held():
        first = connection.start_send(recipients=NAMES)
        second = connection.start_send(sender="other@example.com")
    done, second_done = first.wait(), second.wait()
    connection.wait_end()
    connect.join()
    assert done.error is None
    assert first.result().statuses == [ACCEPTED] * 2 + rest
    got_it = [line.recipient for line in first.result().recipients if line.status == ACCEPTED]
    if second_done.error is None or second.result().statuses == [UNKNOWN]:
        got_it.append("b@example.com")
    assert sorted(copy.recipient.decode() for copy in strict.deliveries) == sorted(got_it)


@pytest.mark.parametrize("has_follower", [False, True])
def test_rest_when_the_session_has_ended(connect: Opener, has_follower: bool) -> None:
    """What the server did wrong is no verdict on the recipients that had a transaction ahead of
    them."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        for command in (b"MAIL FROM:", b"RCPT TO:", b"RCPT TO:"):
            peer.expect(command)
        peer.octets(int(peer.expect(b"BDAT ").split()[1]))
        peer.reply(b"250 ok", b"550 5.1.1 no one", b"452 4.5.3 too many", b"250 fine")
        peer.until_closed()

    server = connect.server(dialogue)
    connection = connect.opened(server, **OPTIMISTIC.options)
    with connection.drive.held():
        first = connection.start_send(recipients=NAMES[:2])
        following = [connection.start_send() for _ in range(int(has_follower))]
    failure = first.fails("EPROTOCOL")
    assert failure.retry == RETRY_SAFE
    assert failure.message.startswith("not tried: ")
    assert failure.address == f"{server.host}:{server.port}"
    assert first.result().statuses == [REJECTED, DEFERRED]
    for operation in following:
        # All of it left with its envelope.
        assert operation.fails("EPROTOCOL").retry == RETRY_UNKNOWN
        assert operation.result().statuses == [UNKNOWN]
    connection.wait_end()


def test_why_a_rest_that_waits_is_not_tried(connect: Opener) -> None:
    """The rest of a message waits while the next one is on its way, and the connection ends:
    each recipient of the rest says why."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*LIMITED)
        peer.expect(b"MAIL FROM:<a@example.com>")
        for place in (0, 1):
            peer.expect(b"RCPT TO:<" + octets(place)[0] + b">")
        peer.answer(b"DATA", b"250 ok", b"250 ok", b"250 ok", b"354 go")
        peer.content()
        peer.expect(b"RSET")
        peer.answer(b"MAIL FROM:<other@example.com>", b"250 queued")

    connection = connect.opened(dialogue)
    with connection.drive.held():
        first = connection.start_send(recipients=NAMES)
        second = connection.start_send(sender="other@example.com")
    first.succeeds()
    assert second.wait().error is not None
    connection.wait_end()
    connect.join()
    assert first.result().statuses == [ACCEPTED] * 2 + [NOT_TRIED] * 3
    for line in first.result().recipients[2:]:
        assert line.error is not None
        assert (line.error.retry, line.error.response) == (RETRY_SAFE, None)
        assert line.error.recipient == line.recipient
        assert line.error.message.startswith("not tried: ")


TOO_MANY = b"452 4.5.3 too many"


@pytest.mark.parametrize(
    ("limits", "transactions", "statuses"),
    [
        ([b"LIMITS RCPTMAX=2"], [[b"550 no"] * 2], [REJECTED] * 2 + [NOT_TRIED] * 3),
        (
            [b"LIMITS RCPTMAX=2"],
            [[b"250 ok"] * 2, [b"550 no"] * 2],
            [ACCEPTED] * 2 + [REJECTED] * 2 + [NOT_TRIED],
        ),
        (
            [],
            [[b"250 ok"] * 2 + [TOO_MANY] * 3, [b"550 no", TOO_MANY, TOO_MANY]],
            [ACCEPTED] * 2 + [REJECTED] + [DEFERRED] * 2,
        ),
    ],
    ids=["the first", "the second", "the second and no limit"],
)
def test_lost_after_refused_recipients(
    connect: Opener, limits: list[bytes], transactions: list[list[bytes]], statuses: list[int]
) -> None:
    """Others might follow, but the connection ends first: every recipient has a status."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", *limits)
        for replies in transactions:
            peer.expect(b"MAIL FROM:")
            for _ in replies:
                peer.expect(b"RCPT TO:")
            peer.expect(b"DATA")
            is_last = replies is transactions[-1]
            peer.reply(b"250 ok", *replies, *([] if is_last else [b"354 go"]))
            if not is_last:
                peer.content()
                peer.reply(b"250 queued")

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    done = sending.wait()
    connection.wait_end()
    connect.join()
    result = sending.result()
    assert [line.recipient for line in result.recipients] == NAMES
    assert result.statuses == statuses
    # Who has the message must not get it again.
    assert (done.error is None) == (ACCEPTED in statuses)
