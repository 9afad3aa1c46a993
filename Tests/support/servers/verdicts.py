"""How a server judges commands, its replies, and how they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

# Where in its reply a server goes away.
Ending = Literal["before", "within", "behind"]


@dataclass(frozen=True)
class Verdict:
    """What a server thinks of a command: a reply of 4yz or 5yz refuses it. After 421
    it hangs up in any case (RFC 5321 section 3.8)."""

    refusal: bytes | None = None
    ending: Ending | None = None
    #: Whether the connection ends with a reset.
    resets: bool = False


FINE = Verdict()

#: Judges MAIL, RCPT, DATA, BDAT (a chunk before the last), "content" (before it is
#: read) and "end" (of the content), and whom it is about: the mailbox of MAIL and
#: RCPT, else the sender; with LMTP the end is about each recipient. AUTH and RSET
#: are about nobody.
Judge = Callable[[str, bytes], Verdict]


def judging(judged: dict[tuple[str, bytes], Verdict]) -> Judge:
    """A judge that finds everything else fine."""
    return lambda what, about: judged.get((what, about), FINE)


@dataclass(frozen=True)
class Said:
    """A reply: to what and about whom, in the words of Judge; of what was out of its
    place, and of RSET, the sender of the last MAIL."""

    what: str
    about: bytes
    reply: bytes
    #: Whether the server went away then, and how.
    ending: Ending | None
    resets: bool


def at_once(replies: bytes) -> Iterable[bytes]:
    return [replies]


def by_octet(replies: bytes) -> Iterable[bytes]:
    return [replies[place : place + 1] for place in range(len(replies))]


def by_reply(replies: bytes) -> Iterable[bytes]:
    return replies.splitlines(keepends=True)
