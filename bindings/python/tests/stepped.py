"""A client and a server on one thread: each goes on when a test says so, and reads no more than
it says, so that nothing depends on who is faster."""

from __future__ import annotations

import select
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any

import smtpconn

#: As little as the system allows, or nearly: a record of TLS does not fit.
NARROW = 4096


class Stepped:
    """The two ends of a connection, with little room between them. The server's TLS is in
    memory: what it has taken off the way is what it has read."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.loop = smtpconn.Loop()
        #: Kept until the loop closes them.
        self._connections: list[smtpconn.Connection] = []
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW)
        self._theirs.setblocking(False)
        #: What the client has said, decoded; a test takes from it what it has seen.
        self.said = bytearray()
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._tls = context.wrap_bio(self._coming, self._going, server_side=True)

    def __enter__(self) -> Stepped:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.loop.close()
        self._ours.close()
        self._theirs.close()

    def connect(self, *capabilities: str, **options: Any) -> smtpconn.Connection:
        """A connection that is open, to a server that offers these."""
        if self._tls is not None:
            options.update(secure=True, tls_reject_unauthorized=False)
        connection = smtpconn.Connection(connection=self._ours, loop=self.loop, **options)
        self._connections.append(connection)
        self._ours.close()
        connection.start_connect()
        self.go_on()
        while self._tls is not None and self._tls.version() is None:
            self.take()
            self.go_on()
        self.reply("220 test")
        lines = ["test", *capabilities]
        self.take()
        self.reply(*[f"250-{line}" for line in lines[:-1]], f"250 {lines[-1]}")
        self.said.clear()
        assert connection.is_open
        return connection

    # --- the client -------------------------------------------------------

    def go_on(self) -> None:
        """The client does what it can without the server."""
        while select.select([self.loop], [], [], 0)[0]:
            self.loop.dispatch()

    # --- the server -------------------------------------------------------

    def take(self, most: int = 1 << 20) -> int:
        """Reads so many octets, as they travel, or what is there; tells how many."""
        try:
            octets = self._theirs.recv(most)
        except BlockingIOError:
            return 0
        if self._tls is None:
            self.said += octets
            return len(octets)
        self._coming.write(octets)
        try:
            if self._tls.version() is None:
                self._tls.do_handshake()
            while plain := self._tls.read(1 << 16):
                self.said += plain
        except ssl.SSLWantReadError:
            pass
        self._send()
        return len(octets)

    def take_until(self, end: bytes, most: int = 1 << 20) -> None:
        """Reads until it has this, the client going on in between."""
        while end not in self.said:
            taken = self.take(most)
            self.go_on()
            assert taken, f"{end!r} did not come"

    def reply(self, *lines: str) -> None:
        """Says lines, which the client hears at once."""
        self.say("".join(f"{line}\r\n" for line in lines).encode())
        self.go_on()

    def say(self, octets: bytes) -> None:
        """Says something that the client does not hear yet."""
        if self._tls is None:
            self._theirs.sendall(octets)
        else:
            self._tls.write(octets)
            self._send()

    def _send(self) -> None:
        if octets := self._going.read():
            self._theirs.sendall(octets)

    def hang_up(self) -> None:
        """Reads nothing any more and says nothing more; what was said can still be heard."""
        self._theirs.shutdown(socket.SHUT_RDWR)
