"""Everything that may be a message arrives octet for octet."""

from __future__ import annotations

import array
import gzip
import io
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

OCTETS = b"Subject: \xc3\xa4\r\n\r\n.dot\r\n..\r\n" + b"x" * 71 + b"\r\nlast\r\n"
TEXT = OCTETS.decode("utf-8")


def generator() -> Iterator[bytes]:
    for index in range(0, len(OCTETS), 7):
        yield OCTETS[index : index + 7]


class Reader:
    """A file that is nothing but its read()."""

    def __init__(self) -> None:
        self.file = io.BytesIO(OCTETS)

    def read(self, size: int) -> bytes:
        return self.file.read(min(size, 5))


MESSAGES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: OCTETS,
    "bytearray": lambda: bytearray(OCTETS),
    "memoryview": lambda: memoryview(OCTETS),
    "part of a memoryview": lambda: memoryview(b"??" + OCTETS + b"??")[2:-2],
    "memoryview of words": lambda: memoryview(array.array("H", OCTETS)),
    "str": lambda: TEXT,
    "list of bytes": lambda: [OCTETS[:9], b"", OCTETS[9:]],
    "tuple of str": lambda: (TEXT[:9], "", TEXT[9:]),
    "mixed iterable": lambda: iter([OCTETS[:9], bytearray(OCTETS[9:20]), TEXT[19:]]),
    "generator": generator,
    "BytesIO": lambda: io.BytesIO(OCTETS),
    "StringIO": lambda: io.StringIO(TEXT, newline=""),
    "reader": Reader,
}


def send(server: ScriptedServer, message: Any, **arguments: Any) -> smtpconn.Result:
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        result = connection.send("a@example.org", "b@example.org", message, **arguments)
    server.check()
    return result


