"""Servers that resume TLS sessions, and what they see of the clients that come."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from support.drive import Drive
from support.drive.outcomes import Json
from support.drive.program import PATIENCE
from support.servers.certificates import Identity
from support.servers.scripted import Peer, ScriptedServer

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True)
class Forgetful(Identity):
    """Gives sessions, and knows them no more when the next client comes: its keys are
    made anew for each, as after a restart."""

    version: str = "TLSv1.3"
    #: Sessions for each full handshake, with TLS 1.3.
    tickets: int = 2

    @classmethod
    def like(cls, identity: Identity, version: str = "TLSv1.3", tickets: int = 2) -> Forgetful:
        return cls(identity.certificate, identity.key, version, tickets)

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.minimum_version = context.maximum_version = VERSIONS[self.version]
        context.num_tickets = self.tickets
        return context


@dataclass(frozen=True)
class Remembering(Forgetful):
    """Resumes the sessions that it gave."""

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return super().server_context()

    def server_context(self) -> ssl.SSLContext:
        return self._context


# RFC 5077 section 3.2, RFC 8446 section 4.2.11.
SESSION_TICKET, PRE_SHARED_KEY = 35, 41


def extension_in(hello: bytes, wanted: int) -> bytes | None:
    """An extension of a ClientHello (RFC 8446 section 4.1.2), which is given as a record."""
    at = 5 + 4 + 2 + 32
    for size in (1, 2, 1):  # session id, cipher suites, compression methods
        at += size + int.from_bytes(hello[at : at + size])
    at += 2
    while at < len(hello):
        kind, length = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        at += 4 + length
        if kind == wanted:
            return hello[at - length : at]
    return None


def offers_session(hello: bytes) -> bool:
    """Whether a ClientHello asks to resume."""
    return extension_in(hello, PRE_SHARED_KEY) is not None or bool(
        extension_in(hello, SESSION_TICKET)
    )


@dataclass(frozen=True, order=True)
class Seen:
    """A handshake: whether the client offered a session, and whether it was resumed."""

    offered: bool
    resumed: bool


FULL, REFUSED, RESUMED = Seen(False, False), Seen(True, False), Seen(True, True)


class Witness(ScriptedServer):
    """A server with TLS for `count` connections, which have nothing to do but quit. The
    last ones come `together`: none is answered before all have said hello."""

    def __init__(
        self,
        identity: Identity,
        count: int = 2,
        *capabilities: bytes,
        starttls: bool = False,
        together: int = 1,
        port: int = 0,
        then: Callable[[Peer], object] = Peer.quit,
    ) -> None:
        self.seen: list[Seen] = []
        self._shown = identity
        self._capabilities = capabilities
        self._starttls = starttls
        self._then = then
        alone, others = threading.Barrier(1), threading.Barrier(together, timeout=PATIENCE)
        barriers = [alone] * (count - together) + [others] * together
        super().__init__(*[self._dialogue(barrier) for barrier in barriers], port=port)

    def __enter__(self) -> Witness:
        return self

    def _dialogue(self, barrier: threading.Barrier) -> Callable[[Peer], None]:
        def dialogue(peer: Peer) -> None:
            if self._starttls:
                peer.greet(b"STARTTLS")
                peer.answer(b"STARTTLS", b"220 go")
            offered = offers_session(peer.hello())
            barrier.wait()
            peer.start_tls(self._shown)
            self.seen.append(Seen(offered, peer.has_resumed))
            if self._starttls:
                peer.ehlo(*self._capabilities)
            else:
                peer.greet(*self._capabilities)
            self._then(peer)

        return dialogue


def visit(drive: Drive, options: str) -> Json:
    """A connection from its beginning to its end; what was to be known of it meanwhile."""
    connection = drive.connection_from(options)
    connection.start_connect().succeeds()
    info = connection.info()
    connection.start_quit().succeeds()
    return info
