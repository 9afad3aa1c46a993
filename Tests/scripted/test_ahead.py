"""The next envelope leaves with the end of the message before it (RFC 2920 section
3.1), and whatever fails meanwhile, each message has its own result."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from conftest import Opener
from support.drive.outcomes import DEFERRED, NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.messages.numbered import (
    IN_DOUBT,
    LOST,
    SENT,
    Outcome,
    content_as_sent,
    delivered,
    envelope,
    envelope_ahead,
    mailboxes,
    outcome,
    start,
    start_one,
    true_of,
)
from support.servers.scripted import CRLF
from support.servers.strict import (
    Ending,
    StrictServer,
    Verdict,
    at_once,
    by_octet,
    judging,
)

# --- round trips ------------------------------------------------------------


def test_same_write(connect: Opener) -> None:
    """The end of a message and the next envelope arrive in one piece."""
    strict = StrictServer()
    connection = connect.opened(strict)
    for operation in start(connection, 3):
        operation.succeeds()
    connect.quit(connection)
    ends = [content_as_sent(number) for number in range(3)]
    assert strict.groups[1:] == [
        envelope(0),
        ends[0] + envelope_ahead(1),
        ends[1] + envelope_ahead(2),
        ends[2],
        b"QUIT\r\n",
    ]


def test_large_message(connect: Opener) -> None:
    """The end of one that takes many writes, too, takes the next envelope along."""
    large = b"x" * 70 + CRLF
    strict = StrictServer()
    connection = connect.opened(strict)
    strict.holds_until = [b"DATA"] * 3 + [b"."]
    with connection.drive.held():
        operations = [connection.start_send(large * 20_000) for _ in range(3)]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    assert [delivery.content for delivery in strict.deliveries] == [large * 20_000] * 3


# --- what the server refuses ------------------------------------------------


@pytest.mark.parametrize("answering", [at_once, by_octet])
@pytest.mark.parametrize(
    ("what", "number", "reply", "expected"),
    [
        ("end", 0, b"554 no", [("EMESSAGE", REJECTED, RETRY_NO), SENT, SENT]),
        ("end", 0, b"451 later", [("EMESSAGE", DEFERRED, RETRY_SAFE), SENT, SENT]),
        ("end", 0, b"421 bye", [("EMESSAGE", DEFERRED, RETRY_SAFE), LOST, LOST]),
        ("end", 1, b"554 no", [SENT, ("EMESSAGE", REJECTED, RETRY_NO), SENT]),
        ("MAIL", 1, b"550 no", [SENT, ("EENVELOPE", NOT_TRIED, RETRY_NO), SENT]),
        ("MAIL", 1, b"450 later", [SENT, ("EENVELOPE", NOT_TRIED, RETRY_SAFE), SENT]),
        ("MAIL", 1, b"421 bye", [SENT, LOST, LOST]),
        ("RCPT", 1, b"550 no", [SENT, ("EENVELOPE", REJECTED, RETRY_NO), SENT]),
        ("RCPT", 1, b"450 later", [SENT, ("EENVELOPE", DEFERRED, RETRY_SAFE), SENT]),
        ("RCPT", 1, b"421 bye", [SENT, LOST, LOST]),
        ("DATA", 1, b"554 no", [SENT, ("EENVELOPE", REJECTED, RETRY_NO), SENT]),
        ("DATA", 1, b"451 later", [SENT, ("EENVELOPE", DEFERRED, RETRY_SAFE), SENT]),
        ("DATA", 1, b"421 bye", [SENT, LOST, LOST]),
    ],
)
def test_refused(
    connect: Opener,
    answering: Callable[[bytes], Iterable[bytes]],
    what: str,
    number: int,
    reply: bytes,
    expected: list[Outcome],
) -> None:
    """Something about the first, or about the second while the first may still be
    under way, and a third."""
    about = mailboxes(number)[what == "RCPT"].encode()
    judge = judging({(what, about): Verdict(reply)})
    strict = StrictServer(judge=judge, answering=answering)
    connection = connect.opened(strict)
    operations = start(connection, 3)
    assert [outcome(operation) for operation in operations] == expected
    failure = operations[number].wait().error
    assert failure is not None
    assert failure.response == reply.decode()
    if LOST not in expected:
        connection.start_quit().succeeds()
    connect.join()
    delivered(strict, *[number for number in range(3) if expected[number] == SENT])


def test_a_dot_without_recipients(connect: Opener) -> None:
    """The server accepts DATA although there is no recipient (RFC 2920
    section 3.1): the third follows a lone dot and RSET."""
    judge = judging({("RCPT", b"to1@example.com"): Verdict(b"550 no")})
    strict = StrictServer(judge=judge, agrees_to_nobody=True)
    connection = connect.opened(strict)
    operations = start(connection, 3)
    refusal = ("EENVELOPE", REJECTED, RETRY_NO)
    assert [outcome(operation) for operation in operations] == [SENT, refusal, SENT]
    connect.quit(connection)
    delivered(strict, 0, 2)
    assert strict.groups[3:5] == [b".\r\n", b"RSET\r\n" + envelope(2)]


# --- the server goes away ---------------------------------------------------


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    ("what", "number", "ending", "expected"),
    [
        ("end", 0, "before", [IN_DOUBT, LOST, LOST]),
        ("end", 0, "within", [IN_DOUBT, LOST, LOST]),
        ("end", 0, "behind", [SENT, LOST, LOST]),
        ("MAIL", 1, "before", [SENT, LOST, LOST]),
        ("MAIL", 1, "within", [SENT, LOST, LOST]),
        ("MAIL", 1, "behind", [SENT, LOST, LOST]),
        ("RCPT", 1, "before", [SENT, LOST, LOST]),
        ("RCPT", 1, "within", [SENT, LOST, LOST]),
        ("RCPT", 1, "behind", [SENT, LOST, LOST]),
        ("DATA", 1, "before", [SENT, LOST, LOST]),
        ("DATA", 1, "within", [SENT, LOST, LOST]),
        ("end", 1, "before", [SENT, IN_DOUBT, LOST]),
    ],
)
def test_lost(
    connect: Opener, resets: bool, what: str, number: int, ending: Ending, expected: list[Outcome]
) -> None:
    about = mailboxes(number)[what == "RCPT"].encode()
    strict = StrictServer(judge=judging({(what, about): Verdict(None, ending, resets)}))
    connection = connect.opened(strict)
    outcomes = [outcome(operation) for operation in start(connection, 3)]
    connection.wait_end()
    connect.join()
    assert outcomes == expected
    true_of(strict, outcomes)


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_lost_after_354(connect: Opener, resets: bool) -> None:
    """The content may have left before that was seen, or not."""
    judge = judging({("DATA", b"from1@example.com"): Verdict(None, "behind", resets)})
    strict = StrictServer(judge=judge)
    connection = connect.opened(strict)
    outcomes = [outcome(operation) for operation in start(connection, 3)]
    connection.wait_end()
    connect.join()
    assert outcomes in ([SENT, LOST, LOST], [SENT, IN_DOUBT, LOST])
    delivered(strict, 0)


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_lost_in_the_content(connect: Opener, resets: bool) -> None:
    """In the middle of the second, which is more than fits on the way."""
    judge = judging({("content", b"from1@example.com"): Verdict(None, "before", resets)})
    strict = StrictServer(judge=judge)
    connection = connect.opened(strict)
    with connection.drive.held():
        large = connection.drive.message(b"x" * 20_000_000)
        messages = [None, large, None]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
    outcomes = [outcome(operation) for operation in operations]
    connection.wait_end()
    connect.join()
    assert outcomes == [SENT, LOST, LOST]
    delivered(strict, 0)
