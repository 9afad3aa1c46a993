"""A server that takes its time: what it has read and what is still under way decides about what
it says, about what is in doubt, and about who is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn import RecipientStatus, Retry
from stepped import NARROW, Stepped

LINE = b"x" * 62 + b"\r\n"
# enum smtpconn_chunking
ON, OPTIMISTIC = 1, 2
Report = tuple[Any, smtpconn.Result]


@pytest.fixture
def stepped() -> Iterator[Stepped]:
    with Stepped() as made:
        yield made


@pytest.fixture
def under_tls(certificate: Path) -> Iterator[Stepped]:
    with Stepped(certificate) as made:
        yield made


def start(connection: smtpconn.Connection, message: bytes | Iterator[bytes]) -> list[Report]:
    """A send, and what becomes of it."""
    reports: list[Report] = []
    envelope = smtpconn.Envelope("a@example.org", "b@example.org")
    connection.start_send(envelope, message, lambda *report: reports.append(report))
    return reports


# --- TLS ----------------------------------------------------------------------------
#
# The client hears that octets have left a record at a time, and a message may end inside of
# what it has given to TLS.


def start_many(
    stepped: Stepped, connection: smtpconn.Connection, message: bytes, way: str
) -> list[list[Report]]:
    """More than there is room for; the first may be under way when the others come."""
    sends = [start(connection, message)]
    if way == "later":
        stepped.go_on()
    sends += [start(connection, message) for _ in range(7)]
    stepped.go_on()
    return sends


in_octets = pytest.mark.parametrize("count", [10_000, 60_000])
in_order = pytest.mark.parametrize("way", ["at once", "later"])


@in_octets
@in_order
def test_tls_replies_to_what_was_read(under_tls: Stepped, count: int, way: str) -> None:
    """A server may answer what it has, however little it has of the rest."""
    message = LINE * (count // len(LINE))
    connection = under_tls.connect("PIPELINING", "CHUNKING", chunking=OPTIMISTIC)
    sends = start_many(under_tls, connection, message, way)
    for number, reports in enumerate(sends):
        under_tls.take_until(b" LAST\r\n" + message, most=NARROW)
        del under_tls.said[: under_tls.said.index(message) + len(message)]
        if number > 0:
            under_tls.reply("250 reset")
        under_tls.reply("250 ok", "250 ok", "250 queued")
        assert [error for error, _ in reports] == [None]
    assert not under_tls.said


@in_octets
@in_order
def test_tls_lost_after_octets_that_were_read(under_tls: Stepped, count: int, way: str) -> None:
    """What a server has as a whole it may have delivered."""
    message = LINE * (count // len(LINE))
    connection = under_tls.connect("PIPELINING", "CHUNKING", chunking=OPTIMISTIC)
    first, *_, last = start_many(under_tls, connection, message, way)
    under_tls.take_until(b" LAST\r\n" + message, most=NARROW)
    under_tls.hang_up()
    under_tls.go_on()
    for reports, status, retry in (
        (first, RecipientStatus.UNKNOWN, Retry.UNKNOWN),
        (last, RecipientStatus.NOT_TRIED, Retry.SAFE),
    ):
        ((error, result),) = reports
        assert error is not None
        assert error.retry is retry
        assert [each.status for each in result.recipients] == [status]


# --- in the clear -------------------------------------------------------------------

#: What needs no change leaves from where it lies, what does is copied first.
REGULAR = LINE * 4000
IRREGULAR = (b"x" * 63 + b"\n") * 4000
#: Seconds; none of them passes.
LIMIT, LONGER = 10, 1000
#: More than a time limit's part after which the library looks what the peer has taken.
LOOK = LIMIT / 10
LONGER_LIMITS = {
    f"{name}_timeout": LONGER
    for name in ("connection", "greeting", "socket", "command", "operation")
}


def announced(stepped: Stepped) -> int:
    """Accepts an envelope, and reads how much content there will be."""
    stepped.take_until(b"RCPT TO:<b@example.org>\r\n")
    stepped.said.clear()
    stepped.reply("250 ok", "250 ok")
    stepped.take_until(b"\r\n", most=512)
    command, _, rest = bytes(stepped.said).partition(b"\r\n")
    stepped.said[:] = rest
    verb, count, _ = command.split()
    assert verb == b"BDAT"
    return int(count)


def left(stepped: Stepped) -> float:
    """Seconds until a time limit passes."""
    seconds = stepped.loop.timeout()
    assert seconds is not None
    return seconds


@pytest.mark.parametrize(
    "message",
    [REGULAR, IRREGULAR, IRREGULAR[:33_000], REGULAR[:16_000]],
    ids=["regular", "irregular", "one piece", "small"],
)
def test_the_final_reply_is_due_when_the_content_has_left(stepped: Stepped, message: bytes) -> None:
    """And not while the server has not taken all of it. Nothing waits for a limit: the loop
    tells when it has something to do next, which is to look what the server has taken, or, when
    that is all, the limit."""
    connection = stepped.connect(
        "PIPELINING", "CHUNKING", chunking=ON, final_reply_timeout=LIMIT, **LONGER_LIMITS
    )
    reports = start(connection, message)
    stepped.go_on()
    count = announced(stepped)
    # Time goes by between the reply to the envelope and the end of the content.
    assert stepped.loop.run_once(0.2)
    while len(stepped.said) < count:
        assert left(stepped) < LOOK
        before = time.monotonic()
        assert stepped.take(NARROW)
        stepped.go_on()
    assert stepped.loop.run_once(LOOK)
    # However long that took, the limit began behind it; it counts in milliseconds.
    assert left(stepped) > LIMIT - (time.monotonic() - before) - 0.1
    stepped.reply("250 queued")
    assert [error for error, _ in reports] == [None]


def test_messages_sent_ahead_do_not_extend_the_limit(stepped: Stepped) -> None:
    """As many may be ahead as would take longer than the limit."""
    connection = stepped.connect(
        "PIPELINING", "CHUNKING", chunking=OPTIMISTIC, final_reply_timeout=0.2
    )
    reports = start(connection, LINE)
    stepped.go_on()
    stepped.reply("250 ok", "250 ok")
    count = 0
    while not reports:
        start(connection, LINE)
        stepped.loop.run_once(0.02)
        stepped.take()
        count += 1
    ((error, _),) = reports
    assert isinstance(error, smtpconn.TimedOutError)
    assert count < 31


def test_closed_before_counted_content_has_left(stepped: Stepped) -> None:
    """What the library has copied is not what has left: nothing is in doubt."""
    message = IRREGULAR[:32_768]
    connection = stepped.connect("PIPELINING", "CHUNKING", chunking=ON)
    reports = start(connection, message)
    stepped.go_on()
    count = announced(stepped)
    connection.close()
    while stepped.take():
        pass
    assert len(stepped.said) < count
    ((error, result),) = reports
    assert isinstance(error, smtpconn.CancelledError)
    assert error.retry is Retry.SAFE
    assert [each.status for each in result.recipients] == [RecipientStatus.NOT_TRIED]


def test_what_was_not_sent_has_no_size(stepped: Stepped) -> None:
    connection = stepped.connect("PIPELINING", "CHUNKING", chunking=ON)
    reports = start(connection, REGULAR)
    stepped.go_on()
    announced(stepped)
    stepped.hang_up()
    stepped.go_on()
    ((error, result),) = reports
    assert isinstance(error, smtpconn.ConnectionLostError)
    assert result.message_size == 0


@pytest.mark.parametrize("reply", ["250 queued", "421 closing"])
def test_closed_in_the_middle_of_content(stepped: Stepped, reply: str) -> None:
    """Whatever it meant, not all had left."""
    connection = stepped.connect("PIPELINING", "CHUNKING", chunking=ON)
    reports = start(connection, REGULAR)
    stepped.go_on()
    announced(stepped)
    stepped.reply(reply)
    ((error, result),) = reports
    assert error is not None
    assert result.message_size == 0


def test_last_reply_before_a_write_that_fails(stepped: Stepped) -> None:
    """They came while the client was busy with its source, and have no line end."""

    def source() -> Iterator[bytes]:
        stepped.say(b"554 5.7.1 go away")
        stepped.hang_up()
        yield LINE

    connection = stepped.connect("PIPELINING")
    reports = start(connection, source())
    stepped.go_on()
    stepped.take_until(b"DATA\r\n")
    stepped.reply("250 ok", "250 ok", "354 go")
    ((error, _),) = reports
    assert error is not None
    assert error.response == "554 5.7.1 go away"
