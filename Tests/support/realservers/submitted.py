"""Where a real server sends what was submitted to it: a server that writes down what came,
refuses some of it, and leaves the rest of RFC 5321 to its client, which is not ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from support.servers.manners import tolerant
from support.servers.scripted import Peer


@dataclass(frozen=True)
class Submission:
    """A message with those who got it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


#: What is refused for its subject.
SPAM = b"Subject: spam\r\n"


@dataclass
class Submitted:
    """Says the same to each connection. Who begins with "nosuch" is not known here."""

    messages: list[Submission] = field(default_factory=list)

    def __call__(self, peer: Peer) -> None:
        tolerant(self._converse)(peer)

    def _converse(self, peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"8BITMIME", b"SIZE")
        sender, recipients = "", list[str]()
        while True:
            line = peer.line()
            verb = re.split(rb"[ :]", line.upper(), maxsplit=1)[0]
            if verb == b"MAIL":
                sender, recipients = _path(line), []
                peer.reply(b"250 2.1.0 ok")
            elif verb == b"RCPT" and _path(line).startswith("nosuch"):
                peer.reply(b"550 5.1.1 There is nobody of this name")
            elif verb == b"RCPT":
                recipients.append(_path(line))
                peer.reply(b"250 2.1.5 ok")
            elif verb == b"DATA" and recipients:
                peer.reply(b"354 go on")
                content = re.sub(rb"^\.", b"", peer.content()[:-3], flags=re.MULTILINE)
                if SPAM in content:
                    peer.reply(b"554 5.6.0 Not this one")
                    continue
                self.messages.append(Submission(sender, tuple(recipients), content))
                peer.reply(b"250 2.0.0 Ok: queued as %04X" % len(self.messages))
            elif verb == b"DATA":
                peer.reply(b"503 5.5.1 RCPT first")
            elif verb == b"QUIT":
                peer.reply(b"221 2.0.0 bye")
                return
            else:
                peer.reply(b"250 2.0.0 ok")


def _path(line: bytes) -> str:
    found = re.search(rb"<([^>]*)>", line)
    assert found is not None, line
    return found[1].decode()
