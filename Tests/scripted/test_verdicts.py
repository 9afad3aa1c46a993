"""A verdict of the server that had arrived stays what the caller is given, whatever happens to
the connection after it. Tests/transcripts/verdicts.txt has the rest."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    NOT_TRIED,
    RETRY_NO,
    RETRY_SAFE,
)
from support.servers.script import greets, script
from support.servers.scripted import CRLF, Peer


@pytest.mark.parametrize("refused", ["MAIL", "RCPT"])
def test_refusal_and_loss(connect: Opener, refused: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        for command in (b"MAIL FROM:", b"RCPT TO:", b"DATA"):
            peer.expect(command)
        if refused == "MAIL":
            peer.reply(b"554 5.7.1 no")
        else:
            peer.reply(b"250 ok", b"554 5.7.1 no")
        peer.reset()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        sending, waiting = connection.start_send(), connection.start_reset()
    failure = sending.fails("EENVELOPE")
    assert (failure.response, failure.retry) == ("554 5.7.1 no", RETRY_NO)
    assert "; after that the connection was lost: " in failure.message
    waiting.fails("ECONNECTION")
    connection.wait_end()
    assert connection.error is not None
    assert (connection.error.name, connection.error.retry) == ("ECONNECTION", RETRY_SAFE)


# --- a message that turns out too large -------------------------------------

LIMIT = 300_000
LINES = b"0123456789abcdef 0123456789abcdef 0123456789abcdef 0123456789abcdef\r\n"


@pytest.mark.parametrize("line", [LINES, LINES.replace(CRLF, b"\n")], ids=["CRLF", "LF"])
@pytest.mark.parametrize("chunking", [0, 1])
def test_stream_stops_at_the_limit(connect: Opener, chunking: int, line: bytes) -> None:
    """What a server gets never passes the SIZE that it announced, and no part is delivered."""
    read = bytearray()

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING", b"SIZE %d" % LIMIT)
        peer.expect(b"MAIL FROM:")
        peer.expect(b"RCPT TO:")
        if chunking:
            peer.reply(b"250 ok", b"250 ok")
            while (command := peer.line()).startswith(b"BDAT "):
                assert b"LAST" not in command
                read.extend(peer.octets(int(command[5:])))
                peer.reply(b"250 ok")
            assert command == b"RSET"
            peer.expect(b"MAIL FROM:")
            peer.answer(b"RCPT TO:", b"250 ok", b"250 ok", b"250 ok")
            peer.octets(int(peer.expect(b"BDAT ").split()[1]))
            peer.reply(b"250 queued")
            peer.quit()
        else:
            peer.answer(b"DATA", b"250 ok", b"250 ok", b"354 go")
            read.extend(peer.until_closed())
            assert b"\r\n.\r\n" not in read

    connection = connect.opened(dialogue, chunking=chunking)
    pieces = [line * 700 for _ in range(10)]
    sending = connection.start_send(message=connection.drive.reader(*pieces))
    failure = sending.fails("EMESSAGE")
    assert failure.retry == RETRY_NO
    assert str(LIMIT) in failure.message
    assert sending.result().statuses == [NOT_TRIED]
    if chunking:
        connection.delivers(b"Subject: x\r\n\r\n")
    else:
        connection.wait_end()
        assert connection.error is not None
        assert connection.error.retry == RETRY_SAFE
    connect.join()
    assert LIMIT // 2 < len(read) <= LIMIT


def test_file_is_known_to_be_too_large(connect: Opener) -> None:
    """Before MAIL, so that nothing is sent for nothing."""
    connection = connect.opened(script(greets(b"SIZE 1000"), Peer.quit))
    message = connection.drive.message(b"x" * 1001, "descriptor")
    failure = connection.start_send(message=message).fails("EMESSAGE")
    assert "1001" in failure.message
    connection.start_quit().succeeds()


# --- logins and limits --------------------------------------------------------


def test_send_between_a_failed_login_and_its_callback(connect: Opener) -> None:
    """A callback that runs before that of the login starts a send: it must not leave without
    the login."""
    connection = connect.opened(script(Peer.greet, (b"RSET", b"250 ok"), Peer.quit))
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    sending, call = connection.later("send", envelope, drive.message(b"x"))
    with drive.held():
        reset = connection.start_reset()
        login = connection.start_login("tim", "pass")
        connection.when(reset.tag, *call)
    reset.succeeds()
    login.fails("EAUTH")
    failure = sending.fails("EAUTH")
    assert failure.message.startswith("not sent, because the login before it failed")
    assert sending.result().statuses == [NOT_TRIED]
    connection.start_quit().succeeds()
