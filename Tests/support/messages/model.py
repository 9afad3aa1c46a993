"""The results that messages must have, by what a strict server has sent and got.

The model knows RFC 5321, 2033, 2920 and 3030 from the client's side, and nothing of the
library: it takes the replies in their order and decides about each message in turn.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from dataclasses import dataclass, field

from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.messages.content import wire
from support.messages.modes import Mode
from support.servers.scripted import CRLF
from support.servers.strict import Said, StrictServer

#: Larger messages in memory wait for the replies to their envelopes.
AT_ONCE = 65536


@dataclass(frozen=True)
class Posted:
    """A message that the library was given."""

    number: int
    recipients: tuple[str, ...]
    content: bytes
    #: From a reader, in so many pieces.
    is_stream: bool = False
    pieces: int = 2
    is_all_or_none: bool = False

    @property
    def sender(self) -> bytes:
        return b"from%d@example.com" % self.number

    def leaves_at_once(self, mode: Mode) -> bool:
        small = len(wire(self.content)) <= AT_ONCE
        return mode.is_optimistic and small and not self.is_stream and not self.is_all_or_none


@dataclass
class Fate:
    """What became of a message."""

    statuses: list[int]
    #: What refused the recipient, for those that were.
    codes: list[int]
    error: str | None = None
    retry: int | None = None
    #: Nobody can say whether all of it had left: those in doubt may be untried as well.
    is_open: bool = False

    def is_refused(self) -> bool:
        return any(status in (DEFERRED, REJECTED) for status in self.statuses)

    def refuse(self, place: int, code: int) -> None:
        self.statuses[place] = REJECTED if code >= 500 else DEFERRED
        self.codes[place] = code

    def fail(self, error: str, retry: int, accepted: int = NOT_TRIED) -> Fate:
        self.error, self.retry = error, retry
        self.statuses = [accepted if each == ACCEPTED else each for each in self.statuses]
        return self


@dataclass
class _LostError(Exception):
    """No reply comes any more."""

    error: str = "ECONNECTION"
    resets: bool = False


@dataclass
class _ClosingError(Exception):
    """421: a reply, and the last one."""


def _by(code: int) -> int:
    return RETRY_NO if code >= 500 else RETRY_SAFE


@dataclass
class Model:
    """Asked for the fate of each message, in their order."""

    server: StrictServer
    mode: Mode
    _said: deque[Said] = field(init=False)
    _left: set[bytes] = field(init=False)
    _loss: _LostError | None = None
    #: What refused the sender of the message, whatever is said of the rest.
    _sender_code: int | None = None
    #: The message before left no transaction at the server that RSET would have to end.
    _left_nothing: bool = False

    def __post_init__(self) -> None:
        self._said = deque(self.server.said)
        self._left = contents_that_left(self.server)

    @property
    def is_lost(self) -> bool:
        return self._loss is not None

    # --- replies ----------------------------------------------------------

    def _next(self) -> int:
        """The code of the next reply."""
        if self._loss is not None:
            raise self._loss
        if not self._said:
            raise AssertionError("the library cannot know more than the server has said")
        said = self._said.popleft()
        if said.ending is not None:
            self._loss = _LostError(resets=said.resets)
            if said.ending != "behind":
                raise self._loss
        if said.reply.startswith(b"421"):
            raise _ClosingError
        return int(said.reply[:3])

    def _is_next(self, *whats: str) -> bool:
        return bool(self._said) and self._said[0].what in whats

    # --- messages ---------------------------------------------------------

    def fate(self, posted: Posted) -> Fate:
        count = len(posted.recipients)
        fate = Fate([NOT_TRIED] * count, [0] * count)
        try:
            return self._envelope(posted, fate)
        except _LostError as loss:
            self._loss = loss
        except _ClosingError:
            assert self._loss is not None
        return self._interrupted(posted, fate, self._loss)

    def _interrupted(self, posted: Posted, fate: Fate, loss: _LostError) -> Fate:
        if self._is_decided(posted, fate):
            return self._unwanted(fate)
        undecided = [each in (NOT_TRIED, ACCEPTED) for each in fate.statuses]
        if self.server.lmtp:
            # A copy that was taken is taken.
            undecided = [
                each and code != DELIVERED for each, code in zip(undecided, fate.codes, strict=True)
            ]
        is_doubtful = posted.sender in self._left and any(undecided)
        for place in range(len(undecided)):
            if undecided[place]:
                fate.statuses[place] = UNKNOWN if is_doubtful else NOT_TRIED
        fate.error, fate.retry = loss.error, RETRY_UNKNOWN if is_doubtful else RETRY_SAFE
        fate.is_open = loss.resets and any(undecided)
        return fate

    def _is_decided(self, posted: Posted, fate: Fate) -> bool:
        """Whether nobody gets the message, whatever happens to the connection."""
        if self._sender_code is not None:
            return True
        if posted.is_all_or_none and fate.is_refused():
            return True
        return all(status in (DEFERRED, REJECTED) for status in fate.statuses)

    def _unwanted(self, fate: Fate) -> Fate:
        if self._sender_code is not None:
            return fate.fail("EENVELOPE", _by(self._sender_code))
        return fate.fail("EENVELOPE", RETRY_SAFE if DEFERRED in fate.statuses else RETRY_NO)

    def _envelope(self, posted: Posted, fate: Fate) -> Fate:
        self._sender_code = None
        left_nothing, self._left_nothing = self._left_nothing, False
        is_refused = self._loss is None and self._is_next("RSET") and self._next() >= 300
        if is_refused and not left_nothing:
            # What it leaves behind would get this message too: the client closes.
            raise _LostError("EPROTOCOL")
        sender_code = self._next()
        if sender_code >= 300:
            self._sender_code = sender_code
            # Content that is on its way may have been taken for commands.
            self._left_nothing = not posted.leaves_at_once(self.mode)
            if not self.mode.takes_groups:
                return self._unwanted(fate)
        for place in range(len(posted.recipients)):
            code = self._next()
            if self._sender_code is None and code >= 300:
                fate.refuse(place, code)
            elif self._sender_code is None:
                fate.statuses[place] = ACCEPTED
        is_wanted = ACCEPTED in fate.statuses and not (posted.is_all_or_none and fate.is_refused())
        if is_wanted:
            return self._wanted(fate)
        # What went out before that was known has a reply all the same.
        has_data = self.mode.takes_groups and not self.mode.has_chunks
        if posted.leaves_at_once(self.mode) or (has_data and not posted.is_all_or_none):
            code = self._next()
            assert code >= 500
        return self._unwanted(fate)

    def _wanted(self, fate: Fate) -> Fate:
        if not self.mode.has_chunks:
            code = self._next()
            if code != 354:
                return self._refused(fate, code, "EENVELOPE")
        return self._content(fate)

    def _refused(self, fate: Fate, code: int, error: str) -> Fate:
        for place, status in enumerate(fate.statuses):
            if status == ACCEPTED and fate.codes[place] != DELIVERED:
                fate.refuse(place, code)
        if ACCEPTED in fate.statuses:
            return fate
        return fate.fail(error, _by(code))

    def _content(self, fate: Fate) -> Fate:
        try:
            while self._is_next("BDAT"):
                code = self._next()
                if code >= 300:
                    self._drain()
                    self._leave_unclear(fate)
                    return self._refused(fate, code, "EMESSAGE")
            return self._copies(fate) if self.server.lmtp else self._verdict(fate)
        except _ClosingError:
            return self._refused(fate, 421, "EMESSAGE")

    def _drain(self) -> None:
        """The replies to what was under way behind a chunk that was refused."""
        with contextlib.suppress(_LostError, _ClosingError):
            while self._loss is None and self._is_next("BDAT", "end"):
                self._next()

    def _leave_unclear(self, fate: Fate) -> None:
        """Of several copies nobody can tell how many replies the last chunk has when one
        before it was refused: when it was under way, the client has closed."""
        is_last_word = self._loss is None and not self._said
        if self.server.lmtp and fate.statuses.count(ACCEPTED) > 1 and is_last_word:
            self._loss = _LostError()

    def _verdict(self, fate: Fate) -> Fate:
        code = self._next()
        return self._refused(fate, code, "EMESSAGE") if code >= 300 else fate

    def _copies(self, fate: Fate) -> Fate:
        refusals = []
        for place, status in enumerate(fate.statuses):
            if status == ACCEPTED:
                code = self._next()
                fate.codes[place] = DELIVERED
                if code >= 300:
                    fate.refuse(place, code)
                    refusals.append(code)
        if ACCEPTED in fate.statuses:
            return fate
        return fate.fail("EMESSAGE", min(map(_by, refusals), key=lambda retry: retry != RETRY_SAFE))


#: In the place of a code: this copy has arrived.
DELIVERED = -1


def contents_that_left(server: StrictServer) -> set[bytes]:
    """The senders of messages that had left the client as a whole."""
    left = set()
    sender = b""
    for said in server.said:
        if said.what == "MAIL":
            sender = said.about
        elif said.what == "end":
            left.add(sender)
    # What the server did not look at any more.
    rest = server.unanswered
    last = server.said[-1] if server.said else None
    is_content = last is not None and (last.what == "content" or last.reply.startswith(b"354"))
    if is_content and (rest.startswith(b".\r\n") or b"\r\n.\r\n" in rest):
        left.add(sender)
    while (end := rest.find(CRLF)) >= 0:
        line, rest = rest[:end], rest[end + 2 :]
        if match := re.match(rb"MAIL FROM:<([^>]*)>", line):
            sender = match[1]
        elif match := re.fullmatch(rb"BDAT (\d+)( LAST)?", line):
            size = int(match[1])
            if match[2] and len(rest) >= size:
                left.add(sender)
            rest = rest[size:]
    return left
