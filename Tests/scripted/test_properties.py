"""What can be asked of a connection, at each stage of its life."""

from __future__ import annotations

import re
import threading
from enum import IntEnum

from conftest import Opener
from support.servers.script import script
from support.servers.scripted import Peer, ScriptedServer


class Stage(IntEnum):
    """enum smtpconn_stage_number."""

    NEW = 0
    CONNECTING = 1
    CONNECTED = 2
    QUITTING = 3
    CLOSED = 4


def test_stage(connect: Opener) -> None:
    """Each stage is seen: the server goes on only when the test has looked."""
    looked = [threading.Event(), threading.Event()]

    def dialogue(peer: Peer) -> None:
        looked[0].wait()
        peer.greet()
        assert peer.line() == b"QUIT"
        looked[1].wait()
        peer.reply(b"221 bye")

    connection = connect(dialogue)
    stages = [connection.info()["stage"]]
    opening = connection.start_connect()
    stages.append(connection.info()["stage"])
    looked[0].set()
    opening.succeeds()
    stages.append(connection.info()["stage"])
    leaving = connection.start_quit()
    stages.append(connection.info()["stage"])
    looked[1].set()
    leaving.succeeds()
    connection.wait_end()
    stages.append(connection.info()["stage"])
    connect.join()
    assert stages == list(Stage)


def test_id(connect: Opener) -> None:
    """It tells connections apart, and never changes."""
    server = connect.server(script(Peer.greet, Peer.quit), repeat=True)
    names = set()
    for _ in range(3):
        connection = connect(server)
        name = str(connection.info()["id"])
        assert re.fullmatch("[0-9a-f]{16}", name)
        connection.start_connect().succeeds()
        connection.start_quit().succeeds()
        connection.wait_end()
        assert connection.info()["id"] == name
        names.add(name)
    assert len(names) == 3


def test_client_name(connect: Opener) -> None:
    """What EHLO said, not what the option asked for."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        said.append(peer.line().decode())
        peer.reply(b"250 test.local")
        peer.quit()

    for name in ("client.example", "192.0.2.1", None):
        said: list[str] = []
        with ScriptedServer(dialogue) as server:
            connection = connect(server, name=name)
            assert connection.info()["client_name"] is None
            connection.start_connect().succeeds()
            assert [f"EHLO {connection.info()['client_name']}"] == said
            connection.start_quit().succeeds()
