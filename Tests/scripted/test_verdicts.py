"""A verdict of the server that had arrived stays what the caller is given, whatever happens to
the connection after it; and a message in doubt says so."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.logins.sasl import plain
from support.servers.script import delivers, greets, says, script, sends
from support.servers.scripted import CRLF, Peer

DOUBT = "may have been delivered: sending it again may deliver it twice"


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("refused", ["MAIL", "RCPT"])
def test_refusal_and_loss(connect: Opener, refused: str, ending: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        for command in (b"MAIL FROM:", b"RCPT TO:", b"DATA"):
            peer.expect(command)
        if refused == "MAIL":
            peer.reply(b"554 5.7.1 no")
        else:
            peer.reply(b"250 ok", b"554 5.7.1 no")
        if ending == "reset":
            peer.reset()
        else:
            peer.close()

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


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("cancel", "cancelled by the caller"),
        ("close", "the connection was closed by the caller"),
        ("free", "the connection was freed"),
    ],
)
def test_refusal_and_the_caller_ends(connect: Opener, deed: str, words: str) -> None:
    """Nothing was lost: the message says what the caller did."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.envelope_of_anybody()
        peer.content()
        for command in (b"RSET", b"MAIL FROM:", b"RCPT TO:", b"DATA"):
            peer.expect(command)
        peer.reply(b"250 queued", b"250 ok", b"554 5.7.1 no")
        peer.until_closed()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        first, second = connection.start_send(), connection.start_send()
    first.succeeds()
    getattr(connection, deed)()
    failure = second.fails("EENVELOPE")
    assert failure.response == "554 5.7.1 no"
    assert failure.message.endswith(f"554 5.7.1 no; after that: {words}")


