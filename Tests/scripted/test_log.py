"""The log: what it tells, and what it must never tell."""

from __future__ import annotations

import base64

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.outcomes import (
    LOG_CLIENT,
    LOG_MESSAGE,
    LOG_NETWORK,
    LOG_SERVER,
    LOG_SMTP,
    LOG_TLS,
)
from support.messages.modes import Mode, in_every_mode
from support.servers.certificates import Certificates
from support.servers.script import greets, says, script, secures
from support.servers.scripted import Peer
from support.servers.strict import StrictServer

USER, PASSWORD = "alice", "s3cr3t-Passw0rd"
SECRETS = [
    PASSWORD,
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
]


def no_secret(drive: Drive) -> None:
    """Neither the secrets nor a piece of them, nor of their base64."""
    for line in drive.transcript():
        for secret in SECRETS:
            for start in range(len(secret) - 7):
                assert secret[start : start + 8] not in line, line


def test_milestones_only(connect: Opener, certificates: Certificates) -> None:
    dialogue = script(
        secures(certificates.good, b"AUTH PLAIN"),
        (b"AUTH PLAIN ", b"235 welcome"),
        Peer.delivery,
        (b"QUIT", b"221 bye"),
    )
    connection = connect(dialogue)
    drive = connection.drive
    with drive.held():
        connection.start_connect()
        connection.start_login(USER, PASSWORD)
        connection.start_send(b"Subject: hidden-content\r\n\r\nx")
        quitting = connection.start_quit()
    quitting.succeeds()
    connection.wait_end()
    assert drive.transcript(LOG_CLIENT, LOG_SERVER, LOG_MESSAGE) == []
    assert any("127.0.0.1" in line for line in drive.transcript(LOG_NETWORK))
    assert any("TLSv1." in line for line in drive.transcript(LOG_TLS))
    assert any("PLAIN" in line for line in drive.transcript(LOG_SMTP))
    assert not any("hidden-content" in line for line in drive.transcript())
    no_secret(drive)


@pytest.mark.parametrize("debug", [0, 1])
@pytest.mark.parametrize("mechanism", ["PLAIN", "PLAIN asked", "LOGIN", "long"])
@pytest.mark.parametrize("verdict", [b"235 welcome", b"535 5.7.8 no", None])
def test_secrets(connect: Opener, debug: int, mechanism: str, verdict: bytes | None) -> None:
    """Hidden by what state the dialogue is in: no form of the exchange shows
    them, nor a server that repeats them in a challenge."""
    password = PASSWORD * 40 if mechanism == "long" else PASSWORD

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH " + mechanism.split(maxsplit=1)[0].replace("long", "PLAIN").encode())
        if mechanism == "LOGIN":
            peer.answer(b"AUTH LOGIN", b"334 " + base64.b64encode(b"Username:"))
            peer.line()
            # The challenge holds what only the client should know.
            peer.reply(b"334 " + base64.b64encode(PASSWORD.encode()))
            peer.line()
        else:
            peer.expect(b"AUTH PLAIN" + (b"" if mechanism == "long" else b" "))
            if mechanism != "PLAIN":
                peer.reply(b"334 " + base64.b64encode(PASSWORD.encode()))
                peer.line()
        if verdict is not None:
            peer.reply(verdict)
            peer.quit()

    connection = connect.opened(dialogue, transaction_log=1 - debug, debug=debug)
    drive = connection.drive
    connection.start_login(USER, password).wait()
    if verdict is not None:
        connection.start_quit().succeeds()
    connection.wait_end()
    said = drive.transcript(LOG_CLIENT)
    assert any(line.startswith("EHLO client.test") for line in said)
    name = mechanism[:5].replace("long", "PLAIN")
    assert any(line.startswith("AUTH " + name) for line in said)
    if verdict is not None:
        heard = drive.transcript(LOG_SERVER)
        assert any(verdict.decode() in line for line in heard), heard
    no_secret(drive)


