"""A message for every recipient or for none."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED, RETRY_NO, RETRY_SAFE
from support.strict import StrictServer, Verdict, judging

NAMES = ["x@example.com", "y@example.com", "z@example.com"]
BODY = b"Subject: x\r\n\r\nbody\r\n"

both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelined"])


def envelope(connect: Opener) -> str:
    return connect.drive.envelope("a@example.com", NAMES, all_or_none=1)


@both
def test_all_are_accepted(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    strict = StrictServer((*capabilities, b"8BITMIME"))
    connection = connect.opened(strict)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 3
    connection.start_quit().succeeds()
    connect.join()
    assert [copy.recipient.decode() for copy in strict.deliveries] == NAMES


@both
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    ("reply", "status", "retry"),
    [(b"550 5.1.1 no one", REJECTED, RETRY_NO), (b"452 4.5.3 many", DEFERRED, RETRY_SAFE)],
)
def test_one_is_refused(
    connect: Opener,
    capabilities: tuple[bytes, ...],
    place: int,
    reply: bytes,
    status: int,
    retry: int,
) -> None:
    """No recipient gets it; no further transaction follows for one too many. The result
    tells who was at fault, and the next message is none the worse."""
    name = NAMES[place].encode()
    strict = StrictServer(
        (*capabilities, b"8BITMIME"), judge=judging({("RCPT", name): Verdict(reply)})
    )
    connection = connect.opened(strict)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    failure = sending.fails("EENVELOPE")
    assert failure.recipient == NAMES[place]
    assert failure.response == reply.decode()
    assert failure.retry == retry
    assert "all_or_none" in failure.message
    result = sending.result()
    assert result.statuses == [status if index == place else NOT_TRIED for index in range(3)]
    # Of the others it is known that they would have been accepted.
    codes = [line.response_code for line in result.recipients]
    assert codes == [int(reply[:3]) if index == place else 250 for index in range(3)]
    connection.delivers(recipients=["b@example.com"])
    connect.join()
    assert [copy.recipient for copy in strict.deliveries] == [b"b@example.com"]


def test_every_refusal_counts(connect: Opener) -> None:
    """For now and for good: a later try with fewer recipients may work."""
    refusals = {
        ("RCPT", b"x@example.com"): Verdict(b"450 later"),
        ("RCPT", b"z@example.com"): Verdict(b"550 no"),
    }
    strict = StrictServer(judge=judging(refusals))
    connection = connect.opened(strict)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    failure = sending.fails("EENVELOPE")
    assert (failure.recipient, failure.retry) == ("z@example.com", RETRY_SAFE)
    assert "2 of 3" in failure.message
    assert sending.result().statuses == [DEFERRED, NOT_TRIED, REJECTED]
    connection.start_quit().succeeds()
    connect.join()
    assert strict.deliveries == []


def test_too_many_and_refused(connect: Opener) -> None:
    """There is no further transaction for those who were too many."""
    replies = [b"452 4.5.3 too many", b"550 no", b"550 no"]
    refusals = {
        ("RCPT", name.encode()): Verdict(reply) for name, reply in zip(NAMES, replies, strict=True)
    }
    strict = StrictServer(judge=judging(refusals))
    connection = connect.opened(strict)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    assert sending.fails("EENVELOPE").retry == RETRY_SAFE
    assert sending.result().statuses == [DEFERRED, REJECTED, REJECTED]
    connection.start_quit().succeeds()
    connect.join()
    assert [said.what for said in strict.said].count("MAIL") == 1


def test_the_content_is_asked_for_later(connect: Opener) -> None:
    """DATA goes when all have answered: a server that has agreed cannot be stopped."""
    strict = StrictServer()
    connection = connect.opened(strict)
    connection.delivers(BODY, envelope=envelope(connect))
    connect.join()
    recipients = b"".join(b"RCPT TO:<%s>\r\n" % name.encode() for name in NAMES)
    assert strict.groups[1:4] == [
        b"MAIL FROM:<a@example.com>\r\n" + recipients,
        b"DATA\r\n",
        BODY + b".\r\n",
    ]


def test_more_than_the_server_takes(connect: Opener) -> None:
    """It could not be sent in one transaction (RCPTMAX, RFC 9422 section 4.2)."""
    strict = StrictServer((b"PIPELINING", b"LIMITS RCPTMAX=2"))
    connection = connect.opened(strict)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    failure = sending.fails("EENVELOPE")
    assert "all_or_none" in failure.message
    assert "RCPTMAX" in failure.message
    assert failure.retry == RETRY_NO
    assert sending.result().statuses == [NOT_TRIED] * 3
    connection.start_quit().succeeds()
    connect.join()
    assert strict.deliveries == []


def test_more_domains_than_the_server_takes(connect: Opener) -> None:
    """The same of RCPTDOMAINMAX (RFC 9422 section 4.3)."""
    names = ["x@one.example", "y@two.example"]
    strict = StrictServer((b"PIPELINING", b"LIMITS RCPTDOMAINMAX=1"))
    connection = connect.opened(strict)
    described = connect.drive.envelope("a@example.com", names, all_or_none=1)
    sending = connection.start_send(BODY, envelope=described)
    failure = sending.fails("EENVELOPE")
    assert "RCPTDOMAINMAX" in failure.message
    assert sending.result().statuses == [NOT_TRIED] * 2
    connection.start_quit().succeeds()
    connect.join()
    assert strict.deliveries == []


def test_lmtp(connect: Opener) -> None:
    """A copy may still be refused after the content (RFC 2033 section 4.2)."""
    judge = judging({("end", b"y@example.com"): Verdict(b"552 full")})
    strict = StrictServer(lmtp=True, judge=judge)
    connection = connect.opened(strict, lmtp=1)
    sending = connection.start_send(BODY, envelope=envelope(connect))
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED, REJECTED, ACCEPTED]
    connection.start_quit().succeeds()
