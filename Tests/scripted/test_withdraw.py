"""Taking one operation back: it ends alone when it has not begun, and is left alone when it has."""

from __future__ import annotations

import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.drive.outcomes import ACCEPTED, NOT_TRIED, RETRY_SAFE
from support.servers.script import script
from support.servers.scripted import Peer


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_of_three_that_wait(connect: Opener, which: int) -> None:
    """The others go out, in their order."""
    senders = [f"from{number}@example.com" for number in range(3)]
    left = [sender for number, sender in enumerate(senders) if number != which]

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for sender in left:
            peer.delivery(sender=sender.encode())
        peer.quit()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        sends = [connection.start_send(sender=sender) for sender in senders]
        assert connection.withdraw(sends[which]) == 1
        assert connection.withdraw(sends[which]) == 0, "it is taken back once"
        assert not sends[which].ended, "no callback runs inside the call"
    failure = sends[which].fails("ECANCELLED")
    assert failure.retry == RETRY_SAFE
    assert failure.message == "withdrawn by the caller before it began"
    assert sends[which].result().statuses == [NOT_TRIED]
    for number, sending in enumerate(sends):
        if number != which:
            sending.succeeds()
    connection.start_quit().succeeds()
    connect.join()


def test_every_kind_of_operation(connect: Opener) -> None:
    """All but the first, before the server has greeted."""
    go = threading.Event()

    def dialogue(peer: Peer) -> None:
        assert go.wait(PATIENCE)
        script(Peer.greet, Peer.quit)(peer)

    connection = connect(dialogue)
    connecting = connection.start_connect()
    assert connection.withdraw(connecting) == 0, "connect begins at once"
    operations = [
        connection.start_login("tim", "pass"),
        connection.start_send(),
        connection.start_reset(),
        connection.start_command("noop"),
        connection.start_quit(),
    ]
    for operation in reversed(operations):
        assert connection.withdraw(operation) == 1
    go.set()
    connecting.succeeds()
    for operation in operations:
        assert operation.fails("ECANCELLED").retry == RETRY_SAFE
    # Since quit was taken back too, something can follow.
    connection.start_quit().succeeds()
    for operation in (connecting, *operations):
        assert connection.withdraw(operation) == 0, "it has ended"
    connect.join()


def test_one_that_has_begun(connect: Opener) -> None:
    """Nothing is touched: the message is delivered."""
    reached, go = threading.Event(), threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        reached.set()
        assert go.wait(PATIENCE)
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send()
    waiting = connection.start_send()
    assert reached.wait(PATIENCE)
    assert connection.withdraw(sending) == 0
    assert connection.withdraw(waiting) == 1
    go.set()
    sending.succeeds()
    waiting.fails("ECANCELLED")
    connection.start_quit().succeeds()
    connect.join()


def test_one_that_was_sent_ahead(connect: Opener) -> None:
    """Its envelope has left with the end of the message before it."""
    reached, go = threading.Event(), threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.expect(b"MAIL FROM:<a@example.com>")
        peer.expect(b"RCPT TO:<b@example.com>")
        peer.expect(b"DATA")
        peer.reply(b"250 ok")
        peer.reply(b"250 ok")
        peer.reply(b"354 go")
        peer.content()
        peer.expect(b"RSET")
        peer.expect(b"MAIL FROM:<a@example.com>")
        reached.set()
        assert go.wait(PATIENCE)
        peer.reply(b"250 first")
        peer.expect(b"RCPT TO:<b@example.com>")
        peer.expect(b"DATA")
        for reply in (b"250 ok", b"250 ok", b"250 ok", b"354 go"):
            peer.reply(reply)
        peer.content()
        peer.reply(b"250 second")
        peer.quit()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        first, second = connection.start_send(), connection.start_send()
    assert reached.wait(PATIENCE)
    assert connection.withdraw(second) == 0
    go.set()
    assert first.succeeds().result is not None
    assert second.result().response == "250 second"
    connection.start_quit().succeeds()
    connect.join()