def test_refusal_and_silence(connect: Opener) -> None:
    """DATA is accepted although there is no recipient, and the lone dot has no reply."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        for command in (b"MAIL FROM:", b"RCPT TO:", b"DATA"):
            peer.expect(command)
        peer.reply(b"250 ok", b"550 5.1.1 no", b"354 go")
        peer.expect(b".")
        peer.nothing_more()

    connection = connect.opened(dialogue, final_reply_timeout=200)
    failure = connection.start_send().fails("EENVELOPE")
    assert (failure.response, failure.retry) == ("550 5.1.1 no", RETRY_NO)
    assert "; after that the connection was given up: " in failure.message
    assert "(final_reply_timeout)" in failure.message


@pytest.mark.parametrize("code", [501, 504, 550])
def test_hello_and_loss(connect: Opener, code: int) -> None:
    dialogue = script(
        says(b"220 test.local"),
        (b"EHLO ", b"%d 5.7.1 your address is blocked" % code),
        b"HELO ",
        Peer.close,
    )
    failure = connect(dialogue).start_connect().fails("EPROTOCOL")
    assert failure.response == f"{code} 5.7.1 your address is blocked"
    assert (failure.command, failure.retry) == ("EHLO", RETRY_NO)


def test_unknown_mechanism_and_loss(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH PLAIN LOGIN"),
        (plain("tim", "pass"), b"504 5.7.4 not here"),
        b"AUTH LOGIN",
        Peer.close,
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login("tim", "pass").fails("EAUTH")
    assert failure.response == "504 5.7.4 not here"
    assert "; after that the connection was lost: " in failure.message


@pytest.mark.parametrize("reply", [b"571 5.7.1 no", b"591 no", b"471 4.7.1 later"])
@pytest.mark.parametrize("where", ["RCPT", "final"])
def test_first_digit_decides(connect: Opener, where: str, reply: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        if where == "final":
            peer.delivery_without_reply()
            peer.reply(reply)
        else:
            peer.answer(b"MAIL FROM:", b"250 ok")
            peer.answer(b"RCPT TO:", reply)
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send()
    failure = sending.fails("EMESSAGE" if where == "final" else "EENVELOPE")
    is_final = reply.startswith(b"5")
    assert failure.response == reply.decode()
    assert failure.retry == (RETRY_NO if is_final else RETRY_SAFE)
    assert sending.result().statuses == [REJECTED if is_final else DEFERRED]
    connection.start_quit().succeeds()


@pytest.mark.parametrize("reply", [b"571 5.7.1 no", b"591 no", b"471 4.7.1 later", b"290 yes"])
def test_first_digit_decides_about_a_login(connect: Opener, reply: bytes) -> None:
    """Only 235 is a login (RFC 4954 section 6); whatever else it is, it is a reply, and the
    connection is as good as before."""
    dialogue = script(
        greets(b"AUTH PLAIN LOGIN"), (plain("tim", "pass"), reply), Peer.delivery, Peer.quit
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login("tim", "pass").fails("EAUTH")
    assert failure.response == reply.decode()
    assert failure.response_code == int(reply[:3])
    assert failure.retry == (RETRY_SAFE if reply.startswith(b"4") else RETRY_NO)
    assert (failure.phase, failure.command) == ("auth", "AUTH PLAIN")
    connection.delivers()


@pytest.mark.parametrize("reply", [b"571 5.7.1 no", b"591 no", b"471 4.7.1 later", b"290 yes"])
def test_first_digit_decides_about_a_greeting(connect: Opener, reply: bytes) -> None:
    failure = connect(script(says(reply), Peer.until_closed)).start_connect().fails("EPROTOCOL")
    assert failure.response == reply.decode()
    assert failure.retry == (RETRY_SAFE if reply.startswith(b"4") else RETRY_NO)


@pytest.mark.parametrize(
    "lines", [(b"550-5.7.1 no", b"554 5.7.1 never"), (b"250-yes", b"550 5.7.1 no")]
)
def test_mixed_final_reply(connect: Opener, lines: tuple[bytes, bytes]) -> None:
    dialogue = script(Peer.greet, Peer.delivery_without_reply, says(*lines), Peer.quit)
    connection = connect.opened(dialogue)
    failure = connection.start_send().fails("EMESSAGE")
    assert failure.response == b"\n".join(lines).decode()
    assert failure.retry == RETRY_NO
    connection.start_quit().succeeds()


@pytest.mark.parametrize("last", ["closed", "354 go"])
def test_doubt_is_in_the_text(connect: Opener, last: str) -> None:
    """In the send and in the error event, and not of what was never tried."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.delivery_without_reply()
        if last == "354 go":
            peer.reply(b"354 go")
            peer.nothing_more()
        else:
            peer.close()

    connection = connect.opened(dialogue)
    with connection.drive.held():
        sending, waiting = connection.start_send(), connection.start_reset()
    name = "ECONNECTION" if last == "closed" else "EPROTOCOL"
    failure = sending.fails(name)
    assert failure.retry == RETRY_UNKNOWN
    assert failure.message.endswith("; it " + DOUBT)
    assert sending.result().recipients[0].error is not None
    assert sending.result().queue_id is None
    untried = waiting.fails(name)
    assert untried.retry == RETRY_SAFE
    assert DOUBT not in untried.message
    connection.wait_end()
    assert connection.error is not None
    assert connection.error.retry == RETRY_UNKNOWN
    assert connection.error.message.endswith("; a message " + DOUBT)


