"""A server that takes mail from any client, for programs that are tried as they are.

What it answers follows from the address: "nobody" does not exist, "later" is asked to come again,
"full" has a full mailbox when the message is there (LMTP).  Everybody may log in.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from support.servers.certificates import Identity
from support.servers.manners import tolerant
from support.servers.scripted import Peer, ScriptedServer

REFUSALS = {
    b"nobody": b"550 5.1.1 no such mailbox",
    b"later": b"451 4.7.1 greylisted, come again in five minutes",
}


@dataclass
class Letter:
    sender: str
    recipients: list[str]
    content: str
    user: str | None
    is_secure: bool


@dataclass
class Session:
    is_secure: bool
    user: str | None = None
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class Mailroom:
    """Listens from the start; `received` has what came."""

    def __init__(self, identity: Identity, *, secure: bool = False, lmtp: bool = False) -> None:
        self._identity = identity
        self._is_lmtp = lmtp
        self._starts_secure = secure
        self.received: list[Letter] = []
        self._server = ScriptedServer(
            tolerant(self._converse), identity=identity if secure else None, repeat=True
        )
        self.port = self._server.port

    def close(self) -> None:
        self._server.finish()

    def _converse(self, peer: Peer) -> None:
        session = Session(is_secure=self._starts_secure)
        peer.reply(b"220 mail.example.org ready")
        while self._answer(peer, session, peer.line()):
            pass

    def _answer(self, peer: Peer, session: Session, line: bytes) -> bool:
        verb = re.split(rb"[ :]", line.upper(), maxsplit=1)[0]
        if verb in (b"EHLO", b"LHLO"):
            offers = [b"PIPELINING", b"8BITMIME", b"ENHANCEDSTATUSCODES", b"DSN"]
            offers.append(b"AUTH PLAIN OAUTHBEARER XOAUTH2" if session.is_secure else b"STARTTLS")
            peer.reply(b"250-mail.example.org", *[b"250-" + each for each in offers], b"250 SIZE")
        elif verb == b"STARTTLS":
            peer.reply(b"220 2.0.0 go ahead")
            peer.start_tls(self._identity)
            session.is_secure = True
        elif verb == b"AUTH":
            session.user = self._login(peer, line)
            peer.reply(b"235 2.7.0 welcome")
        elif verb == b"MAIL":
            session.sender = line.split(b"<")[1].split(b">")[0].decode()
            peer.reply(b"250 2.1.0 ok")
        elif verb == b"RCPT":
            address = line.split(b"<")[1].split(b">")[0]
            refusal = REFUSALS.get(address.split(b"@")[0])
            if refusal is None:
                session.recipients.append(address.decode())
            peer.reply(refusal or b"250 2.1.5 ok")
        elif verb == b"DATA":
            if not session.recipients:
                peer.reply(b"554 5.5.1 no valid recipients")
            else:
                peer.reply(b"354 go on")
                self._take(peer, session)
        elif verb == b"QUIT":
            peer.reply(b"221 2.0.0 bye")
            return False
        else:
            peer.reply(b"250 2.0.0 ok")
        if verb in (b"RSET", b"DATA"):
            session.recipients = []
        return True

    def _login(self, peer: Peer, line: bytes) -> str:
        words = line.split(b" ")
        if len(words) < 3:
            peer.reply(b"334 ")
            words.append(peer.line())
        octets = base64.b64decode(words[2])
        if words[1] == b"PLAIN":
            return octets.split(b"\0")[1].decode()
        found = re.search(rb"(?:a=|user=)([^,\x01]+)", octets)
        return found[1].decode() if found else ""

    def _take(self, peer: Peer, session: Session) -> None:
        content = peer.content().decode().replace("\r\n", "\n").removesuffix(".\n")
        full = [each for each in session.recipients if self._is_lmtp and each.startswith("full")]
        got = [each for each in session.recipients if each not in full]
        self.received.append(Letter(session.sender, got, content, session.user, session.is_secure))
        if not self._is_lmtp:
            peer.reply(b"250 2.0.0 Ok: queued as 4F2A")
        for address in session.recipients if self._is_lmtp else ():
            words = b"452 4.2.2 mailbox full" if address in full else b"250 2.1.5 delivered"
            peer.reply(words)
