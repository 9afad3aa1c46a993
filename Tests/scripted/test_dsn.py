"""Delivery status notifications: what MAIL and RCPT ask for (RFC 3461)."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive
from support.servers.script import greets, says, script
from support.servers.scripted import Peer

DSN = (b"DSN",)
ENVID = "2026-11-22 a+b=c"


@pytest.mark.parametrize("capabilities", [DSN, (b"PIPELINING", b"DSN")], ids=["plain", "pipelined"])
def test_everything(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """What a recipient has of its own goes before what all have."""
    dialogue = script(
        greets(*capabilities),
        (b"MAIL FROM:<a@example.com> RET=HDRS ENVID=2026-11-22+20a+2Bb+3Dc", b"250 ok"),
        (
            b"RCPT TO:<b@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;first+2Btag@example.com",
            b"250 ok",
        ),
        (b"RCPT TO:<c@example.com> NOTIFY=NEVER ORCPT=x400;/C+3Dus/", b"250 ok"),
        (b"DATA", b"354 go"),
        Peer.content,
        says(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    drive = connection.drive
    envelope = drive.envelope(
        "a@example.com",
        ["b@example.com", "c@example.com"],
        dsn_ret="HDRS",
        dsn_envid=ENVID,
        dsn_notify="SUCCESS,DELAY",
        dsn_orcpt="first+tag@example.com",
    )
    assert drive.describe(envelope, "dsn_notify", "NEVER", index=1) is None
    assert drive.describe(envelope, "dsn_orcpt", "x400;/C=us/", index=1) is None
    connection.delivers(envelope=envelope)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dsn_ret", "BODY"),
        ("dsn_ret", ""),
        ("dsn_ret", "FULL RET=HDRS"),
        ("dsn_envid", ""),
        ("dsn_envid", "x" * 101),
        ("dsn_envid", "+" * 34),
        ("dsn_envid", "a\r\nRCPT TO:<x@y>"),
        ("dsn_envid", "\u00e4"),
        ("dsn_notify", ""),
        ("dsn_notify", "NEVER,SUCCESS"),
        ("dsn_notify", "SUCCESS,,DELAY"),
        ("dsn_notify", "ALWAYS"),
        ("dsn_notify", "SUC CESS"),
        ("dsn_notify", "SUCCESS DELAY"),
        ("dsn_notify", "DELAY,SUC\tCESS"),
        ("dsn_notify", "SUCCESS\r\nDATA"),
        ("dsn_orcpt", ""),
        ("dsn_orcpt", "rfc822;"),
        ("dsn_orcpt", ";b@example.com"),
        ("dsn_orcpt", "a b;b@example.com"),
        ("dsn_orcpt", "a\r\n@example.com"),
        ("dsn_orcpt", "x" * 494),
        ("dsn_orcpt", "+" * 200),
    ],
)
def test_refused_values(drive: Drive, name: str, value: str) -> None:
    """Named, and nothing of it can get onto the wire."""
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    failure = drive.describe(envelope, name, value)
    assert failure is not None
    assert failure.name == "EENVELOPE"
    assert name in failure.message
    assert "\r" not in failure.message
    if name in ("dsn_notify", "dsn_orcpt"):
        failure = drive.describe(envelope, name, value, index=0)
        assert failure is not None
        assert failure.name == "EENVELOPE"


@pytest.mark.parametrize(
    ("name", "value", "parameter"),
    [
        ("dsn_notify", "failure, success", b"NOTIFY=FAILURE,SUCCESS"),
        ("dsn_orcpt", '"a b"@example.com', b'ORCPT=rfc822;"a+20b"@example.com'),
    ],
)
def test_blanks(connect: Opener, name: str, value: str, parameter: bytes) -> None:
    """What has no blanks is spelled in Tests/transcripts/parameters.txt."""
    command = b"RCPT TO:<b@example.com> " + parameter
    steps = [(b"MAIL FROM:<a@example.com>", b"250 ok"), (command, b"250 ok"), (b"DATA", b"354 go")]
    connection = connect.opened(
        script(greets(b"DSN"), *steps, Peer.content, says(b"250 ok"), Peer.quit)
    )
    envelope = connection.drive.envelope("a@example.com", ["b@example.com"])
    assert connection.drive.describe(envelope, name, value) is None
    connection.delivers(envelope=envelope)


def test_longest_orcpt(drive: Drive) -> None:
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    assert drive.describe(envelope, "dsn_orcpt", "x" * 493) is None


def test_recipient_that_is_not_there(drive: Drive) -> None:
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    failure = drive.describe(envelope, "dsn_notify", "NEVER", index=1)
    assert failure is not None
    assert failure.name == "EENVELOPE"


def test_values_taken_back(connect: Opener) -> None:
    connection = connect.opened(script(greets(b"DSN"), Peer.delivery, Peer.quit))
    drive = connection.drive
    names = {"dsn_ret": "FULL", "dsn_envid": "x", "dsn_notify": "DELAY", "dsn_orcpt": "x@y"}
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    for name, value in names.items():
        assert drive.describe(envelope, name, value) is None
    assert drive.describe(envelope, "dsn_notify", "NEVER", index=0) is None
    for name in names:
        assert drive.describe(envelope, name, None) is None
    assert drive.describe(envelope, "dsn_notify", None, index=0) is None
    connection.delivers(envelope=envelope)
