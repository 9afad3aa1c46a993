"""How few writes and round trips a message takes."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.script import greets, says, script
from support.scripted import Peer


def test_reset_goes_with_the_next_group(connect: Opener) -> None:
    """RFC 2920 section 3.1: RSET, MAIL, RCPT and DATA may be one group. The server
    answers only when it has them all."""
    dialogue = script(
        greets(b"PIPELINING"),
        b"MAIL FROM:",
        b"RCPT TO:",
        (b"DATA", b"250 ok", b"550 5.1.1 no one", b"554 5.5.1 no one"),
        b"RSET",
        b"MAIL FROM:",
        b"RCPT TO:",
        (b"DATA", b"250 ok", b"250 ok", b"250 ok", b"354 go"),
        Peer.content,
        says(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    connection.start_send().fails("EENVELOPE")
    connection.delivers()


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
