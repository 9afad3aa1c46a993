"""Servers that say how much they take (LIMITS, RFC 9422)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.messages.modes import OPTIMISTIC
from support.servers.scripted import Peer
from support.servers.strict import StrictServer, Verdict, judging

NAMES = ["a@x.example", "b@y.example", "c@X.example", "d@z.example", "e@y.example"]


def octets(*places: int) -> list[bytes]:
    return [NAMES[place].encode() for place in places]


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
