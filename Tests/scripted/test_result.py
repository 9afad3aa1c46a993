"""What a result tells beyond who was accepted."""

from __future__ import annotations

from conftest import Opener
from support.outcomes import DEFERRED, REJECTED
from support.pace import Pace
from support.scripted import Peer


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


def test_every_refusal_of_a_failed_send(connect: Opener) -> None:
    """A send that failed has the same list: who was refused, in order, and why."""
    replies = [b"550 5.1.1 no one", b"450 4.2.0 busy", b"553 5.1.3 bad"]
    names = ["one@example.com", "two@example.com", "three@example.com"]

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        for reply in replies:
            peer.answer(b"RCPT TO:", reply)
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=names)
    failure = sending.fails("EENVELOPE")
    assert failure.recipient == names[-1]
    assert failure.response == replies[-1].decode()
    result = sending.result()
    assert result.statuses == [REJECTED, DEFERRED, REJECTED]
    for line, name, reply in zip(result.recipients, names, replies, strict=True):
        assert line.error is not None
        assert line.error.name == "EENVELOPE"
        assert line.error.command == "RCPT TO"
        assert line.error.recipient == name
        assert line.error.response == reply.decode()
        assert line.error.response_code == int(reply[:3])
    connection.start_quit().succeeds()
