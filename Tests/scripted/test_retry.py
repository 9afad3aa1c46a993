"""Whether a message was refused for now or never tried: code and retry of the error tell, as
the header says, without a look at the recipients."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.drive.outcomes import RETRY_SAFE, Failure
from support.servers.scripted import Peer

RECIPIENTS = ["a@example.com", "b@example.com"]


def is_never_tried(failure: Failure) -> bool:
    return failure.retry == RETRY_SAFE and failure.name not in ("EENVELOPE", "EMESSAGE")


def envelope(peer: Peer, *replies: bytes) -> None:
    """A reply to each of MAIL and the two RCPT, all at once, as far as there are any."""
    peer.greet(b"PIPELINING")
    for command in (b"MAIL FROM:", b"RCPT TO:", b"RCPT TO:", b"DATA"):
        peer.expect(command)
    peer.reply(*replies)


@pytest.mark.parametrize("deed", ["cancel", "close", "free"])
def test_ended_by_the_caller_while_queued(connect: Opener, deed: str) -> None:
    def dialogue(peer: Peer) -> None:
        envelope(peer)
        reached.set()
        peer.until_closed()

    reached = threading.Event()
    connection = connect.opened(dialogue)
    with connection.drive.held():
        sends = [connection.start_send(recipients=RECIPIENTS) for _ in range(2)]
    assert reached.wait(PATIENCE)
    getattr(connection, deed)()
    for sending in sends:
        assert is_never_tried(sending.fails("ECANCELLED"))
