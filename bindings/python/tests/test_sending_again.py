"""The same file or iterator is sent a second time: whole, or not at all."""

from __future__ import annotations

import gc
import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

OCTETS = b"Subject: x\r\n\r\n" + b"one\r\ntwo\r\n" * 20000
FROM, TO = "a@example.org", "b@example.org"
DEFERRED = SEND.replace("S: 250 2.0.0 Ok: queued as 4F2A", "S: 451 4.3.0 later")
#: The server hangs up when it has a part of the message.
CUT = """
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:*
S: 250 ok
C: DATA
S: 354 go ahead
M: 5000
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "message.eml"
    path.write_bytes(OCTETS)
    return path


def spooled(_path: Path) -> Any:
    file = tempfile.SpooledTemporaryFile()
    file.write(OCTETS)
    file.seek(0)
    return file


def zipped(path: Path) -> Any:
    with gzip.open(path, "wb") as file:
        file.write(OCTETS)
    return gzip.open(path)


def halfway(path: Path) -> Any:
    """A text file that was read to its sixth line, and has read ahead."""
    file = open(path, encoding="ascii", newline="")
    for _ in range(5):
        file.readline()
    return file


FILES: dict[str, Callable[[Path], Any]] = {
    "open": lambda path: open(path, "rb"),
    "unbuffered": lambda path: open(path, "rb", buffering=0),
    "text": lambda path: open(path, encoding="ascii", newline=""),
    "halfway": halfway,
    "gzip": zipped,
    "BytesIO": lambda _path: io.BytesIO(OCTETS),
    "StringIO": lambda _path: io.StringIO(OCTETS.decode(), newline=""),
    "spooled": spooled,
}


@pytest.mark.parametrize("script", [DEFERRED, CUT], ids=["deferred", "cut"])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_sent_from_where_it_stood(
    kind: str, script: str, path: Path, server: ScriptedServer
) -> None:
    server.play(HELLO, script).play(HELLO, SEND, QUIT)
    with FILES[kind](path) as file:
        connection = smtpconn.Connection("127.0.0.1", server.port)
        connection.connect()
        with pytest.raises(smtpconn.SMTPConnError):
            connection.send(FROM, TO, file)
        connection.close()
        with smtpconn.Connection("127.0.0.1", server.port) as connection:
            connection.send(FROM, TO, file)
    server.check()
    expected = OCTETS.split(b"\r\n", 5)[5] if kind == "halfway" else OCTETS
    assert server.messages[-1] == expected


def generator() -> Iterator[bytes]:
    for index in range(0, len(OCTETS), 1000):
        yield OCTETS[index : index + 1000]


class Unweak:
    """An iterator of which no weak reference can be taken."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = generator()

    def __iter__(self) -> Unweak:
        return self

    def __next__(self) -> bytes:
        return next(self._left)


class OneFeed:
    """Whoever iterates over it gets the same iterator."""

    def __init__(self) -> None:
        self._feed = generator()

    def __iter__(self) -> Iterator[bytes]:
        return self._feed


class Reader:
    """A file that is nothing but its read()."""

    def __init__(self) -> None:
        self.read = io.BytesIO(OCTETS).read


ONCE: dict[str, Callable[[], Any]] = {
    "generator": generator,
    "iter": lambda: iter(list(generator())),
    "map": lambda: map(bytes, generator()),
    "iterator": Unweak,
    "one feed": OneFeed,
    "reader": Reader,
}


@pytest.mark.parametrize("script", [DEFERRED, CUT], ids=["deferred", "cut"])
@pytest.mark.parametrize("kind", ONCE)
def test_what_cannot_be_rewound_is_refused(kind: str, script: str, server: ScriptedServer) -> None:
    server.play(HELLO, script).play(HELLO, SEND, QUIT)
    message = ONCE[kind]()
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.SMTPConnError):
        connection.send(FROM, TO, message)
    connection.close()
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.MessageError, match="used before"):
            connection.send(FROM, TO, message)
        # Nothing of it was sent.
        connection.send(FROM, TO, "whole\r\n")
    server.check()
    assert server.messages[-1] == b"whole\r\n"