def test_one_whose_further_recipients_wait(connect: Opener) -> None:
    """It waits again while the next one is under way; but some recipients have it already."""
    asked, go = threading.Event(), threading.Event()

    def message(peer: Peer, sender: bytes, *recipients: bytes) -> None:
        peer.expect(b"MAIL FROM:<%s>" % sender)
        for recipient in recipients:
            peer.expect(b"RCPT TO:<%s>" % recipient)
        peer.octets(int(peer.line().split()[1]))

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        message(peer, b"a@example.com", b"b@example.com", b"c@example.com")
        peer.expect(b"RSET")
        message(peer, b"other@example.com", b"b@example.com")
        peer.reply(b"250 ok", b"250 ok", b"452 4.5.3 too many", b"250 the first has it")
        asked.set()
        assert go.wait(PATIENCE)
        peer.reply(b"250 ok", b"250 ok", b"250 ok", b"250 the other")
        peer.expect(b"RSET")
        message(peer, b"a@example.com", b"c@example.com")
        peer.reply(b"250 ok", b"250 ok", b"250 ok", b"250 the second has it")
        peer.quit()

    connection = connect.opened(dialogue, chunking=2)
    with connection.drive.held():
        divided = connection.start_send(recipients=["b@example.com", "c@example.com"])
        following = connection.start_send(sender="other@example.com")
    assert asked.wait(PATIENCE)
    connection.drive.wait(
        lambda: connection.info()["last_response"] == "250 the first has it", "the final reply"
    )
    assert connection.withdraw(divided) == 0
    go.set()
    divided.succeeds()
    assert divided.result().statuses == [ACCEPTED, ACCEPTED]
    following.succeeds()
    connection.start_quit().succeeds()
    connect.join()


def test_a_login_takes_its_sends_with_it(connect: Opener) -> None:
    """They would be sent as nobody. What comes before it, or after the next login, goes out."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN")
        peer.delivery(sender=b"before@example.com")
        peer.answer(b"AUTH PLAIN AGV2ZQBwYXNz", b"235 welcome")
        peer.delivery(sender=b"as-eve@example.com")
        peer.quit()

    connection = connect.opened(dialogue, allow_insecure_auth=1)
    with connection.drive.held():
        before = connection.start_send(sender="before@example.com")
        login = connection.start_login("tim", "pass")
        sends = [connection.start_send(sender="as-tim@example.com") for _ in range(2)]
        other = connection.start_login("eve", "pass")
        after = connection.start_send(sender="as-eve@example.com")
        assert connection.withdraw(login) == 1
    before.succeeds()
    assert login.fails("ECANCELLED").message == "withdrawn by the caller before it began"
    for sending in sends:
        failure = sending.fails("ECANCELLED")
        assert failure.retry == RETRY_SAFE
        assert failure.message.startswith("not sent, because the login before it was not made: ")
    other.succeeds()
    after.succeeds()
    connection.start_quit().succeeds()
    connect.join()


def test_from_inside_a_callback(connect: Opener) -> None:
    """Of the operation before the one under way."""
    connection = connect.opened(
        script(Peer.greet, (b"RSET", b"250 ok"), (b"NOOP", b"250 ok"), Peer.quit)
    )
    with connection.drive.held():
        reset = connection.start_reset()
        under_way = connection.start_command("noop")
        sending = connection.start_send()
        connection.when(reset.tag, "withdraw", connection.name, sending.tag)
    reset.succeeds()
    sending.fails("ECANCELLED")
    under_way.succeeds()
    assert connection.drive.actions[reset.tag] == [1]
    connection.start_quit().succeeds()
    connect.join()


def test_after_the_end(connect: Opener) -> None:
    """Nothing waits then."""
    connection = connect.opened(script(Peer.greet, Peer.quit))
    quitting = connection.start_quit()
    quitting.succeeds()
    assert connection.withdraw(quitting) == 0
