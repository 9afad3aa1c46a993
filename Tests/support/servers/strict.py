"""A server that keeps to RFC 5321: it has a transaction of its own, takes no command
out of its place, and delivers what it took.

What it refuses, and where it hangs up, a judge says. A client that does what no
client may do fails the test that uses the server.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from support.servers.scripted import CRLF, Peer
from support.servers.verdicts import (
    FINE,
    Ending,
    Judge,
    Said,
    Verdict,
    at_once,
    by_octet,
    by_reply,
    judging,
)

# What tests take from here.
__all__ = [
    "FINE",
    "Delivery",
    "Ending",
    "Judge",
    "Said",
    "StrictServer",
    "Verdict",
    "at_once",
    "by_octet",
    "by_reply",
    "judging",
]


@dataclass(frozen=True)
class Delivery:
    """One copy of a message, without escaped dots."""

    sender: bytes
    recipient: bytes
    content: bytes
    queue_id: bytes


@dataclass
class StrictServer:
    """What a ScriptedServer says to each connection, and what came of it."""

    capabilities: tuple[bytes, ...] = (b"PIPELINING",)
    judge: Judge = field(default_factory=lambda: judging({}))
    lmtp: bool = False
    #: How the replies to a group travel: the pieces are a write each.
    answering: Callable[[bytes], Iterable[bytes]] = at_once
    #: Whether the client is to send one command at a time although it need not.
    is_one_at_a_time: bool = False
    #: Whether DATA is agreed to although nobody is to get it (RFC 2920 section 3.1).
    agrees_to_nobody: bool = False
    #: How much is read at a time: what was read is answered before more is.
    most_at_a_time: int = 65536

    deliveries: list[Delivery] = field(default_factory=list)
    #: Beginnings of commands, and "." for the end of content: replies leave when the next of
    #: these was answered, and not before, so that a client that waits for one sooner hangs.
    #: Without any they leave whenever all that was read is answered.
    holds_until: list[bytes] = field(default_factory=list)
    #: What came with each read, for a connection that is the only one.
    groups: list[bytes] = field(default_factory=list)
    #: Every reply to what belongs to a message.
    said: list[Said] = field(default_factory=list)
    #: The size of each chunk that was announced, and whether it was to be the last.
    chunks: list[tuple[int, bool]] = field(default_factory=list)
    #: What came and was not answered, because the server or the client had gone. A chunk
    #: that is not complete has its command in front.
    unanswered: bytes = b""

    @property
    def takes_groups(self) -> bool:
        return b"PIPELINING" in self.capabilities and not self.is_one_at_a_time

    def __call__(self, peer: Peer) -> None:
        dialogue = _Dialogue(self, peer)
        with contextlib.suppress(_GoneError, ConnectionResetError, BrokenPipeError, ssl.SSLError):
            dialogue.run()
        self.unanswered = dialogue.rest()

    def copies(self, recipient: bytes) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.recipient == recipient]


class _GoneError(Exception):
    """One of the two has hung up."""


class _Dialogue:
    """One connection."""

    def __init__(self, server: StrictServer, peer: Peer) -> None:
        self._server = server
        self._peer = peer
        self._input = bytearray()
        self._replies = b""
        self._step: Callable[[], bool] = self._command
        #: BDAT, while its octets are waited for.
        self._chunk_line = b""
        #: Of the last MAIL, whatever became of it.
        self._mailbox = b""
        #: RSET was refused: the transaction before may still be there.
        self._is_stale = False
        self._clear()

    def _clear(self) -> None:
        """RFC 5321 section 4.1.1.5."""
        self._sender: bytes | None = None
        self._recipients: list[bytes] = []
        self._chunks = b""
        #: A chunk was refused: all that follow are, too (RFC 3030 section 2).
        self._is_spoilt = False
        self._is_binary = False

    def run(self) -> None:
        self._say(b"220 test.local")
        while True:
            while self._step():
                pass
            if self._replies and not self._server.holds_until:
                self._flush()
            octets = self._peer.some(self._server.most_at_a_time)
            if not octets:
                raise _GoneError
            self._server.groups.append(octets)
            self._input += octets

    def rest(self) -> bytes:
        """What was not answered, up to the end of the connection."""
        rest = bytes(self._input)
        with contextlib.suppress(OSError):
            rest += self._peer.until_closed()
        return self._chunk_line + rest

    # --- replies ----------------------------------------------------------

    def _say(self, *lines: bytes) -> None:
        self._replies += b"".join(line + CRLF for line in lines)

    def _flush(self) -> None:
        for piece in self._server.answering(self._replies):
            self._peer.send(piece)
        self._replies = b""

    def _answered(self, what: bytes) -> None:
        """This was, which may be what the replies have waited for."""
        held = self._server.holds_until
        if held and what.startswith(held[0]):
            del held[0]
            self._flush()

    def _judge(self, what: str, about: bytes, agreement: bytes) -> bool:
        """Replies as the judge says. Whether that was an agreement."""
        verdict = self._server.judge(what, about)
        self._reply(what, about or self._mailbox, verdict, verdict.refusal or agreement)
        return verdict.refusal is None

    def _reply(self, what: str, about: bytes, verdict: Verdict, reply: bytes) -> None:
        ending = verdict.ending or ("behind" if reply.startswith(b"421") else None)
        self._server.said.append(Said(what, about, reply, ending, verdict.resets))
        line = reply + CRLF
        if verdict.ending is not None:
            shown = {"before": 0, "within": len(line) // 2, "behind": len(line)}
            self._replies += line[: shown[verdict.ending]]
            self._hang_up(verdict)
        self._replies += line
        if reply.startswith(b"421"):
            self._hang_up(verdict)

    def _hang_up(self, verdict: Verdict) -> None:
        self._flush()
        if verdict.resets:
            self._peer.reset()
        else:
            # The client may be gone already.
            with contextlib.suppress(OSError):
                self._peer.half_close()
        raise _GoneError

    # --- commands ---------------------------------------------------------

    def _command(self) -> bool:
        """The next command; False when it has not come yet."""
        end = self._input.find(CRLF)
        if end < 0:
            return False
        line = bytes(self._input[:end])
        del self._input[: end + 2]
        assert not re.search(rb"[\x00-\x1f\x7f]", line), f"no command: {line!r}"
        verb = line.split(b" ")[0].upper()
        handle = getattr(self, f"_{verb.decode().lower()}", None)
        assert handle is not None, f"no such command: {line!r}"
        if verb == b"BDAT":
            handle(line)
        else:
            self._alone()
            handle(line)
            self._answered(line)
        return True

    def _alone(self) -> None:
        """Nothing comes behind a command or its content before it is answered."""
        assert self._server.takes_groups or not self._input, f"too early: {bytes(self._input)!r}"

    def _ehlo(self, line: bytes) -> None:
        assert line.startswith(b"LHLO ") == self._server.lmtp, line
        self._clear()
        lines = [b"test.local", *self._server.capabilities]
        self._say(*[b"250-" + line for line in lines[:-1]], b"250 " + lines[-1])

    _lhlo = _ehlo

    def _mail(self, line: bytes) -> None:
        self._mailbox = _path(line, b"MAIL FROM:")
        if self._sender is not None:
            assert self._is_stale, f"in the middle of a transaction: {line!r}"
            self._out_of_place(line)
        elif self._judge("MAIL", self._mailbox, b"250 2.1.0 ok"):
            self._sender = self._mailbox
            self._is_binary = b" BODY=BINARYMIME" in line

    def _rcpt(self, line: bytes) -> None:
        if self._sender is None:
            self._out_of_place(line)
            return
        mailbox = _path(line, b"RCPT TO:")
        if self._judge("RCPT", mailbox, b"250 2.1.5 ok " + mailbox):
            self._recipients.append(mailbox)

    def _data(self, line: bytes) -> None:
        # RFC 2920 section 3.1: it is the last of its group.
        assert not self._input, f"behind DATA: {bytes(self._input)!r}"
        # RFC 3030 section 3.
        assert not self._is_binary, "DATA for what is binary"
        if self._sender is None or not (self._recipients or self._server.agrees_to_nobody):
            self._out_of_place(line)
        elif self._judge("DATA", self._sender, b"354 go on"):
            self._step = self._content
            self._before_content()

    def _out_of_place(self, line: bytes) -> None:
        """A client that may have commands under way cannot know; any other can."""
        assert self._server.takes_groups, f"out of its place: {line!r}"
        verb, *words = line.upper().split(b" ")
        what = "end" if words[-1:] == [b"LAST"] else verb.decode()
        reply = b"503 5.5.1 not now"
        self._server.said.append(Said(what, self._mailbox, reply, None, resets=False))
        self._say(reply)

    def _auth(self, line: bytes) -> None:
        # RFC 4954 section 4.
        assert self._sender is None, f"in the middle of a transaction: {line!r}"
        self._judge("AUTH", b"", b"235 2.7.0 welcome")

    def _rset(self, _: bytes) -> None:
        self._is_stale = not self._judge("RSET", b"", b"250 2.0.0 ok")
        if not self._is_stale:
            self._clear()

    def _quit(self, _: bytes) -> None:
        assert not self._input, f"behind QUIT: {bytes(self._input)!r}"
        self._say(b"221 2.0.0 bye")
        self._hang_up(FINE)

    # --- content ----------------------------------------------------------

    def _before_content(self) -> None:
        """What is said before it was read is said too early."""
        assert self._sender is not None
        verdict = self._server.judge("content", self._sender)
        if verdict is FINE:
            return
        self._flush()
        self._receive()
        self._reply("content", self._sender, verdict, verdict.refusal or b"")
        self._step = self._refused_content

    def _receive(self) -> None:
        self._input += self._peer.some()

    def _take_content(self) -> bytes | None:
        """All of it, without escaped dots and the final one."""
        if self._input.startswith(b".\r\n"):
            end = 0
        else:
            end = self._input.find(b"\r\n.\r\n") + 2
            if end < 2:
                return None
        content = bytes(self._input[:end])
        del self._input[: end + 3]
        return re.sub(rb"^\.", b"", content, flags=re.MULTILINE)

    def _content(self) -> bool:
        content = self._take_content()
        if content is None:
            return False
        self._step = self._command
        self._alone()
        if self._recipients:
            self._deliver(content)
        else:
            assert content == b"", f"for nobody: {content!r}"
            self._say(b"554 5.5.1 nobody to deliver to")
        # Whatever became of it (RFC 5321 section 4.1.1.4).
        self._clear()
        self._answered(b".")
        return True

    def _refused_content(self) -> bool:
        """It was answered already."""
        if self._take_content() is None:
            return False
        self._step = self._command
        self._clear()
        return True

    def _bdat(self, line: bytes) -> None:
        assert b"CHUNKING" in self._server.capabilities, line
        words = line.upper().split()[1:]
        size, is_last = int(words[0]), words[1:] == [b"LAST"]
        assert is_last or len(words) == 1, line
        self._server.chunks.append((size, is_last))
        self._chunk_line = line + CRLF
        self._step = lambda: self._chunk(line, size, is_last)

    def _chunk(self, line: bytes, size: int, is_last: bool) -> bool:
        if len(self._input) < size:
            return False
        chunk = bytes(self._input[:size])
        del self._input[:size]
        self._chunk_line = b""
        self._step = self._command
        self._alone()
        if self._is_spoilt or not self._recipients:
            self._is_spoilt = self._sender is not None
            self._out_of_place(line)
        elif is_last:
            # Of a message that was refused its envelope stays, until RSET.
            self._is_spoilt = not self._deliver(self._chunks + chunk)
            if not self._is_spoilt:
                self._clear()
        elif self._judge("BDAT", self._sender or b"", b"250 2.0.0 more"):
            self._chunks += chunk
        else:
            self._is_spoilt = True
        self._answered(line)
        return True

    # --- delivery ---------------------------------------------------------

    def _deliver(self, content: bytes) -> bool:
        """SMTP has one reply for all recipients, LMTP one for each (RFC 2033 section
        4.2). Whether somebody got it."""
        delivered = False
        sender, recipients = self._sender or b"", self._recipients
        groups = [[recipient] for recipient in recipients] if self._server.lmtp else [recipients]
        for group in groups:
            about = group[0] if self._server.lmtp else sender
            verdict = self._server.judge("end", about)
            queue_id = b"%04X" % (0x1000 + len(self._server.deliveries))
            if verdict.refusal is None:
                delivered = True
                # Before the reply, which may be lost.
                self._server.deliveries += [
                    Delivery(sender, recipient, content, queue_id) for recipient in group
                ]
            agreement = b"250 2.0.0 Ok: queued as " + queue_id
            self._reply("end", about, verdict, verdict.refusal or agreement)
        return delivered


def _path(line: bytes, command: bytes) -> bytes:
    match = re.match(re.escape(command) + rb"<([^>]*)>( .*)?$", line)
    assert match, f"{command!r} was expected: {line!r}"
    return match[1]