def test_an_iterator_that_was_delivered_is_refused(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    message = map(bytes, [b"one\r\n"])
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send(FROM, TO, message)
        with pytest.raises(smtpconn.MessageError, match="used before"):
            connection.send(FROM, TO, message)
    server.check()


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_pipe_is_refused(buffering: int, server: ScriptedServer) -> None:
    server.play(HELLO, DEFERRED, QUIT)
    reading, writing = os.pipe()
    with open(writing, "wb") as target, open(reading, "rb", buffering=buffering) as source:
        target.write(b"one\r\n")
        target.close()
        with smtpconn.Connection("127.0.0.1", server.port) as connection:
            for expected in ("later", "used before"):
                with pytest.raises(smtpconn.MessageError, match=expected):
                    connection.send(FROM, TO, source)
    server.check()


def test_a_pipe_that_was_refused_before_it_was_read(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    reading, writing = os.pipe()
    with open(writing, "wb") as target, open(reading, "rb", buffering=0) as source:
        target.write(b"one\r\n")
        target.close()
        with smtpconn.Connection("127.0.0.1", server.port) as connection:
            with pytest.raises(smtpconn.EnvelopeError) as caught:
                connection.send(FROM, [], source)
            connection.send(FROM, TO, source)
            del caught  # Until now it kept all that it had come through.
    server.check()


@pytest.mark.parametrize("kind", ["generator", "map", "reader"])
def test_what_was_not_read_is_still_good(kind: str, server: ScriptedServer) -> None:
    refused = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 451 4.7.1 later\nC: RSET\nS: 250 ok\n"
    server.play(HELLO, refused, SEND, QUIT)
    message = ONCE[kind]()
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send(FROM, TO, message)
        with pytest.raises(smtpconn.EnvelopeError) as caught:
            connection.send(FROM, [], message)
        connection.send(FROM, TO, message)
        del caught  # Until now it kept all that it had come through.
    server.check()
    assert server.messages == [OCTETS]


EMPTY: dict[str, Callable[[Path], Any]] = {
    "open": lambda path: open(path, "w+b"),
    "unbuffered": lambda path: open(path, "w+b", buffering=0),
    "BytesIO": lambda _path: io.BytesIO(),
    "StringIO": lambda _path: io.StringIO(),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_a_file_that_was_refused_as_empty_is_not_in_use(
    kind: str, path: Path, server: ScriptedServer
) -> None:
    server.play(HELLO, SEND, QUIT)
    with EMPTY[kind](path) as file, smtpconn.Connection("127.0.0.1", server.port) as connection:
        try:
            connection.send(FROM, TO, file)
        except smtpconn.MessageError:
            # The exception is alive here, and all that it has come through.
            connection.send(FROM, TO, file, allow_empty=True)
        else:
            pytest.fail("an empty file was sent")
    server.check()
    assert server.messages == [b""]


def test_a_file_stays_at_its_end_when_it_was_delivered(path: Path, server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    with open(path, "rb") as file, smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send(FROM, TO, file)
        assert file.read() == b""
        with pytest.raises(smtpconn.MessageError, match="empty"):
            connection.send(FROM, TO, file)
    server.check()


def test_a_file_that_was_closed_meanwhile(path: Path, server: ScriptedServer) -> None:
    """It cannot be rewound, and the outcome of the send is reported nevertheless."""
    server.play(HELLO, DEFERRED, QUIT)
    with open(path, encoding="ascii") as file, smtpconn.Loop() as loop:
        reports: list[Any] = []
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.start_connect()
        connection.start_send(
            smtpconn.Envelope(FROM, TO), Closing(file), lambda error, _: reports.append(error)
        )
        connection.start_quit()
        loop.run()
    server.check()
    ((error),) = reports
    assert error.response_code == 451


class Closing:
    """A file that closes itself at its end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int) -> str:
        text: str = self._file.read(size)
        if not text:
            self._file.close()
        return text


@pytest.mark.parametrize("kind", ["open", "BytesIO"])
def test_one_file_in_two_sends_at_once(
    kind: str, path: Path, server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    """They would share out its octets."""
    server.play(HELLO, SEND, QUIT)
    with FILES[kind](path) as file:
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.start_connect()
        connection.start_send(smtpconn.Envelope(FROM, TO), file)
        with pytest.raises(smtpconn.MessageError, match="being sent already"):
            connection.start_send(smtpconn.Envelope(FROM, TO), file)
        connection.start_quit()
        loop.run()
    server.check()
    assert server.messages == [OCTETS]


@pytest.mark.filterwarnings("ignore:.*left open:ResourceWarning")
@pytest.mark.parametrize("dropped", [True, False])
def test_a_connection_that_is_closed_or_dropped(dropped: bool, server: ScriptedServer) -> None:
    """Without a report when it is dropped."""
    server.play(HELLO, "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nE:")
    file = io.BytesIO(OCTETS)
    connection: Any = smtpconn.Connection("127.0.0.1", server.port)
    connection.start_connect()
    connection.start_send(smtpconn.Envelope(FROM, TO), file)
    while not file.tell():
        connection.loop.run_once(0.01)
    if dropped:
        del connection
        gc.collect()
        smtpconn.Loop().close()  # Any call: then what the library gave back is looked at.
    else:
        connection.close()
    assert file.tell() == 0
    server.check()
