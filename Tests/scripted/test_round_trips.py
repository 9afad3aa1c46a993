"""How few writes and round trips a message takes."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.servers.scripted import Peer


@pytest.mark.parametrize("way", ["copy", "descriptor", "reader"])
def test_a_small_message_is_one_write(connect: Opener, way: str) -> None:
    """The end of the body and the final dot leave together: apart, the dot could
    wait until the body is acknowledged."""
    given = b"Subject: x\n\n" + b"a line\n" * 100
    arrived: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        arrived.append(peer._socket.recv(65536))
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    drive = connection.drive
    if way == "reader":
        message = drive.reader(*given.splitlines(keepends=True))
    else:
        message = drive.message(given, way)
    connection.delivers(message=message)
    connect.join()
    assert arrived == [given.replace(b"\n", b"\r\n") + b".\r\n"]
