"""Messages that are sent together to a strict server; their results and what has
arrived is compared with what the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.drive import Option
from support.drive.connection import Connection, Operation
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.messages.content import wire
from support.messages.model import Fate, Model, Posted
from support.messages.modes import Mode
from support.servers.certificates import Identity
from support.servers.strict import StrictServer

if TYPE_CHECKING:
    from conftest import Opener


def fates(
    connect: Opener,
    strict: StrictServer,
    mode: Mode,
    messages: list[Posted],
    identity: Identity | None = None,
    **options: int,
) -> list[Fate]:
    """Sends them all at once; what the model says became of them is what did."""
    secure: dict[str, Option] = {"host": "localhost", "secure": 1} if identity else {}
    lmtp = int(strict.lmtp)
    connection = connect.opened(strict, identity, lmtp=lmtp, **secure, **mode.options, **options)
    with connection.drive.held():
        operations = [_post(connection, each) for each in messages]
        quitting = connection.start_quit()
    quitting.wait()
    connection.wait_end()
    connect.join()
    model = Model(strict, mode)
    expected = [model.fate(posted) for posted in messages]
    for posted, operation, fate in zip(messages, operations, expected, strict=True):
        _expect_told(operation, fate)
        _expect_delivered(strict, posted, operation)
    delivered = {copy.recipient.decode() for copy in strict.deliveries}
    assert delivered <= {recipient for posted in messages for recipient in posted.recipients}
    return expected


def _post(connection: Connection, posted: Posted) -> Operation:
    drive = connection.drive
    if posted.is_stream:
        count = len(posted.content)
        size = max(1, count // posted.pieces)
        pieces = [posted.content[start : start + size] for start in range(0, count, size)]
        message = drive.reader(*pieces)
    else:
        message = drive.message(posted.content, "copy" if posted.number % 2 else "borrowed")
    envelope = drive.envelope(
        posted.sender,
        list(posted.recipients),
        use_8bitmime=1,
        all_or_none=int(posted.is_all_or_none),
    )
    return connection.start_send(message=message, envelope=envelope)


def _expect_told(operation: Operation, fate: Fate) -> None:
    done = operation.wait()
    result = operation.result()
    statuses = list(fate.statuses)
    error, retry = fate.error, fate.retry
    if fate.is_open:
        # Whether it is in doubt is the library's to know.
        assert {NOT_TRIED, UNKNOWN} & set(result.statuses)
        undecided = {place for place, each in enumerate(statuses) if each in (NOT_TRIED, UNKNOWN)}
        found = {result.statuses[place] for place in undecided}
        assert len(found) == 1
        for place in undecided:
            statuses[place] = found.copy().pop()
        retry = RETRY_UNKNOWN if UNKNOWN in found else RETRY_SAFE
    assert result.statuses == statuses, f"{result.statuses}, not {statuses}: {done.error}"
    name = None if done.error is None else done.error.name
    # What a reset is called depends on whether a read or a write notices it.
    assert (name if name != "ESOCKET" else "ECONNECTION") == error, f"{done.error}, not {error}"
    assert (None if done.error is None else done.error.retry) == retry, f"{done.error}"
    for line, status, code in zip(result.recipients, fate.statuses, fate.codes, strict=True):
        if status in (DEFERRED, REJECTED):
            assert line.response_code == code, f"{line}, not {code}"


def _expect_delivered(strict: StrictServer, posted: Posted, operation: Operation) -> None:
    result = operation.result()
    for recipient, status in zip(posted.recipients, result.statuses, strict=True):
        copies = strict.copies(recipient.encode())
        count = len(copies)
        is_true = count == (status == ACCEPTED) or (status == UNKNOWN and count == 1)
        assert is_true, f"{recipient} has {count} copies: {status}"
        for copy in copies:
            assert copy.sender == posted.sender, f"{copy.sender!r}, not {posted.sender!r}"
            assert copy.content == wire(posted.content), f"content of {posted.number}"
            if status == ACCEPTED and not strict.lmtp:
                assert result.queue_id == copy.queue_id.decode()