@pytest.mark.parametrize("debug", [0, 1])
def test_transcript(connect: Opener, debug: int) -> None:
    """Commands and replies in order, and content only with debug."""
    dialogue = script(greets(b"8BITMIME"), Peer.delivery, Peer.quit)
    connection = connect(dialogue, transaction_log=1, debug=debug)
    drive = connection.drive
    connection.start_connect()
    connection.start_send(b"Subject: hello\r\n\r\nsome-content\r\n.dots\r\n")
    connection.start_quit().succeeds()
    connection.wait_end()
    dialogue_lines = [
        (log["kind"], log["text"]) for log in drive.logs if log["kind"] in (LOG_CLIENT, LOG_SERVER)
    ]
    expected = [
        (LOG_SERVER, "220 test.local ESMTP"),
        (LOG_CLIENT, "EHLO client.test"),
        (LOG_SERVER, "250-test.local"),
        (LOG_SERVER, "250 8BITMIME"),
        (LOG_CLIENT, "MAIL FROM:<a@example.com>"),
        (LOG_SERVER, "250 2.1.0 ok"),
        (LOG_CLIENT, "RCPT TO:<b@example.com>"),
        (LOG_SERVER, "250 2.1.5 ok"),
        (LOG_CLIENT, "DATA"),
        (LOG_SERVER, "354 go on"),
        (LOG_SERVER, "250 2.0.0 Ok: queued as 4F2A"),
        (LOG_CLIENT, "QUIT"),
        (LOG_SERVER, "221 2.0.0 bye"),
    ]
    assert dialogue_lines == expected
    content = "".join(drive.transcript(LOG_MESSAGE))
    assert ("some-content" in content) == bool(debug)


@in_every_mode
def test_content_is_logged_where_it_was_sent(connect: Opener, mode: Mode) -> None:
    connection = connect(
        StrictServer(mode.capabilities), transaction_log=1, debug=1, **mode.options
    )
    connection.start_connect()
    connection.delivers(b"some-content\r\n")
    lines = [str(log["text"]) for log in connection.drive.logs]
    connect.join()
    place = lines.index("some-content")
    assert lines.index("RCPT TO:<b@example.com>") < place < lines.index("QUIT")
    assert [line for line in lines[:place] if line == "DATA" or line.startswith("BDAT ")]


def test_control_characters_are_replaced(connect: Opener) -> None:
    """A server must not be able to write to the terminal of who reads the log."""
    dialogue = script(says(b"220 hi \x1b[2J\x07\x08 there"), Peer.ehlo, Peer.quit)
    connection = connect.opened(dialogue, debug=1)
    connection.start_quit().succeeds()
    connection.wait_end()
    for line in connection.drive.transcript():
        assert all(ord(character) >= 0x20 for character in line), line
        assert "\x7f" not in line


def test_error_messages_hold_no_secret(connect: Opener) -> None:
    """Not even when the server sends it back."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN")
        line = peer.expect(b"AUTH PLAIN ")
        peer.reply(b"501 5.5.4 cannot make sense of your command")
        assert line
        peer.quit()

    connection = connect.opened(dialogue, debug=1)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    for secret in SECRETS:
        assert secret not in failure.message
        assert secret not in (failure.response or "")
    connection.start_quit().succeeds()
    no_secret(connection.drive)


@pytest.mark.parametrize(
    "echo",
    [
        b"%s: what?",  # no reply at all
        b"250-ok\r\n251 %s",  # lines that disagree
        b"250 \0 %s",
    ],
)
def test_an_echo_that_is_no_reply(connect: Opener, echo: bytes) -> None:
    """What breaks the rules is shown in the error, but not once a secret was sent."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN")
        peer.reply(echo % peer.expect(b"AUTH PLAIN "))

    connection = connect.opened(dialogue, debug=1)
    failure = connection.start_login(USER, PASSWORD).fails("EPROTOCOL")
    for secret in SECRETS:
        assert secret not in failure.message
    connection.wait_end()
    no_secret(connection.drive)
