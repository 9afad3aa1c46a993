"""A server for any number of connections, which counts what it accepted for whom."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Callable

from support.servers.manners import tolerant
from support.servers.scripted import Peer

#: What a rule does instead of a reply: the server goes away.
CUT = b"cut"

#: The number of the connection, from 1; how many messages it has accepted; the argument of the
#: command (the address). None: the usual reply. A reply 421 is followed by the end.
Rule = Callable[[int, int, str], "bytes | None"]


def message_of(address: str) -> int:
    """The number of the message in the address of a recipient of Tests/c/pooled.c."""
    found = re.match(r"m(\d+)-", address)
    assert found is not None, address
    return int(found[1])


class CountingServer:
    """`rules`: by command, GREETING, and FINAL for the end of the content."""

    def __init__(self, *keywords: bytes, lmtp: bool = False, **rules: Rule) -> None:
        self.keywords = (*keywords, b"PIPELINING")
        self.lmtp = lmtp
        self.rules = rules
        self.lock = threading.Lock()
        self.connections = 0
        self.quits = 0
        #: By address: how often RCPT came, and how often a message was accepted.
        self.asked: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        #: Messages by the connection that took them.
        self.by_connection: Counter[int] = Counter()

    def _reply(self, peer: Peer, rule: str, number: int, argument: str, usual: bytes) -> bool:
        """Whether the reply was positive; EOFError when the connection is over."""
        reply = usual
        if rule in self.rules:
            reply = self.rules[rule](number, self.by_connection[number], argument) or usual
        if reply == CUT:
            peer.reset()
            raise EOFError
        peer.reply(reply)
        if reply.startswith(b"421"):
            peer.close()
            raise EOFError
        return reply[:1] in b"23"

    def dialogue(self, peer: Peer) -> None:
        with self.lock:
            self.connections += 1
            number = self.connections
        with contextlib.suppress(EOFError):
            tolerant(lambda peer: self._serve(peer, number))(peer)

    def _serve(self, peer: Peer, number: int) -> None:
        accepted: list[str] = []
        if not self._reply(peer, "greeting", number, "", b"220 test.local ESMTP"):
            peer.until_closed()
            return
        while True:
            line = peer.line().decode()
            verb = re.split("[ :]", line.upper(), maxsplit=1)[0]
            address = line[line.find("<") + 1 : line.find(">")]
            if verb in ("EHLO", "LHLO"):
                lines = [b"250-" + keyword for keyword in self.keywords[:-1]]
                peer.reply(b"250-test.local", *lines, b"250 " + self.keywords[-1])
            elif verb == "AUTH":
                self._reply(peer, "auth", number, "", b"235 2.7.0 welcome")
            elif verb == "MAIL":
                accepted = []
                self._reply(peer, "mail", number, address, b"250 2.1.0 ok")
            elif verb == "RCPT":
                with self.lock:
                    self.asked[address] += 1
                if self._reply(peer, "rcpt", number, address, b"250 2.1.5 ok"):
                    accepted.append(address)
            elif verb == "DATA":
                self._data(peer, number, accepted)
            elif verb == "RSET":
                peer.reply(b"250 2.0.0 ok")
            elif verb == "QUIT":
                with self.lock:
                    self.quits += 1
                peer.reply(b"221 2.0.0 bye")
                return
            else:
                peer.reply(b"500 5.5.2 what?")

    def _data(self, peer: Peer, number: int, accepted: list[str]) -> None:
        if not accepted:
            peer.reply(b"554 5.5.1 no recipients")
            return
        if not self._reply(peer, "data", number, accepted[0], b"354 go on"):
            return
        peer.content()
        for address in accepted if self.lmtp else accepted[:1]:
            if self._reply(peer, "final", number, address, b"250 2.0.0 Ok: queued as 4F2A"):
                with self.lock:
                    self.delivered.update([address] if self.lmtp else accepted)
        with self.lock:
            self.by_connection[number] += 1
