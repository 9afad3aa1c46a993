"""The messages that are sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HEAD = (
    b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nFrom: sender@example.com\r\n"
    b"To: recipient@example.net\r\nMessage-ID: <1@client.test>\r\nSubject: measured\r\n\r\n"
)
LINE = b"It is a long established fact that a reader looks at the layout of a page.\r\n"
DOTTED = b"." + LINE[1:]
HEAD_LIMIT = 1024


@dataclass(frozen=True)
class Text:
    """A message in a file, and the same as a client that repairs nothing needs it."""

    path: Path
    ready: Path
    # Octets that arrive of it, with CRLF, and how many dots come on top.
    size: int
    dots: int
    # The same of its head, which a client sends to warm up.
    head: int
    # The octets that it repeats, in the one file and the other.
    piece: int
    ready_piece: int

    def arrives(self, octets: int, count: int, is_warm: bool) -> bool:
        """Whether so many octets are what `count` of these make; a client may add a
        header field."""
        return octets >= count * self.size + is_warm * self.head


def of_size(size: int) -> bytes:
    """Lines of 76 octets; one in a thousand begins with a dot, so that nobody can do without
    looking for them."""
    page = LINE * 999 + DOTTED
    return (HEAD + page * (size // len(page) + 1))[: size - 2] + b"\r\n"


def _head(content: bytes) -> int:
    head = content[: content.rfind(b"\n", 0, HEAD_LIMIT) + 1]
    return len(head) + head.count(b"\n") - head.count(b"\r\n")


def write(folder: Path, name: str, content: bytes, times: int = 1) -> Text:
    """The content, so many times, as a message; it may have CRLF or LF line ends."""
    crlf = content if b"\r\n" in content else content.replace(b"\n", b"\r\n")
    stuffed = crlf.replace(b"\r\n.", b"\r\n..")
    path, ready = folder / name, folder / f"{name}-ready"
    for target, octets in ((path, content), (ready, stuffed)):
        with target.open("wb") as file:
            for _ in range(times):
                file.write(octets)
    dots = len(stuffed) - len(crlf)
    return Text(
        path, ready, len(crlf) * times, dots * times, _head(content), len(content), len(stuffed)
    )
