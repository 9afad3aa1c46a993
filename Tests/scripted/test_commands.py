"""Commands with one reply: what a transcript cannot show."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.connection import refused_at_once
from support.drive.outcomes import LOG_CLIENT, LOG_SERVER, Said
from support.servers.script import script
from support.servers.scripted import Peer

SECRET = "s3cr3t-Pa55w0rd"


def test_a_hidden_command_is_in_no_log(connect: Opener) -> None:
    """Nor in the error, although the server repeats it."""
    dialogue = script(
        Peer.greet,
        (b"XLOGIN tim ", b"501-5.5.4 what is\r\n501 5.5.4 " + SECRET.encode()),
        (b"XSTATUS queue", b"250 2.0.0 queue"),
        Peer.quit,
    )
    connection = connect.opened(dialogue, transaction_log=1)
    hidden = connection.start_command("hidden", f"XLOGIN tim {SECRET}")
    failure = hidden.fails("ECOMMAND")
    assert failure.message == "the server refused XLOGIN: 501 5.5.4 ********"
    assert failure.response == "501 5.5.4 ********"
    assert hidden.wait().said == Said(501, "5.5.4", "501 5.5.4 ********", ["5.5.4 ********"])
    assert connection.info()["last_response"] == "501 5.5.4 ********"
    connection.start_command("command", "XSTATUS queue").succeeds()
    connection.start_quit().succeeds()
    lines = [
        line["text"] for line in connection.drive.logs if line["kind"] in (LOG_CLIENT, LOG_SERVER)
    ]
    shown = [line for line in lines if "XLOGIN" in line or "501" in line or "XSTATUS" in line]
    assert shown == ["XLOGIN ********", "501 5.5.4 ********", "XSTATUS queue"]
    assert not [line for line in connection.drive.logs if SECRET in line["text"]]


def test_what_is_read_is_the_reply_to_the_command(connect: Opener) -> None:
    """Although the reply to the next one comes in the same turn."""
    dialogue = script(
        Peer.greet,
        (b"EXPN staff", b"250-one <a@x.example>\r\n250 two"),
        (b"NOOP", b"250 2.0.0 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    with connection.drive.held():
        expanding = connection.start_command("expand", "staff")
        asking = connection.start_command("noop")
        quitting = connection.start_quit()
    quitting.succeeds()
    lines = ["one <a@x.example>", "two"]
    response = "250-one <a@x.example>\n250 two"
    assert expanding.succeeds().said == Said(250, None, response, lines)
    assert asking.succeeds().said == Said(250, "2.0.0", "250 2.0.0 ok", ["2.0.0 ok"])


@pytest.mark.parametrize("verb", ["noop", "verify", "xclient"])
def test_nothing_is_started_after_quit(connect: Opener, verb: str) -> None:
    connection = connect.opened(script(Peer.greet, Peer.quit))
    words = {"noop": [], "verify": ["ann"], "xclient": ["NAME=x"]}[verb]
    quitting = connection.start_quit()
    refused_at_once("ESTATE", connection.start_command, verb, *words)
    quitting.succeeds()
    refused_at_once("ESTATE", connection.start_command, verb, *words)


def test_a_callback_starts_the_next(connect: Opener) -> None:
    dialogue = script(Peer.greet, (b"NOOP", b"250 ok"), (b"VRFY ann", b"252 ?"), Peer.quit)
    connection = connect.opened(dialogue)
    with connection.drive.held():
        first = connection.start_command("noop")
        second, call = connection.later("verify", "ann")
        connection.when(first.tag, *call)
    said = second.succeeds().said
    assert said is not None
    assert said.code == 252
    connection.start_quit().succeeds()
