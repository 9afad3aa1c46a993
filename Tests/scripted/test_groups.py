"""Messages in groups, in each way in which they may travel: how few waits they need, and
that it does not matter how a server answers them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from conftest import Opener
from support.drive.connection import Connection, Operation
from support.drive.outcomes import ACCEPTED, LOG_SERVER, REJECTED
from support.messages.modes import CHUNKS, DATA, GROUPED, OPTIMISTIC, Mode, in_every_mode, in_groups
from support.messages.numbered import content, delivered, mailboxes, start
from support.servers.scripted import PATIENCE
from support.servers.strict import StrictServer, Verdict, at_once, by_octet, by_reply, judging

# --- waits --------------------------------------------------------------------


@pytest.mark.parametrize("mode", GROUPED, ids=str)
@pytest.mark.parametrize("count", [1, 50])
def test_one_message(connect: Opener, mode: Mode, count: int) -> None:
    """Two waits, and one where the content leaves with its envelope."""
    strict = StrictServer(mode.capabilities)
    names = [f"to{number}@example.com" for number in range(count)]
    last = f"RCPT TO:<{names[-1]}>".encode()
    ends = {DATA: [b"DATA", b"."], CHUNKS: [last, b"BDAT"], OPTIMISTIC: [b"BDAT"]}
    connection = connect.opened(strict, **mode.options)
    strict.holds_until = ends[mode]
    connection.delivers(recipients=names)
    connect.join()
    assert len(strict.deliveries) == count


@pytest.mark.parametrize("mode", GROUPED, ids=str)
def test_a_hundred_messages(connect: Opener, mode: Mode) -> None:
    """One wait for each and one more, and five where contents leave with their envelopes."""
    strict = StrictServer(mode.capabilities)
    ends = {
        DATA: [b"DATA"] * 100 + [b"."],
        CHUNKS: [b"RCPT"] * 100 + [b"BDAT"],
        OPTIMISTIC: [b"RCPT TO:<to%d@" % number for number in range(19, 100, 20)] + [b"BDAT"],
    }
    connection = connect.opened(strict, **mode.options)
    strict.holds_until = ends[mode]
    for operation in start(connection, 100):
        operation.succeeds()
    connect.quit(connection)
    delivered(strict, *range(100))


# --- how the server answers -----------------------------------------------------


def some(connection: Connection) -> list[Operation]:
    """Five messages to three recipients each."""
    drive = connection.drive
    with drive.held():
        return [
            connection.start_send(content(number), mailboxes(number)[0], recipients(number))
            for number in range(5)
        ]


def recipients(number: int) -> list[str]:
    return [f"{place}-{mailboxes(number)[1]}" for place in range(3)]


#: The second recipient of the third message is refused.
JUDGE = judging({("RCPT", recipients(2)[1].encode()): Verdict(b"550 5.1.1 no one")})


def expect_each_its_own(operations: list[Operation], strict: StrictServer) -> None:
    """Its verdict, its recipients, its content."""
    for number, operation in enumerate(operations):
        operation.succeeds()
        result = operation.result()
        copies = [
            copy for copy in strict.deliveries if copy.sender == mailboxes(number)[0].encode()
        ]
        assert {copy.queue_id.decode() for copy in copies} == {result.queue_id}
        assert {copy.content for copy in copies} == {content(number)}
        expected = [ACCEPTED, REJECTED if number == 2 else ACCEPTED, ACCEPTED]
        assert result.statuses == expected
        assert [line.response for line in result.recipients if line.status == ACCEPTED] == [
            f"250 2.1.5 ok {name}"
            for name, status in zip(recipients(number), expected, strict=True)
            if status == ACCEPTED
        ]
        assert [copy.recipient.decode() for copy in copies] == [
            name
            for name, status in zip(recipients(number), expected, strict=True)
            if status == ACCEPTED
        ]


@in_every_mode
@pytest.mark.parametrize("answering", [at_once, by_reply, by_octet])
def test_how_replies_travel(
    connect: Opener, mode: Mode, answering: Callable[[bytes], Iterable[bytes]]
) -> None:
    strict = StrictServer(mode.capabilities, JUDGE, answering=answering)
    connection = connect.opened(strict, **mode.options)
    operations = some(connection)
    for operation in operations:
        operation.wait()
    connect.quit(connection)
    expect_each_its_own(operations, strict)


class Paced:
    """Gives out one reply at a time, each when the one before it was read."""

    def __init__(self) -> None:
        self._turns = threading.Semaphore(0)
        self._released = 0
        self.is_on = False

    def __call__(self, replies: bytes) -> Iterator[bytes]:
        if not self.is_on:
            yield replies
            return
        for reply in replies.splitlines(keepends=True):
            yield reply
            assert self._turns.acquire(timeout=PATIENCE)

    def read(self, count: int) -> None:
        """So many were read since it is on."""
        for _ in range(count - self._released):
            self._turns.release()
        self._released = max(count, self._released)


@in_every_mode
def test_one_reply_at_a_time(connect: Opener, mode: Mode) -> None:
    """The client has read each before the next one leaves the server."""
    paced = Paced()
    strict = StrictServer(mode.capabilities, JUDGE, answering=paced)
    connection = connect.opened(strict, transaction_log=1, **mode.options)
    drive = connection.drive
    before = len(drive.transcript(LOG_SERVER))
    paced.is_on = True
    operations = some(connection)
    quitting = connection.start_quit()

    def is_over() -> bool:
        paced.read(len(drive.transcript(LOG_SERVER)) - before)
        return quitting.ended

    drive.wait(is_over, "the end")
    connect.join()
    expect_each_its_own(operations, strict)


@in_groups
def test_callbacks_do_not_wait(connect: Opener, mode: Mode) -> None:
    """That of a message comes with its verdict, and not with the next."""
    told = [threading.Event() for _ in range(5)]

    def answering(replies: bytes) -> Iterator[bytes]:
        for reply in replies.splitlines(keepends=True):
            yield reply
            if b"queued as" in reply:
                number = int(reply.split()[-1], 16) - 0x1000
                assert told[number].wait(PATIENCE)

    strict = StrictServer(mode.capabilities, answering=answering)
    connection = connect.opened(strict, **mode.options)
    operations = start(connection, 5)
    for number, operation in enumerate(operations):
        assert operation.result().queue_id == f"{0x1000 + number:04X}"
        assert not any(later.ended for later in operations[number + 1 :])
        told[number].set()
    connect.quit(connection)
    delivered(strict, *range(5))


# --- who sends one command at a time ----------------------------------------------


@pytest.mark.parametrize("chunking", [mode.chunking for mode in GROUPED], ids=map(str, GROUPED))
@pytest.mark.parametrize("has_chunks", [False, True], ids=["without-chunking", "with-chunking"])
@pytest.mark.parametrize("is_ignored", [False, True], ids=["not-offered", "ignored"])
def test_one_command_at_a_time(
    connect: Opener, chunking: int, has_chunks: bool, is_ignored: bool
) -> None:
    """Where PIPELINING is not offered, or not to be used; the server sees to it that
    nothing follows a command, a chunk or a message before its reply."""
    capabilities = (b"8BITMIME",) + (b"CHUNKING",) * has_chunks + (b"PIPELINING",) * is_ignored
    strict = StrictServer(capabilities, JUDGE, is_one_at_a_time=True)
    options = {"ignored_capabilities": "PIPELINING"} if is_ignored else {}
    connection = connect.opened(strict, chunking=chunking, **options)
    operations = some(connection)
    drive = connection.drive
    streamed = connection.start_send(message=drive.reader(b"x" * 100_000, b"y"))
    streamed.succeeds()
    for operation in operations:
        operation.wait()
    connect.quit(connection)
    assert strict.copies(b"b@example.com")[0].content == b"x" * 100_000 + b"y\r\n"
    strict.deliveries.pop()
    expect_each_its_own(operations, strict)
