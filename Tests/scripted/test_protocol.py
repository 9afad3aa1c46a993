"""A server that does not keep to the protocol: a clear error, a closed
connection, and never an unbounded amount of memory."""

from __future__ import annotations

import contextlib
import threading

import pytest

from conftest import Opener
from support.outcomes import ACCEPTED, NOT_TRIED, RETRY_SAFE
from support.script import greets, says, script, sends
from support.scripted import PATIENCE, Peer

# More than any bound of the client and all buffers of the kernel together.
FLOOD = 64 << 20


def flood(peer: Peer, piece: bytes) -> None:
    """Sends for as long as the client listens; it must not for ever."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < FLOOD:
            peer.send(piece)
            sent += len(piece)
    assert sent < FLOOD, "the client took everything"


@pytest.mark.parametrize("where", ["greeting", "EHLO"])
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"220 ", b"x" * 65536),
        (b"", b"x" * 65536),
        (b"", b"220-and on\r\n" * 4096),
        (b"", b"220-" + b"y" * 900 + b"\r\n"),
        (b"", b"\r\n" * 32768),
        (b"", b"\0" * 65536),
    ],
    ids=["endless line", "endless garbage", "endless lines", "long lines", "blank lines", "NULs"],
)
def test_endless_reply(connect: Opener, where: str, start: bytes, piece: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        if where == "EHLO":
            peer.reply(b"220 hi")
            peer.expect(b"EHLO ")
        peer.send(start)
        flood(peer, piece)

    connection = connect(dialogue)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.phase == ("greeting" if where == "greeting" else "hello")
    assert len(failure.message) < 1000
    connection.wait_end()


@pytest.mark.parametrize(
    "reply",
    [
        b"2200 hi\r\n",
        b"22 hi\r\n",
        b"2x0 hi\r\n",
        b"220_hi\r\n",
        b"220\thi\r\n",
        b"020 hi\r\n",
        b"199 hi\r\n",
        b"600 hi\r\n",
        b"2:0 hi\r\n",
        b"hello\r\n",
        b" 220 hi\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 h\0i\r\n",
        b"\0\r\n",
        b"\xff\xfe\r\n",
        b"-220 hi\r\n",
        b"220-hi\r\n250 there\r\n",
        b"220-hi\r\n220there\r\n",
        b"220-hi\r\n\r\n220 there\r\n",
    ],
)
def test_greeting_that_is_no_reply(connect: Opener, reply: bytes) -> None:
    server = connect.server(script(sends(reply), Peer.nothing_more))
    connection = connect(server)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.phase == "greeting"
    assert failure.address == f"127.0.0.1:{server.port}"
    assert "\0" not in failure.message
    assert all(ord(character) >= 0x20 for character in failure.message)
    connection.ends_with(failure)


def test_first_octets_are_shown(connect: Opener) -> None:
    failure = (
        connect(lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n"))
        .start_connect()
        .fails("EPROTOCOL")
    )
    assert "SSH-2.0-OpenSSH_9.2" in failure.message


@pytest.mark.parametrize("where", ["EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_mixed_codes(connect: Opener, where: str) -> None:
    """A reply whose lines disagree is never a success."""

    def dialogue(peer: Peer) -> None:
        mixed = (b"550-no", b"250 yes")
        peer.reply(b"220 hi")
        peer.expect(b"EHLO ")
        if where == "EHLO":
            peer.reply(b"550-test.local", b"250 PIPELINING")
            return peer.nothing_more()
        peer.reply(b"250 test.local")
        for command, reply in (
            (b"MAIL FROM:", b"250 ok"),
            (b"RCPT TO:", b"250 ok"),
            (b"DATA", b"354 go"),
        ):
            peer.expect(command)
            if command.startswith(where.encode()):
                peer.reply(b"354-no", b"250 yes") if where == "DATA" else peer.reply(*mixed)
                return peer.nothing_more()
            peer.reply(reply)
        peer.content()
        peer.reply(*mixed)
        return peer.nothing_more()

    connection = connect(dialogue)
    with connection.drive.held():
        opening = connection.start_connect()
        sending = connection.start_send()
    if where == "EHLO":
        opening.fails("EPROTOCOL")
    sending.fails("EPROTOCOL")
    connection.wait_end()


@pytest.mark.parametrize("where", ["EHLO", "MAIL", "content"])
@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b" \r\n"])
def test_blank_line_inside_a_reply(connect: Opener, where: str, blank: bytes) -> None:
    """It ends no reply: the rest would be taken for the answers to later commands."""

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 hi")
        peer.expect(b"EHLO ")
        if where == "EHLO":
            peer.send(b"250-test.local\r\n" + blank + b"250 PIPELINING\r\n")
            return peer.nothing_more()
        peer.reply(b"250 test.local")
        if where == "content":
            peer.envelope()
            peer.content()
        else:
            peer.expect(b"MAIL FROM:")
        peer.send(b"250-ok\r\n" + blank + b"250 ok\r\n")
        return peer.nothing_more()

    connection = connect(dialogue)
    with connection.drive.held():
        opening = connection.start_connect()
        sending = connection.start_send()
    if where == "EHLO":
        opening.fails("EPROTOCOL")
    sending.fails("EPROTOCOL")
    assert sending.result().accepted == 0
    connection.wait_end()


def test_early_reply_with_the_greeting(connect: Opener) -> None:
    """Replies to commands that were not given yet."""

    def dialogue(peer: Peer) -> None:
        peer.send(b"220 hi\r\n250-test.local\r\n250 AUTH PLAIN\r\n")
        rest = peer.until_closed()
        assert rest in (b"", b"EHLO client.test\r\n"), rest

    connection = connect(dialogue)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.phase in ("greeting", "hello")
    connection.wait_end()


def test_early_reply_with_the_answer_to_mail(connect: Opener) -> None:
    """Without PIPELINING the recipient was not named yet: nobody can have
    accepted it."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.expect(b"MAIL FROM:")
        peer.send(b"250 ok\r\n250 ok\r\n354 go\r\n")
        rest = peer.until_closed()
        assert b"DATA" not in rest
        assert b"body" not in rest

    connection = connect.opened(dialogue)
    sending = connection.start_send()
    sending.fails("EPROTOCOL")
    assert sending.result().statuses == [NOT_TRIED]
    connection.wait_end()


