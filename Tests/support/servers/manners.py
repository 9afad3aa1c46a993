"""Servers without a script: friendly, silent, rude."""

from __future__ import annotations

import contextlib
import re

from support.servers.scripted import Dialogue, Peer


def tolerant(dialogue: Dialogue) -> Dialogue:
    """The same dialogue, for clients that may go away at any point."""

    def wrapped(peer: Peer) -> None:
        with contextlib.suppress(AssertionError, OSError):
            dialogue(peer)

    return wrapped


def offering(*keywords: bytes) -> Dialogue:
    """A well-behaved server with these keywords as well as its own: answers every command
    until QUIT or the end."""

    @tolerant
    def dialogue(peer: Peer) -> None:
        in_transaction = False
        peer.reply(b"220 test.local ESMTP")
        while True:
            line = peer.line()
            verb = re.split(rb"[ :]", line.upper(), maxsplit=1)[0]
            if verb == b"EHLO":
                offers = (b"250-PIPELINING", b"250-AUTH PLAIN LOGIN XOAUTH2", b"250 8BITMIME")
                peer.reply(b"250-test.local", *[b"250-" + keyword for keyword in keywords], *offers)
            elif verb == b"AUTH":
                peer.reply(b"235 2.7.0 welcome")
            elif verb in (b"MAIL", b"RCPT"):
                in_transaction = True
                peer.reply(b"250 2.1.0 ok")
            elif verb == b"DATA":
                if not in_transaction:
                    peer.reply(b"503 5.5.1 MAIL first")
                    continue
                peer.reply(b"354 go on")
                peer.content()
                in_transaction = False
                peer.reply(b"250 2.0.0 Ok: queued as 4F2A")
            elif verb == b"RSET":
                in_transaction = False
                peer.reply(b"250 2.0.0 ok")
            elif verb == b"NOOP":
                peer.reply(b"250 2.0.0 ok")
            elif verb == b"QUIT":
                peer.reply(b"221 2.0.0 bye")
                return
            else:
                peer.reply(b"500 5.5.2 what?")

    return dialogue


friendly = offering()


def silent(peer: Peer) -> None:
    """A server that never says a word."""
    peer.until_closed()


@tolerant
def rude(peer: Peer) -> None:
    """A server that goes away in the middle of a message, first in an orderly way
    and at once in another: who writes then is told with a signal."""
    peer.greet()
    peer.envelope_of_anybody()
    peer.read_some()
    peer.half_close()
    peer.reset()


@tolerant
def rude_under_tls(peer: Peer) -> None:
    """A server that resets the connection in the middle of a command."""
    peer.greet()
    peer.expect(b"MAIL FROM:")
    peer.reset()
