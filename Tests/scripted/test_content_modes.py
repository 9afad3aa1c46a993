"""What arrives of large content, whatever it is made of and however it travels: it is
inspected a block at a time, and written without copying where nothing has to be
changed."""

from __future__ import annotations

import functools
import itertools
import threading

import pytest

from conftest import Opener
from support.drive import CHUNKING_OFF, Option
from support.messages.content import WAYS, wire
from support.messages.content import message as given
from support.messages.modes import DATA, GROUPED, SINGLY, Mode, in_every_mode
from support.servers.certificates import Certificates
from support.servers.scripted import PATIENCE, Peer
from support.servers.strict import StrictServer

SIZE = 1_200_000
HEADER = b"Subject: x\r\n\r\n"


def lines(end: bytes, line: bytes = b"x" * 76) -> bytes:
    part = line + end
    return (part * (SIZE // len(part) + 1))[:SIZE]


def at_edges(oddity: bytes, base: bytes) -> bytes:
    """Something at every edge of a block: those that are scanned, copied, read and
    written, and on both sides of it."""
    content = bytearray(base)
    edges = set(range(128, 4096, 128)) | set(range(8192, len(base) - 200, 8192))
    for number, edge in enumerate(sorted(edges)):
        place = edge - number % (len(oddity) + 2)
        content[place : place + len(oddity)] = oddity
    return bytes(content)


REGULAR = lines(b"\r\n")
KINDS = {
    "CRLF": REGULAR,
    "LF": lines(b"\n"),
    "CR": lines(b"\r"),
    "one line": b"x" * SIZE,
    "only line ends": lines(b"\r\n", b""),
    "only LF": b"\n" * (SIZE // 4),
    "dots": lines(b"\r\n", b"." * 70),
    "dots alone": lines(b"\r\n", b"."),
    "dots and LF": lines(b"\n", b".x"),
    "a dot at every edge": at_edges(b"\r\n.", REGULAR),
    "a CR at every edge": at_edges(b"\r", REGULAR),
    "an LF at every edge": at_edges(b"\n", REGULAR),
    "LF and dot at every edge": at_edges(b"\n.\n", b"x" * SIZE),
    "a smuggled end at every edge": at_edges(b"\n.\r\n", REGULAR),
    "LF after CRLF": at_edges(b"\r\n\n", REGULAR),
}


@functools.cache
def arrives(kind: str) -> bytes:
    return wire(HEADER + KINDS[kind])


#: A copy lies in memory as what is borrowed does.
PASSAGES = [
    *((mode, way, False) for mode in GROUPED + SINGLY for way in WAYS if way != "copy"),
    *((mode, way, True) for mode in GROUPED for way in ("borrowed", "reader")),
    (DATA, "copy", False),
]


@pytest.mark.parametrize(
    ("mode", "way", "is_secure"),
    PASSAGES,
    ids=lambda value: str(value).replace("True", "TLS").replace("False", "clear"),
)
def test_large_content(
    connect: Opener, certificates: Certificates, mode: Mode, way: str, is_secure: bool
) -> None:
    """All of them over one connection, so that each begins where another one ended."""
    strict = StrictServer(mode.capabilities)
    identity = certificates.good if is_secure else None
    options: dict[str, Option] = {"host": "localhost", "secure": 1} if is_secure else {}
    connection = connect.opened(strict, identity, **mode.options, **options)
    drive = connection.drive
    with drive.held():
        messages = [given(drive, HEADER + content, way) for content in KINDS.values()]
        operations = [connection.start_send(message=message) for message in messages]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    for kind, copy, operation in zip(KINDS, strict.deliveries, operations, strict=True):
        wanted = arrives(kind)
        # A comparison that failed would show megabytes.
        assert (copy.content == wanted) is True, kind
        assert operation.result().message_size == len(wanted), kind


#: Where the library changes its way: what is copied, what leaves at once, what is read.
EDGES = (8_192, 16_384, 32_768, 65_536, 131_072)
ENDS = (b"", b"\r\n", b"\n", b"\r", b"\r\n.", b"\n.\r\n")


@in_every_mode
@pytest.mark.parametrize("way", ["borrowed", "reader"])
@pytest.mark.parametrize("is_regular", [True, False], ids=["regular", "LF"])
def test_lengths_at_edges(connect: Opener, mode: Mode, way: str, is_regular: bool) -> None:
    """A little less and a little more, with each kind of end."""
    strict = StrictServer(mode.capabilities)
    text = REGULAR if is_regular else REGULAR.replace(b"\r\n", b"\n")
    contents = [
        text[: edge + offset - len(end)] + end
        for edge, offset in itertools.product(EDGES, (-1, 0, 1, 2))
        for end in ENDS[(edge + offset) % 2 :: 2]
    ]
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        operations = []
        for content in contents:
            pieces = [content[: len(content) // 2], content[len(content) // 2 :]]
            message = drive.reader(*pieces) if way == "reader" else drive.message(content, way)
            operations.append(connection.start_send(message=message))
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    for content, copy in zip(contents, strict.deliveries, strict=True):
        assert (copy.content == wire(content)) is True, (len(content), content[-5:])


#: As much of content in memory leaves before others have a turn.
TURN = 1 << 20
LINE = b"x" * 76 + b"\r\n"
#: Without 8BITMIME all of the content is looked at before it leaves.
SEVEN_BIT = Mode("7bit", CHUNKING_OFF, (b"PIPELINING",))


@pytest.mark.parametrize("mode", [*GROUPED, *SINGLY, SEVEN_BIT], ids=str)
def test_line_end_at_the_end_of_a_turn(connect: Opener, mode: Mode) -> None:
    """Regular content stays as it is, wherever its CRLF is cut: behind it a little may be
    left, which is copied, or more."""
    strict = StrictServer(mode.capabilities)
    contents = []
    for place, lines_behind in itertools.product((TURN - 1, TURN, TURN + 1), (0, 10, 105, 106)):
        head = LINE * (place // len(LINE) - 1)
        content = head.ljust(place - 1, b"y") + b"\r\n" + LINE * lines_behind
        assert content[place - 1 : place + 1] == b"\r\n"
        contents.append(content)
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        messages = [drive.message(content, "borrowed") for content in contents]
        operations = [connection.start_send(message=message) for message in messages]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    arrived = [copy.content for copy in strict.deliveries]
    assert (arrived == contents) is True


@pytest.mark.parametrize("mode", GROUPED, ids=str)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_secure", [False, True], ids=["clear", "TLS"])
def test_through_small_buffers(
    connect: Opener, certificates: Certificates, mode: Mode, way: str, is_secure: bool
) -> None:
    """Of what lies there only a little leaves at a time, and it goes on where it was. TLS
    wants to be given the same again when something did not leave."""
    strict = StrictServer(mode.capabilities)
    contents = [KINDS[kind][:200_000] for kind in ("CRLF", "LF", "a dot at every edge")]
    identity = certificates.good if is_secure else None
    server = connect.server(strict, identity=identity, receive_buffer=4096)
    options: dict[str, Option] = {"host": "localhost", "secure": 1} if is_secure else {}
    connection = connect.opened(server, socket="narrow4", **mode.options, **options)
    drive = connection.drive
    with drive.held():
        messages = [given(drive, content, way) for content in contents]
        operations = [connection.start_send(message=message) for message in messages]
    for operation in operations:
        operation.succeeds()
    connect.quit(connection)
    arrived = [copy.content for copy in strict.deliveries]
    assert (arrived == [wire(content) for content in contents]) is True


@pytest.mark.parametrize("is_secure", [False, True], ids=["clear", "TLS"])
def test_more_comes_while_a_part_is_stuck(
    connect: Opener, certificates: Certificates, is_secure: bool
) -> None:
    """The server reads nothing before the source has given all, with pauses in between: TLS
    is given what did not leave again, and more behind it."""
    content = KINDS["CRLF"][:60_000]
    pieces: list[str | bytes] = [
        content[:12_000],
        "!pause",
        content[12_000:15_000],
        "!pause",
        content[15_000:],
    ]
    given_all = threading.Event()
    arrived: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.envelope()
        assert given_all.wait(PATIENCE)
        arrived.append(peer.content())
        peer.reply(b"250 ok")
        peer.quit()

    identity = certificates.good if is_secure else None
    server = connect.server(dialogue, identity=identity, receive_buffer=4096)
    options: dict[str, Option] = {"host": "localhost", "secure": 1} if is_secure else {}
    connection = connect.opened(server, socket="narrow4", **options)
    drive = connection.drive
    sending = connection.start_send(message=drive.reader(*pieces))
    for count in (1, 2):
        drive.wait_pauses(count)
        assert connection.resume() == 0
    given_all.set()
    sending.succeeds()
    connect.quit(connection)
    assert (arrived == [wire(content) + b".\r\n"]) is True
