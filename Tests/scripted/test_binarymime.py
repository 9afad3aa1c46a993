"""Messages whose every octet is to arrive as it is (BINARYMIME, RFC 3030 section 3)."""

from __future__ import annotations

import random

import pytest

from conftest import Opener
from support.messages.content import WAYS
from support.messages.content import message as given
from support.messages.modes import CHUNKS, CHUNKS_SINGLY, OPTIMISTIC, Mode
from support.servers.strict import StrictServer

CONTENTS = {
    "nothing": b"",
    "NUL": b"\0",
    "every octet": bytes(range(256)),
    "no final line end": b"Subject: x\r\n\r\nbody",
    "lone LF": b"a\nb\n\nc\n",
    "lone CR": b"a\rb\r\rc\r",
    "a CR at the end": b"a\r\n\r",
    "dots": b".\r\n..\r\n.\n.\r\n",
    "a line of its own": b"x\r\n.\r\nMAIL FROM:<x@example.com>\r\n",
    # Every LF first in a block of lines, or alone between them.
    "lines": (b"x" * 76 + b"\r\n") * 200 + b"\n" + (b"y" * 126 + b"\r\n") * 9 + b"\n",
    "much": random.Random(3030).randbytes(1_500_000),
}

with_chunks = pytest.mark.parametrize("mode", [CHUNKS, OPTIMISTIC, CHUNKS_SINGLY], ids=str)


@with_chunks
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", CONTENTS)
def test_octets(connect: Opener, mode: Mode, way: str, what: str) -> None:
    content = CONTENTS[what]
    strict = StrictServer((*mode.capabilities, b"BINARYMIME", b"SIZE"))
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"], use_binarymime=1)
    message = given(drive, content, way)
    operation = connection.start_send(message=message, envelope=envelope)
    operation.succeeds()
    assert operation.result().message_size == len(content)
    connect.quit(connection)
    assert [copy.content for copy in strict.deliveries] == [content]
    assert sum(size for size, _ in strict.chunks) == len(content)
    # The size of a message in memory is known, and sent as it is.
    size = b" SIZE=%d" % len(content) if way in ("copy", "borrowed") else b""
    said = b"".join(strict.groups)
    assert b"MAIL FROM:<a@example.com> BODY=BINARYMIME" + size + b"\r\n" in said


@with_chunks
def test_only_the_message_that_asks_for_it(connect: Opener, mode: Mode) -> None:
    strict = StrictServer((*mode.capabilities, b"BINARYMIME"))
    content = b"a\n.\rb"
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        operations = [
            connection.start_send(
                content,
                envelope=drive.envelope("a@example.com", ["b@example.com"], use_binarymime=binary),
            )
            for binary in (0, 1, 0)
        ]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    repaired = b"a\r\n.\r\nb\r\n"
    assert [copy.content for copy in strict.deliveries] == [repaired, content, repaired]
    assert b"".join(strict.groups).count(b"BODY=BINARYMIME") == 1
