"""Messages of every kind to servers of every mood: what was delivered is what a model says
must have been, and so is the result of each send.

A server decides by chance what it refuses and when it goes away. The numbers are the
same in every run; one that fails is named.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from conftest import Opener
from support.drive.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED
from support.messages.model import Posted
from support.messages.modes import Mode, in_every_mode, in_groups
from support.messages.posting import fates
from support.servers.certificates import Certificates, Identity
from support.servers.strict import (
    FINE,
    Ending,
    StrictServer,
    Verdict,
    at_once,
    by_octet,
    by_reply,
)
from support.slowness import repeated

# With fewer not every kind of outcome comes up.
DIALOGUES = max(30, repeated(60))

REFUSALS = (b"550 5.7.1 no", b"554 5.6.0 never", b"450 4.2.0 later", b"451 4.3.0 trouble")
ENDINGS: tuple[Ending, ...] = ("before", "within", "behind")
LINES = (b"a line", b".", b".dots", b"", b"x" * 78, b"zo\xc3\xab")
LINE_ENDS = (b"\r\n", b"\r\n", b"\n", b"\r")


@dataclass
class Mood:
    """What a server thinks, by chance: a judge."""

    chance: random.Random
    #: How often it refuses, and how often it goes away.
    refuses: float
    leaves: float
    lmtp: bool
    #: Whether it may end the connection with a reset. What is still on the way is lost
    #: then, so all that it says has to be one packet.
    resets: bool
    #: The senders of messages that may not have left as a whole when they are refused.
    large: set[bytes] = field(default_factory=set)

    def __call__(self, what: str, about: bytes) -> Verdict:
        if what == "content":
            early = self.chance.random() < self.refuses and not self.lmtp
            return Verdict(self._refusal()) if early and about not in self.large else FINE
        often = self.refuses * {"RSET": 0.1, "RCPT": 1.5}.get(what, 1)
        refusal = self._refusal() if self.chance.random() < often else None
        if self.chance.random() >= self.leaves:
            return Verdict(refusal)
        if self.chance.random() < 0.3:
            return Verdict(b"421 4.3.2 bye")
        ending = self.chance.choice(ENDINGS)
        resets = self.resets and self.chance.random() < 0.2
        # Half a refusal is understood, if it is the last thing said.
        return Verdict(None if ending == "within" else refusal, ending, resets)

    def _refusal(self) -> bytes:
        return self.chance.choice(REFUSALS)


def some_content(chance: random.Random, number: int) -> bytes:
    size = chance.choice([0, 10, 300, 300, 2000, 2000, 20_000, 90_000])
    body = b"Subject: %d\r\n\r\n" % number
    if size > 2000:
        # Regular lines, which are looked at in blocks.
        body += (b"%076d\r\n" % number) * (size // 78)
    while len(body) < size:
        body += chance.choice(LINES) + chance.choice(LINE_ENDS)
    return body[: max(size, chance.randrange(30))]


def some_messages(chance: random.Random) -> list[Posted]:
    return [
        Posted(
            number,
            tuple(f"to{number}-{place}@example.com" for place in range(chance.randint(1, 4))),
            some_content(chance, number),
            is_stream=chance.random() < 0.2,
            pieces=chance.randint(1, 4),
            is_all_or_none=chance.random() < 0.1,
        )
        for number in range(chance.randint(1, 12))
    ]


def converse(
    connect: Opener, mode: Mode, seed: int, seen: set[str], identity: Identity | None = None
) -> None:
    chance = random.Random(f"{mode} {seed}")
    lmtp = chance.random() < 0.2
    refuses, leaves = chance.choice([(0.0, 0.0), (0.1, 0.0), (0.1, 0.02), (0.03, 0.05)])
    answering = chance.choice([at_once, at_once, by_reply, by_octet])
    messages = some_messages(chance)
    large = {each.sender for each in messages if len(each.content) > 10_000}
    mood = Mood(chance, refuses, leaves, lmtp, answering is at_once, large)
    strict = StrictServer(mode.capabilities, mood, lmtp, answering)
    # A dialogue that is written down takes its replies by another way.
    log = int(random.Random(seed).random() < 0.2)
    for fate in fates(connect, strict, mode, messages, identity, transaction_log=log):
        seen.add(fate.error or "sent")
        seen |= {str(status) for status in fate.statuses}


@in_every_mode
def test_model(connect: Opener, mode: Mode) -> None:
    seen: set[str] = set()
    for seed in range(DIALOGUES):
        try:
            converse(connect, mode, seed, seen)
        except Exception as problem:
            problem.add_note(f"dialogue {seed}")
            raise
        connect.drive.finish()
    # They are not all alike.
    assert {"sent", "EMESSAGE", "EENVELOPE", "ECONNECTION"} <= seen
    assert {str(status) for status in (ACCEPTED, DEFERRED, REJECTED, NOT_TRIED)} <= seen


@in_groups
def test_under_tls(connect: Opener, certificates: Certificates, mode: Mode) -> None:
    for seed in range(DIALOGUES // 4):
        try:
            converse(connect, mode, seed, set(), certificates.good)
        except Exception as problem:
            problem.add_note(f"dialogue {seed}")
            raise
        connect.drive.finish()