@pytest.mark.parametrize("name", MESSAGES)
def test_message(name: str, server: ScriptedServer) -> None:
    assert len(OCTETS) % 2 == 0  # For the words.
    result = send(server, MESSAGES[name]())
    assert server.messages == [OCTETS]
    assert result.message_size == len(OCTETS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "message.eml"
    path.write_bytes(OCTETS)
    return path


def test_binary_file(path: Path, server: ScriptedServer) -> None:
    with open(path, "rb") as file:
        send(server, file)
        assert not file.closed
    assert server.messages == [OCTETS]


def test_unbuffered_file(path: Path, server: ScriptedServer) -> None:
    with open(path, "rb", buffering=0) as file:
        send(server, file)
    assert server.messages == [OCTETS]


def test_text_file(path: Path, server: ScriptedServer) -> None:
    with open(path, encoding="utf-8") as file:
        send(server, file)
    assert server.messages == [OCTETS]


def test_file_that_was_read_ahead(path: Path, server: ScriptedServer) -> None:
    with open(path, "rb") as file:
        assert file.readline() == b"Subject: \xc3\xa4\r\n"
        send(server, file)
    assert server.messages == [OCTETS[len(b"Subject: \xc3\xa4\r\n") :]]


def test_file_from_its_position(path: Path, server: ScriptedServer) -> None:
    with open(path, "rb", buffering=0) as file:
        file.seek(13)
        send(server, file)
    assert server.messages == [OCTETS[13:]]


def test_file_whose_descriptor_has_other_octets(tmp_path: Path, server: ScriptedServer) -> None:
    path = tmp_path / "message.gz"
    path.write_bytes(gzip.compress(OCTETS))
    with gzip.open(path) as file:
        send(server, file)
    assert server.messages == [OCTETS]


@pytest.mark.parametrize("buffering", [0, -1])
def test_pipe(buffering: int, server: ScriptedServer) -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as target, open(reading, "rb", buffering=buffering) as source:
        target.write(OCTETS)
        target.close()
        send(server, source)
    assert server.messages == [OCTETS]


def test_file_for_writing(tmp_path: Path, server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with (
        open(tmp_path / "new", "wb", buffering=0) as file,
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(io.UnsupportedOperation),
    ):
        connection.send("a@example.org", "b@example.org", file)


@pytest.mark.parametrize("message", ["", b"", [], iter([]), io.BytesIO()], ids=repr)
def test_empty_on_purpose(message: Any, server: ScriptedServer) -> None:
    result = send(server, message, allow_empty=True)
    assert server.messages == [b""]
    assert result.message_size == 0


@pytest.mark.parametrize(
    ("message", "delivered"),
    [
        ("a\nb", b"a\r\nb\r\n"),
        ("a\rb\r\r\n\n", b"a\r\nb\r\n\r\n\r\n"),
        ([b"a\r", b"\nb", b"\r", b".", b".\n"], b"a\r\nb\r\n..\r\n"),
    ],
)
def test_line_endings_across_parts(message: Any, delivered: bytes, server: ScriptedServer) -> None:
    send(server, message)
    assert server.messages == [delivered]


def test_large_parts(server: ScriptedServer) -> None:
    # Larger than every buffer on the way, and no multiple of one.
    line = b"." + b"y" * 96 + b"\r\n"
    part = line * 3001
    send(server, (part for _ in range(10)))
    assert server.messages == [part * 10]


def test_bytes_are_borrowed_and_others_are_not(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    message = bytearray(OCTETS)
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.start_connect()
        connection.start_send(smtpconn.Envelope("a@example.org", "b@example.org"), message)
        connection.start_quit()
        message[:] = b"changed afterwards"
        loop.run()
    server.check()
    assert server.messages == [OCTETS]


@pytest.mark.parametrize(("message", "announced"), [(OCTETS, True), (b"plain\r\n", False)])
def test_8bit_content_is_announced(message: bytes, announced: bool, server: ScriptedServer) -> None:
    send(server, message)
    mail = next(line for line in server.commands if line.startswith("MAIL"))
    assert ("BODY=8BITMIME" in mail) is announced


class Silent:
    """A file that is nothing but its read(), and has nothing."""

    def read(self, _size: int) -> bytes:
        return b""


def at_its_end() -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(OCTETS)
    return file


def without_writer() -> Any:
    reading, writing = os.pipe()
    os.close(writing)
    return open(reading, "rb", buffering=0)


EMPTY: dict[str, Callable[[], Any]] = {
    "str": lambda: "",
    "bytes": lambda: b"",
    "bytearray": bytearray,
    "list": list,
    "list of nothing": lambda: [b"", ""],
    "BytesIO": io.BytesIO,
    "StringIO": io.StringIO,
    "temporary file that was not rewound": at_its_end,
    "pipe without a writer": without_writer,
    "unbuffered": lambda: open("/dev/null", "rb", buffering=0),  # noqa: SIM115
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", EMPTY)
def test_empty_by_accident(kind: str, server: ScriptedServer) -> None:
    """Refused before anything is sent."""
    message = EMPTY[kind]()
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.MessageError, match="allow_empty=True"):
            connection.send("a@example.org", "b@example.org", message)
        connection.send("a@example.org", "b@example.org", "whole")
    server.check()
    assert server.messages == [b"whole\r\n"]


@pytest.mark.parametrize(
    "message", [Silent(), iter([]), iter(["", b""]), (part for part in "")], ids=range(4)
)
def test_empty_as_it_turns_out(message: Any, server: ScriptedServer) -> None:
    """What cannot be looked at before: the connection ends, and nothing is delivered."""
    server.play(HELLO, SEND.partition("M:\n")[0], "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.MessageError, match="allow_empty=True"):
        connection.send("a@example.org", "b@example.org", message)
    connection.close()
    server.check()
    assert server.messages == []


@pytest.mark.parametrize(
    "message",
    [
        {"subject": "x"},
        {"subject": "x"}.keys(),
        {"subject": "x"}.items(),
        {"one", "two"},
        frozenset([b"x"]),
        [("Subject", "x")],
        (("Subject", "x"),),
        deque([5]),
        ["fine", None],
        [["nested"]],
        range(5),
        array.array("B", b"x"),
        {1: 2}.values(),
        smtpconn.Recipient("b@example.org"),
        smtpconn.Envelope("a@example.org", "b@example.org"),
        Path("message.eml"),
        5,
        None,
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_message(message: Any, server: ScriptedServer) -> None:
    """Refused before anything is sent."""
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(TypeError, match="message"):
            connection.send("a@example.org", "b@example.org", message)
        connection.send("a@example.org", "b@example.org", "whole")
    server.check()
    assert server.messages == [b"whole\r\n"]


class Counted:
    """Looks like a list, and can be iterated over only once: so do the wrappers of iterators."""

    def __init__(self) -> None:
        self._parts = generator()

    def __len__(self) -> int:
        return len(OCTETS)

    def __contains__(self, part: object) -> bool:
        return False

    def __iter__(self) -> Iterator[bytes]:
        return self._parts


def test_what_looks_like_a_list_is_not_used_up(server: ScriptedServer) -> None:
    send(server, Counted())
    assert server.messages == [OCTETS]
