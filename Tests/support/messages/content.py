"""Messages for real servers, with what can go wrong with one on its way, what is to
become of them there, and the ways to give one to the library."""

from __future__ import annotations

import itertools
import re

from support.drive import Drive
from support.realservers.mailboxes import ALICE, BOB, DOMAIN


def header(message_id: str = f"hello@{DOMAIN}") -> bytes:
    """A header in which no server misses a field, and the empty line."""
    return (
        f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: hello\r\n"
        f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n\r\n"
    ).encode()


HEADER = header()
HELLO = HEADER + b"Hello Bob.\r\n"

BODIES = {
    "empty": b"",
    "one line": b"body\r\n",
    "no final newline": b"body",
    "ends with CR": b"body\r",
    "ends with LF": b"body\n",
    "lone CR": b"one\rtwo\rthree\r\n",
    "lone LF": b"one\ntwo\nthree\n",
    "all line ends": b"one\rtwo\nthree\r\nfour\n\rfive\r\r\nsix\r\n\nseven",
    "empty lines at the end": b"body\r\n\r\n\r\n\r\n",
    "only empty lines": b"\r\n\n\r",
    "blanks at the ends of lines": b"one \r\n\t\r\n two\t\r\n",
    "leading dots": b".\r\n..\r\n.one\r\n..two\r\n...\r\n. \r\n",
    "dots after lone line ends": b"a\r.\rb\n.\nc\r\n.\nd\n.\r\ne\r.\r\nf",
    "a dot at the end": b"body\r\n.",
    "another message inside": b"x\n.\nMAIL FROM:<x@test.local>\r.\r\nRCPT TO:<bob@test.local>\n.",
    "a mailbox line": b"From here to there\r\n>From there\r\n",
    "UTF-8": "zoë ☃ 𝄞\r\n".encode(),
    "every octet": bytes(range(256)),
    "every high octet": bytes(range(0x80, 0x100)) * 40,
    "NUL": b"\0\r\n.\0\r\0",
    "line of 998": b"x" * 998 + b"\r\n" + b"y" * 998,
    "line of 1000 with dots": b"." * 1000 + b"\r\n" + b"." * 999,
    "line of 20000": b"z" * 20_000,
    "line of 200000 octets": bytes(range(0x20, 0x7F)) * 2105,
    "many short lines": b"\n".join(b"%d" % number for number in range(20_000)),
}


def large() -> bytes:
    """10 MB, with line ends and dots wherever a buffer may end."""
    line = bytes(range(0x20, 0x7F)) + b"\xc3\xab" * 20
    ends = (b"\n", b"\r", b"\r\n", b"\n.", b"\r.", b"\r\n.")
    parts = [line[number % 131 :] + ends[number % 6] for number in range(160_000)]
    message = HEADER + b"".join(parts)
    assert len(message) > 10_000_000
    return message


def wire(content: bytes) -> bytes:
    """A message as it should travel, dots aside: every CRLF, CR and LF has become
    one line end, which is CRLF (RFC 5321 section 2.3.8), and the last line has one."""
    lines = re.split(rb"\r\n|\r|\n", content)
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def stored(content: bytes) -> bytes:
    """The same as it lies in a mailbox: a line end is LF in a file."""
    return wire(content).replace(b"\r\n", b"\n")


WAYS = ("copy", "borrowed", "descriptor", "reader")
SIZES = (1, 2, 3, 5, 7, 64, 997, 1021, 4093, 16381, 65537)


def message(drive: Drive, content: bytes, way: str) -> str:
    """A message from memory, from a file, or in pieces of odd sizes."""
    if way != "reader":
        return drive.message(content, way)
    pieces: list[bytes] = []
    position = 0
    for size in itertools.cycle(SIZES):
        if position >= len(content):
            break
        pieces.append(content[position : position + size])
        position += size
    return drive.reader(*pieces)
