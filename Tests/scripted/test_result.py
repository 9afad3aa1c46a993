"""What a result tells beyond who was accepted."""

from __future__ import annotations

from conftest import Opener
from support.pace import Pace
from support.servers.scripted import Peer


def test_times(connect: Opener) -> None:
    """Each part of a message has its own time, and what was not reached has none."""

    pace = Pace()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"250 ok")
        peer.expect(b"DATA")
        pace.take_turn()
        peer.reply(b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        peer.envelope()
        peer.content()
        pace.take_turn()
        peer.reply(b"250 ok")
        peer.expect(b"MAIL FROM:")
        pace.take_turn()
        peer.reply(b"550 no")
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    first = connection.start_send()
    pace.give_turns(connection.drive, 1, 50)
    assert first.result().envelope_time >= 50
    second = connection.start_send()
    pace.give_turns(connection.drive, 1, 50)
    assert second.result().message_time >= 50
    third = connection.start_send()
    pace.give_turns(connection.drive, 1, 50)
    refused = third.result()
    assert (refused.envelope_time, refused.message_time) == (0, 0)
    connection.start_quit().succeeds()
