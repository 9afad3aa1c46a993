"""How a connection is left: with QUIT where the two sides still understand each
other, and never half open."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.scripted import Peer

REFUSALS: dict[str, dict[str, int]] = {
    "greeting": {},
    "EHLO": {},
    "HELO": {},
    "LHLO": {"lmtp": 1},
    "STARTTLS": {},
    "no STARTTLS": {"require_tls": 1},
}


@pytest.mark.parametrize("where", REFUSALS)
def test_quit_is_sent(connect: Opener, where: str) -> None:
    """RFC 5321 section 4.1.1.10: a client does not close before QUIT, even when it
    finds the server of no use."""

    def dialogue(peer: Peer) -> None:
        if where == "greeting":
            peer.reply(b"554 5.3.2 no service here")
        else:
            peer.reply(b"220 hi")
            peer.expect(b"LHLO " if where == "LHLO" else b"EHLO ")
            if where == "STARTTLS":
                peer.reply(b"250-test.local", b"250 STARTTLS")
                peer.answer(b"STARTTLS", b"454 4.7.0 not now")
            elif where == "no STARTTLS":
                peer.reply(b"250 test.local")
            elif where == "HELO":
                peer.reply(b"502 what?")
                peer.answer(b"HELO ", b"502 what?")
            else:
                peer.reply(b"554 5.3.2 no")
        peer.quit()

    connection = connect(dialogue, **REFUSALS[where])
    assert connection.start_connect().wait().error is not None
    connection.wait_end()


@pytest.mark.parametrize("how", ["close", "quit", "time limit", "refused greeting", "421"])
def test_nothing_stays_open(connect: Opener, how: str) -> None:
    """The server keeps its end open for ever: ours is gone all the same."""
    opened, looked = threading.Event(), threading.Event()

    def dialogue(peer: Peer) -> None:
        if how == "refused greeting":
            peer.reply(b"554 5.3.2 no service here")
        else:
            peer.greet()
        if how == "quit":
            peer.answer(b"QUIT", b"221 bye")
        elif how == "421":
            assert opened.wait(PATIENCE)
            peer.reply(b"421 4.4.2 idle for too long")
        assert looked.wait(PATIENCE)

    drive = connect.drive
    # A loop of its own, whose descriptors are not those of the connection.
    loop = drive.loop()
    before = drive.counts()
    server = connect.server(dialogue)
    limit = 100 if how == "time limit" else 0
    connection = drive.connection(loop, host=server.host, port=server.port, socket_timeout=limit)
    opening = connection.start_connect()
    if how == "refused greeting":
        opening.fails("EPROTOCOL")
    else:
        opening.succeeds()
        # The limit may have passed already.
        assert how == "time limit" or drive.counts()[0] > before[0]
        opened.set()
    if how == "quit":
        connection.start_quit().succeeds()
    elif how == "close":
        connection.close()
    connection.wait_end()
    assert drive.counts() == before
    looked.set()
