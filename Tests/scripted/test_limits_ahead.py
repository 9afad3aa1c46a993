"""Limits of a server (RFC 9422, and 452 of RFC 5321 section 4.5.3.1.10) while several
messages are on their way: what is too much is not tried, and no recipient gets two copies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conftest import Opener
from support.drive.connection import Connection, Operation
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    UNKNOWN,
)
from support.messages.modes import Mode, in_every_mode, in_groups
from support.messages.numbered import (
    LOST,
    SENT,
    content,
    delivered,
    mailboxes,
    outcome,
    start,
    true_of,
)
from support.servers.strict import FINE, StrictServer, Verdict, judging

TOO_MANY = ("ESTATE", NOT_TRIED, RETRY_SAFE)


# --- messages over one connection --------------------------------------------------


@in_every_mode
@pytest.mark.parametrize("most", [1, 5, 31, 32, 33, 40])
def test_mailmax(connect: Opener, mode: Mode, most: int) -> None:
    """Reached in the middle of the messages on their way, at their end, after them."""
    strict = StrictServer((*mode.capabilities, b"LIMITS MAILMAX=%d" % most))
    connection = connect.opened(strict, **mode.options)
    operations = start(connection, 40)
    expected = [SENT] * most + [TOO_MANY] * (40 - most)
    assert [outcome(operation) for operation in operations] == expected
    for operation in operations[most:]:
        assert "MAILMAX" in operation.fails("ESTATE").message
    connect.quit(connection)
    delivered(strict, *range(most))


@in_groups
def test_mailmax_counts_what_was_refused(connect: Opener, mode: Mode) -> None:
    """MAIL is what is counted."""
    judge = judging(
        {
            ("MAIL", b"from1@example.com"): Verdict(b"550 no"),
            ("RCPT", b"to2@example.com"): Verdict(b"550 no"),
            ("end", b"from3@example.com"): Verdict(b"554 no"),
        }
    )
    strict = StrictServer((*mode.capabilities, b"LIMITS MAILMAX=5"), judge)
    connection = connect.opened(strict, **mode.options)
    operations = start(connection, 8)
    assert [outcome(operation) for operation in operations] == [
        SENT,
        ("EENVELOPE", NOT_TRIED, RETRY_NO),
        ("EENVELOPE", REJECTED, RETRY_NO),
        ("EMESSAGE", REJECTED, RETRY_NO),
        SENT,
        *[TOO_MANY] * 3,
    ]
    connect.quit(connection)
    delivered(strict, 0, 4)


@in_groups
def test_lost_before_mailmax(connect: Opener, mode: Mode) -> None:
    """What would have been too much is not in doubt."""
    strict = StrictServer(
        (*mode.capabilities, b"LIMITS MAILMAX=4"),
        judging({("end", b"from1@example.com"): Verdict(None, "before")}),
    )
    connection = connect.opened(strict, **mode.options)
    outcomes = [outcome(operation) for operation in start(connection, 6)]
    connection.wait_end()
    connect.join()
    assert outcomes[0] == SENT
    assert outcomes[1][1] == UNKNOWN
    assert [status for _, status, _ in outcomes[2:4]] == [
        UNKNOWN if mode.is_optimistic else NOT_TRIED
    ] * 2
    assert outcomes[4:] == [LOST] * 2
    true_of(strict, outcomes)


@pytest.mark.parametrize("limit", [b"LIMITS MAILMAX=1", b"LIMITS RCPTMAX=1 RCPTDOMAINMAX=1"])
@in_groups
def test_limits_that_are_ignored(connect: Opener, mode: Mode, limit: bytes) -> None:
    strict = StrictServer((*mode.capabilities, limit))
    names = ["x@a.example", "y@b.example"]
    connection = connect.opened(strict, ignored_capabilities="limits", **mode.options)
    with connection.drive.held():
        operations = [connection.start_send(recipients=names) for _ in range(4)]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    assert len(strict.deliveries) == 8
    assert b"".join(strict.groups).count(b"MAIL FROM:") == 4


@pytest.mark.parametrize("keyword", ["CHUNKING", "PIPELINING", "CHUNKING PIPELINING", "8BITMIME"])
@in_groups
def test_capabilities_that_are_ignored(connect: Opener, mode: Mode, keyword: str) -> None:
    """Messages travel in the way that is left."""
    left = tuple(each for each in mode.capabilities if each.decode() not in keyword.split())
    strict = StrictServer(mode.capabilities, is_one_at_a_time=b"PIPELINING" not in left)
    connection = connect.opened(strict, ignored_capabilities=keyword, **mode.options)
    for operation in start(connection, 5):
        operation.succeeds()
    connect.quit(connection)
    delivered(strict, *range(5))
    has_chunks = mode.has_chunks and b"CHUNKING" in left
    assert len(strict.chunks) == 5 * has_chunks
    assert (b"DATA\r\n" in b"".join(strict.groups)) is not has_chunks


# --- recipients of one message -------------------------------------------------------


@dataclass
class FewRecipients:
    """A server that takes two at a time, and says so only when there are more: a judge."""

    reply: bytes
    count: int = 0

    def __call__(self, what: str, _: bytes) -> Verdict:
        if what == "MAIL":
            self.count = 0
        if what == "RCPT":
            self.count += 1
            if self.count > 2:
                return Verdict(self.reply)
        return FINE


def recipients(number: int) -> list[str]:
    return [f"{place}-{mailboxes(number)[1]}" for place in range(5)]


def start_many(connection: Connection) -> list[Operation]:
    with connection.drive.held():
        return [
            connection.start_send(content(number), mailboxes(number)[0], recipients(number))
            for number in range(6)
        ]


@pytest.mark.parametrize("how", ["LIMITS RCPTMAX=2", "452 4.5.3 too many", "452 too many"])
@in_every_mode
def test_few_recipients_at_a_time(connect: Opener, mode: Mode, how: str) -> None:
    """The rest of a message goes behind what is on its way. Each recipient has one copy of
    what is theirs."""
    if how.startswith("LIMITS"):
        strict = StrictServer((*mode.capabilities, how.encode()))
    else:
        strict = StrictServer(mode.capabilities, FewRecipients(how.encode()))
    connection = connect.opened(strict, **mode.options)
    for operation in start_many(connection):
        operation.succeeds()
        assert operation.result().statuses == [ACCEPTED] * 5
    connect.quit(connection)
    copies = sorted((copy.sender, copy.recipient, copy.content) for copy in strict.deliveries)
    assert copies == sorted(
        (mailboxes(number)[0].encode(), name.encode(), content(number))
        for number in range(6)
        for name in recipients(number)
    )


@in_groups
def test_mailmax_before_the_rest(connect: Opener, mode: Mode) -> None:
    """No transaction is left for the recipients that remain: those who have the message
    have it."""
    strict = StrictServer((*mode.capabilities, b"LIMITS RCPTMAX=2 MAILMAX=2"))
    connection = connect.opened(strict, **mode.options)
    with connection.drive.held():
        first = connection.start_send(recipients=recipients(0))
        second = connection.start_send(recipients=recipients(1))
    statuses = [first.result().statuses, second.result().statuses]
    connect.quit(connection)
    arrived = {copy.recipient.decode() for copy in strict.deliveries}
    assert len(strict.deliveries) == len(arrived) == 4
    for number, found in enumerate(statuses):
        wanted = [ACCEPTED if name in arrived else NOT_TRIED for name in recipients(number)]
        assert found == wanted


@in_groups
def test_a_rest_that_is_deferred(connect: Opener, mode: Mode) -> None:
    """A server that takes none of them when they come again has said so."""

    def judge(what: str, about: bytes) -> Verdict:
        is_first = about in (b"0-to1@example.com", b"1-to1@example.com")
        return FINE if what != "RCPT" or is_first else Verdict(b"452 4.5.3 too many")

    strict = StrictServer(mode.capabilities, judge)
    connection = connect.opened(strict, **mode.options)
    sending = connection.start_send(recipients=recipients(1))
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED] * 2 + [DEFERRED] * 3
    # The refusal does not hide the queue identifier of the message.
    assert result.response is not None
    assert result.response.startswith("250 ")
    connect.quit(connection)
    assert len(strict.deliveries) == 2