def test_early_reply_before_the_rest_of_the_recipients(connect: Opener) -> None:
    """The next transaction of the same message was not begun yet."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"LIMITS RCPTMAX=1")
        peer.envelope(b"a@example.com", sender=b"s@example.com")
        peer.content()
        peer.send(b"250 queued\r\n250 o")
        assert b"MAIL" not in peer.until_closed()

    connection = connect.opened(dialogue)
    sending = connection.start_send(
        sender="s@example.com", recipients=["a@example.com", "b@example.com"]
    )
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED, NOT_TRIED]
    untried = result.recipients[1].error
    assert untried is not None
    assert untried.name == "EPROTOCOL"
    connection.wait_end()


def test_reply_without_a_command(connect: Opener) -> None:
    """Idle, and the server talks: the two sides no longer agree."""
    dialogue = script(Peer.greet, says(b"250 and another thing"), Peer.nothing_more)
    connection = connect.opened(dialogue)
    failure = connection.breaks("EPROTOCOL")
    assert failure.phase == "idle"
    assert "another thing" in failure.message


@pytest.mark.parametrize("where", ["greeting", "MAIL"])
def test_part_of_an_early_reply(connect: Opener, where: str) -> None:
    """It came before the command that the client makes only now, so its end is no answer to
    that either."""

    def dialogue(peer: Peer) -> None:
        if where == "greeting":
            peer.send(b"220 hi\r\n250-test")
        else:
            peer.greet()
            peer.expect(b"MAIL FROM:")
            peer.send(b"250 ok\r\n25")
        assert peer.until_closed() == b""

    connection = connect(dialogue)
    opening = connection.start_connect()
    if where == "MAIL":
        opening.succeeds()
        opening = connection.start_send()
    failure = opening.fails("EPROTOCOL")
    assert "before the command" in failure.message
    connection.wait_end()


def test_part_of_a_reply_nobody_waits_for(connect: Opener) -> None:
    """It is no answer to what is started afterwards."""
    said = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.send(b"250 o")
        said.set()
        assert peer.until_closed() == b""

    connection = connect.opened(dialogue)
    assert said.wait(PATIENCE)
    failure = connection.start_reset().fails("EPROTOCOL")
    assert (failure.phase, failure.retry) == ("idle", RETRY_SAFE)
    assert "without a command" in failure.message
    connection.wait_end()


def test_421_while_idle(connect: Opener) -> None:
    dialogue = script(
        Peer.greet, says(b"421 4.4.2 test.local idle for too long"), Peer.nothing_more
    )
    connection = connect.opened(dialogue)
    failure = connection.breaks("ECONNECTION")
    assert failure.response_code == 421
    assert failure.enhanced == "4.4.2"
    assert failure.retry == RETRY_SAFE


@pytest.mark.parametrize("reply", [b"250 ok", b"220 ok", b"200 ok", b"253 ok", b"353 ok", b"334 "])
@pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
def test_only_354_starts_data(
    connect: Opener, reply: bytes, capabilities: tuple[bytes, ...]
) -> None:
    """The content must not be sent to a server that would read it as commands."""
    dialogue = script(
        greets(*capabilities),
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        (b"DATA", reply),
        Peer.nothing_more,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send(b"RCPT TO:<victim@example.com>\r\nDATA\r\n")
    failure = sending.fails("EPROTOCOL")
    assert failure.command in ("DATA", "CONN")
    assert sending.result().accepted == 0
    connection.wait_end()


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("reply", [b"354 go on", b"334 ", b"300 more"])
def test_3xx_where_it_means_nothing(connect: Opener, command: str, reply: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.expect(b"MAIL FROM:")
        if command == "RCPT":
            peer.reply(b"250 ok")
            peer.expect(b"RCPT TO:")
        peer.reply(reply)
        rest = peer.until_closed()
        assert b"body" not in rest

    connection = connect.opened(dialogue)
    connection.start_send().fails("EPROTOCOL")
    connection.wait_end()


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        (b"550 5.1.1 no such user", "5.1.1"),
        (b"550 5.7.999 x", "5.7.999"),
        (b"550 no such user", None),
        (b"550 5.1 x", None),
        (b"550 5.1.1000 x", None),
        (b"550 5.01.1 x", None),
        (b"550 x 5.1.1", None),
        (b"550 4.1.1 of another class than the code", None),
        (b"550 5.1.1", "5.1.1"),
        (b"550", None),
    ],
)
def test_enhanced_status_code(connect: Opener, text: bytes, enhanced: str | None) -> None:
    dialogue = script(greets(b"ENHANCEDSTATUSCODES"), (b"MAIL FROM:", text), Peer.until_closed)
    connection = connect.opened(dialogue)
    failure = connection.start_send().fails("EENVELOPE")
    assert failure.enhanced == enhanced
    assert failure.response == text.decode()
    connection.free()
