"""The next envelope is under way with the end of a message, and the caller ends
everything, or has something else queued: every callback comes, once and with what
is so."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from conftest import Opener
from support.drive import Connection, Operation
from support.drive.outcomes import (
    ACCEPTED,
    LOG_SERVER,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.messages.numbered import (
    SENT,
    Outcome,
    content,
    content_as_sent,
    delivered,
    envelope,
    envelope_ahead,
    mailboxes,
    outcome,
    start_one,
)
from support.servers.scripted import Peer
from support.servers.strict import StrictServer, Verdict, judging
from support.slowness import PATIENCE

UNTRIED: Outcome = ("ECANCELLED", NOT_TRIED, RETRY_SAFE)
IN_DOUBT: Outcome = ("ECANCELLED", UNKNOWN, RETRY_UNKNOWN)


# --- the caller ends everything -----------------------------------------------


class Moment:
    """How far the dialogue goes; `reached` when the caller has seen that much."""

    def __init__(self, replies: list[bytes], takes_second: bool, expected: list[Outcome]) -> None:
        self.replies = replies
        self.takes_second = takes_second
        self.expected = expected
        self.came = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.envelope_of_anybody()
        peer.content()
        self._envelope(peer, 1)
        peer.reply(*self.replies)
        if self.takes_second:
            assert peer.content() == content_as_sent(1)
            self._envelope(peer, 2)
        self.came.set()
        peer.nothing_more()

    def _envelope(self, peer: Peer, number: int) -> None:
        assert peer.octets(len(envelope_ahead(number))) == envelope_ahead(number)

    def wait(self, connection: Connection) -> None:
        assert self.came.wait(PATIENCE)
        last = [reply.decode() for reply in self.replies[-1:]]
        drive = connection.drive
        drive.wait(lambda: set(last) <= set(drive.transcript(LOG_SERVER)), "the last reply")


MOMENTS = {
    "the first has no verdict": ([], False, [IN_DOUBT, UNTRIED, UNTRIED]),
    "the first has its verdict": ([b"250 one"], False, [SENT, UNTRIED, UNTRIED]),
    "RSET is answered": ([b"250 one", b"250 two"], False, [SENT, UNTRIED, UNTRIED]),
    "MAIL is answered": (
        [b"250 one", b"250 two", b"250 three"],
        False,
        [SENT, UNTRIED, UNTRIED],
    ),
    "RCPT is answered": (
        [b"250 one", b"250 two", b"250 three", b"250 four"],
        False,
        [SENT, UNTRIED, UNTRIED],
    ),
    "the second has no verdict": (
        [b"250 one", b"250 two", b"250 three", b"250 four", b"354 five"],
        True,
        [SENT, IN_DOUBT, UNTRIED],
    ),
}


def borrowed(connection: Connection, numbers: range) -> tuple[list[Operation], list[str]]:
    """Messages that stay with the caller, whose handles are gone already."""
    drive = connection.drive
    with drive.held():
        messages = [drive.message(content(number), "borrowed") for number in numbers]
        operations = [
            start_one(connection, number, message)
            for number, message in zip(numbers, messages, strict=True)
        ]
        for message in messages:
            drive.call("free", "message", message)
    return operations, messages


def released_behind(
    connection: Connection, operations: list[Operation], messages: list[str]
) -> None:
    """Each message once, and not before the callback of its send."""
    order = connection.drive.order
    connection.drive.wait(
        lambda: len(connection.drive.released) >= len(messages), "the release of all"
    )
    assert sorted(connection.drive.released) == sorted(messages)
    for operation, message in zip(operations, messages, strict=True):
        assert order.index(f"done {operation.tag}") < order.index(f"release {message}")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("ending", [Connection.close, Connection.cancel, Connection.free])
def test_ended(connect: Opener, moment: str, ending: Callable[[Connection], object]) -> None:
    dialogue = Moment(*MOMENTS[moment])
    connection = connect.opened(dialogue, transaction_log=1)
    operations, messages = borrowed(connection, range(3))
    dialogue.wait(connection)
    ending(connection)
    assert [outcome(operation) for operation in operations] == dialogue.expected
    released_behind(connection, operations, messages)


@pytest.mark.parametrize("ending", ["close", "cancel", "free connection"])
def test_ended_in_the_callback(connect: Opener, ending: str) -> None:
    """In that of the first, while the second is under way."""
    dialogue = Moment(*MOMENTS["the first has its verdict"])
    connection = connect.opened(dialogue)
    with connection.drive.held():
        operations, messages = borrowed(connection, range(3))
        connection.when(operations[0].tag, *ending.split(), connection.name)
    assert [outcome(operation) for operation in operations] == dialogue.expected
    released_behind(connection, operations, messages)


def test_more_in_the_callback(connect: Opener) -> None:
    """An operation started in a callback follows those that are pending."""
    strict = StrictServer()
    connection = connect.opened(strict)
    drive = connection.drive
    with drive.held():
        operations = [start_one(connection, number) for number in range(2)]
        sender, recipient = mailboxes(2)
        message = drive.message(content(2))
        third, call = connection.later("send", drive.envelope(sender, [recipient]), message)
        connection.when(operations[0].tag, *call)
    for operation in (*operations, third):
        operation.succeeds()
    connect.quit(connection)
    delivered(strict, 0, 1, 2)


# --- what else is queued ----------------------------------------------------


def test_others_wait_for_their_turn(connect: Opener) -> None:
    """Nothing but an envelope goes with the end of a message."""
    strict = StrictServer(capabilities=(b"PIPELINING", b"AUTH PLAIN"))
    connection = connect.opened(strict)
    with connection.drive.held():
        operations = [
            start_one(connection, 0),
            start_one(connection, 1),
            connection.start_reset(),
            start_one(connection, 2),
            connection.start_login("alice", "sesame"),
            start_one(connection, 3),
            connection.start_quit(),
        ]
    for operation in operations:
        operation.succeeds()
    connect.join()
    delivered(strict, 0, 1, 2, 3)
    ends = [content_as_sent(number) for number in range(4)]
    assert [group for group in strict.groups[1:] if not group.startswith(b"AUTH ")] == [
        envelope(0),
        ends[0] + envelope_ahead(1),
        ends[1],
        b"RSET\r\n",
        envelope(2),
        ends[2],
        envelope(3),
        ends[3],
        b"QUIT\r\n",
    ]


def test_login_that_fails(connect: Opener) -> None:
    """Messages queued after it fail too, those before it do not."""
    strict = StrictServer(
        capabilities=(b"PIPELINING", b"AUTH PLAIN"),
        judge=judging({("AUTH", b""): Verdict(b"535 5.7.8 no")}),
    )
    connection = connect.opened(strict)
    with connection.drive.held():
        before = [start_one(connection, number) for number in range(2)]
        login = connection.start_login("alice", "sesame")
        behind = [start_one(connection, number) for number in range(2, 4)]
    assert [outcome(operation) for operation in before] == [SENT, SENT]
    login.fails("EAUTH")
    for operation in behind:
        operation.fails("EAUTH")
        assert operation.result().statuses == [NOT_TRIED]
    connect.quit(connection)
    delivered(strict, 0, 1)


def test_all_or_none_goes_ahead(connect: Opener) -> None:
    """Without DATA, which waits for the recipients."""
    strict = StrictServer(judge=judging({("RCPT", b"to2@example.com"): Verdict(b"550 no")}))
    connection = connect.opened(strict)
    drive = connection.drive
    with drive.held():
        operations = [start_one(connection, 0)]
        for number in (1, 2):
            sender, recipient = mailboxes(number)
            described = drive.envelope(sender, [recipient], all_or_none=1)
            operations.append(connection.start_send(content(number), envelope=described))
        operations.append(start_one(connection, 3))
    refused = ("EENVELOPE", REJECTED, RETRY_NO)
    assert [outcome(operation) for operation in operations] == [SENT, SENT, refused, SENT]
    connect.quit(connection)
    delivered(strict, 0, 1, 3)
    without_data = [envelope_ahead(number).removesuffix(b"DATA\r\n") for number in range(3)]
    assert strict.groups[2:] == [
        content_as_sent(0) + without_data[1],
        b"DATA\r\n",
        content_as_sent(1) + without_data[2],
        b"RSET\r\n" + envelope(3),
        content_as_sent(3),
        b"QUIT\r\n",
    ]


def test_a_message_that_the_server_does_not_take(connect: Opener) -> None:
    """It is refused when its turn has come, and costs nothing."""
    strict = StrictServer(capabilities=(b"PIPELINING", b"SIZE 1000"))
    connection = connect.opened(strict)
    with connection.drive.held():
        large = connection.drive.message(b"x" * 1001)
        messages = [None, large, None]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
    refused = ("EMESSAGE", NOT_TRIED, RETRY_NO)
    assert [outcome(operation) for operation in operations] == [SENT, refused, SENT]
    connect.quit(connection)
    delivered(strict, 0, 2)


def test_lmtp(connect: Opener) -> None:
    """Every copy has its verdict before the next message is looked at."""
    names = ["x@example.com", "y@example.com", "z@example.com"]
    judge = judging({("end", b"y@example.com"): Verdict(b"554 no")})
    strict = StrictServer(lmtp=True, judge=judge)
    connection = connect.opened(strict, lmtp=1)
    strict.holds_until = [b"DATA"] * 5 + [b"."]
    with connection.drive.held():
        operations = [connection.start_send(recipients=names) for _ in range(5)]
    for operation in operations:
        operation.succeeds()
        assert operation.result().statuses == [ACCEPTED, REJECTED, ACCEPTED]
    connect.quit(connection)
    assert len(strict.deliveries) == 10


# --- messages that can be read once -------------------------------------------


@pytest.mark.parametrize("way", ["reader", "descriptor"])
def test_read_once(connect: Opener, way: str) -> None:
    """It goes ahead as any other, is read when the server asks for it, and not at all
    when its sender is refused."""
    strict = StrictServer(judge=judging({("MAIL", b"from2@example.com"): Verdict(b"550 no")}))
    connection = connect.opened(strict)
    drive = connection.drive
    with drive.held():
        messages = [
            drive.reader(content(number))
            if way == "reader"
            else drive.message(content(number), way)
            for number in range(4)
        ]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
        for message in messages:
            drive.call("free", "message", message)
    refused = ("EENVELOPE", NOT_TRIED, RETRY_NO)
    assert [outcome(operation) for operation in operations] == [SENT, SENT, refused, SENT]
    if way == "reader":
        released_behind(connection, operations, messages)
    connect.quit(connection)
    delivered(strict, 0, 1, 3)


def test_a_reader_that_pauses(connect: Opener) -> None:
    """As the second; the third goes with its end."""
    strict = StrictServer()
    connection = connect.opened(strict)
    drive = connection.drive
    with drive.held():
        reader = drive.reader("!pause", content(1)[:5], "!pause", content(1)[5:], "!pause")
        messages = [None, reader, None]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
    for count in (1, 2, 3):
        drive.wait_pauses(count)
        operations[0].succeeds()
        assert connection.resume() == 0
    assert [outcome(operation) for operation in operations] == [SENT] * 3
    connect.quit(connection)
    delivered(strict, 0, 1, 2)
    assert strict.groups[-2] == content_as_sent(2)


@pytest.mark.parametrize("ending", [Connection.close, Connection.cancel, Connection.free])
def test_ended_while_the_reader_pauses(
    connect: Opener, ending: Callable[[Connection], object]
) -> None:
    """Nobody can have got a message that was not read to its end."""
    strict = StrictServer()
    connection = connect.opened(strict)
    drive = connection.drive
    with drive.held():
        messages = [None, drive.reader(content(1), "!pause"), None]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
    drive.wait_pauses(1)
    ending(connection)
    assert [outcome(operation) for operation in operations] == [SENT, UNTRIED, UNTRIED]
    connect.join()
    delivered(strict, 0)


def test_a_reader_that_fails(connect: Opener) -> None:
    strict = StrictServer()
    connection = connect.opened(strict)
    with connection.drive.held():
        messages = [None, connection.drive.reader(content(1), "!error"), None]
        operations = [start_one(connection, *each) for each in enumerate(messages)]
    assert [outcome(operation) for operation in operations] == [
        SENT,
        ("ESTREAM", NOT_TRIED, RETRY_SAFE),
        ("ESTREAM", NOT_TRIED, RETRY_SAFE),
    ]
    connection.wait_end()
    connect.join()
    delivered(strict, 0)