def test_half_an_acceptance_is_none(connect: Opener) -> None:
    """The reply to the content is not complete when the connection ends."""
    dialogue = script(
        Peer.greet, Peer.delivery_without_reply, sends(b"250 2.0.0 Ok: queued as 4F2A"), Peer.close
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send()
    assert sending.fails("ECONNECTION").retry == RETRY_UNKNOWN
    assert sending.result().statuses == [UNKNOWN]
    assert sending.result().queue_id is None


@pytest.mark.parametrize("reply", [b"554 Ok: queued as 4F2A", b"451 Ok: queued as 4F2A"])
def test_no_identifier_without_delivery(connect: Opener, reply: bytes) -> None:
    dialogue = script(Peer.greet, Peer.delivery_without_reply, says(reply), Peer.quit)
    connection = connect.opened(dialogue)
    sending = connection.start_send()
    sending.fails("EMESSAGE")
    assert sending.result().queue_id is None
    connection.start_quit().succeeds()


def test_identifier_of_another_reply(connect: Opener) -> None:
    """The last reply looks like one to a message, and the send failed all the same."""
    dialogue = script(
        Peer.greet,
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 Ok: queued as 4F2A"),
        b"DATA",
        Peer.close,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send()
    sending.fails("ECONNECTION")
    assert sending.result().response == "250 Ok: queued as 4F2A"
    assert sending.result().queue_id is None


# --- several transactions and several copies --------------------------------


def test_doubt_after_an_acceptance(connect: Opener) -> None:
    """Some have the message when the connection is lost after the end of the next part: the
    error says that others may have it too."""
    dialogue = script(
        greets(b"LIMITS RCPTMAX=1"),
        delivers(b"a@example.com", sender=b"s@example.com"),
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        (b"DATA", b"354 go"),
        Peer.content,
        Peer.close,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send(
        sender="s@example.com", recipients=["a@example.com", "b@example.com", "c@example.com"]
    )
    failure = sending.fails("ECONNECTION")
    assert failure.retry == RETRY_UNKNOWN
    result = sending.result()
    assert result.statuses == [ACCEPTED, UNKNOWN, NOT_TRIED]
    assert result.recipients[0].error is None
    doubtful, untried = (line.error for line in result.recipients[1:])
    assert doubtful is not None
    assert doubtful.retry == RETRY_UNKNOWN
    assert untried is not None


@pytest.mark.parametrize("second", ["lost", "refused"])
def test_no_error_without_doubt(connect: Opener, second: str) -> None:
    """Some have the message and the others certainly not: no error, and each has its reason."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"LIMITS RCPTMAX=1")
        peer.delivery(b"a@example.com", sender=b"s@example.com")
        peer.expect(b"MAIL FROM:")
        if second == "lost":
            peer.close()
            return
        peer.reply(b"550 5.7.1 enough")
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(
        sender="s@example.com", recipients=["a@example.com", "b@example.com", "c@example.com"]
    )
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED, NOT_TRIED, NOT_TRIED]
    for line in result.recipients[1:]:
        assert line.error is not None
        assert line.error.recipient == line.recipient
        assert line.error.name == ("ECONNECTION" if second == "lost" else "EENVELOPE")
    if second == "refused":
        connection.start_quit().succeeds()


def test_too_many_by_text(connect: Opener) -> None:
    """552 in the sense of RFC 821, without an enhanced code (RFC 5321 section 4.5.3.1.10)."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        for reply in (b"250 ok", b"552 too many recipients"):
            peer.answer(b"RCPT TO:", reply)
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 queued")
        peer.delivery(b"b@example.com", sender=b"s@example.com")
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(
        sender="s@example.com", recipients=["a@example.com", "b@example.com"]
    )
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED, ACCEPTED]
    connection.start_quit().succeeds()


@pytest.mark.parametrize("text", [b"recipients over quota", b"recipient's mailbox full"])
def test_full_mailbox_by_text(connect: Opener, text: bytes) -> None:
    """552 as it is sent today: this recipient is refused for good, and not tried again."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        for reply in (b"250 ok", b"552 " + text):
            peer.answer(b"RCPT TO:", reply)
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 queued")
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(
        sender="s@example.com", recipients=["a@example.com", "b@example.com"]
    )
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED, REJECTED]
    assert result.recipients[1].error is not None
    assert result.recipients[1].error.retry == RETRY_NO
    connection.start_quit().succeeds()


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
