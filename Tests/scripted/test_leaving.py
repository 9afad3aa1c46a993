"""How a connection is left: with QUIT where the two sides still understand each
other, and never half open."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.servers.scripted import Peer


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
