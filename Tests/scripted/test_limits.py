"""Servers that say how much they take (LIMITS, RFC 9422)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    ACCEPTED,
    NOT_TRIED,
    UNKNOWN,
)
from support.servers.strict import StrictServer, Verdict, judging

NAMES = ["a@x.example", "b@y.example", "c@X.example", "d@z.example", "e@y.example"]


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
    connect.quit(connection)
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
