"""Dialogues of a Peer that are written as their steps."""

from __future__ import annotations

from support.servers.certificates import Identity
from support.servers.scripted import Dialogue, Peer

#: A command that is expected; the same, and the lines of the reply; or what a function does.
Step = bytes | tuple[bytes, ...] | Dialogue


def script(*steps: Step) -> Dialogue:
    """These steps, one after the other."""

    def dialogue(peer: Peer) -> None:
        for step in steps:
            if isinstance(step, bytes):
                peer.expect(step)
            elif isinstance(step, tuple):
                peer.answer(*step)
            else:
                step(peer)

    return dialogue


def greets(*capabilities: bytes, greeting: bytes = b"220 test.local ESMTP") -> Dialogue:
    return lambda peer: peer.greet(*capabilities, greeting=greeting)


def secures(identity: Identity, *capabilities: bytes) -> Dialogue:
    return lambda peer: peer.secure(identity, *capabilities)


def says(*lines: bytes) -> Dialogue:
    return lambda peer: peer.reply(*lines)


def sends(*pieces: bytes) -> Dialogue:
    return lambda peer: peer.send(*pieces)


def takes(*recipients: bytes, sender: bytes = b"a@example.com") -> Dialogue:
    """The envelope, up to 354."""
    return lambda peer: peer.envelope(*recipients, sender=sender)


def delivers(*recipients: bytes, sender: bytes = b"a@example.com") -> Dialogue:
    return lambda peer: peer.delivery(*recipients, sender=sender)
