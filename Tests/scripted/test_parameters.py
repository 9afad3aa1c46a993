"""Parameters of MAIL and RCPT, where a transcript has no room: long ones, and values taken back.

What is written where a server offers it, and what is refused otherwise, is in
Tests/transcripts/parameters.txt.
"""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive
from support.servers.script import greets, says, script
from support.servers.scripted import Peer

EVERY_EXTENSION = (
    *(b"MT-PRIORITY", b"DELIVERBY", b"FUTURERELEASE", b"AUTH PLAIN", b"NO-SOLICITING", b"RRVS"),
    b"X-MORE",
)
#: "MAIL FROM:<a@example.com>" and CRLF.
MAIL = 27


@pytest.mark.parametrize(
    ("name", "value", "index"),
    [
        ("deliver_by", "60;R\r\nDATA", None),
        ("hold_until", "2026-12-24T18:00:00Z\r\n", None),
        ("auth_sender", "a@example.com\r\n", None),
        ("solicit", "a\r\n", None),
        ("rrvs", "2026-01-31T12:00:00Z\r\n", 0),
        ("parameter:X-A", "1\r\nDATA", None),
        ("parameter:X-A", "1 SIZE=1", None),
        ("parameter:X-A", "1 SIZE=1", 0),
        ("parameter:RRVS", "1", 0),
    ],
)
def test_refused_values(drive: Drive, name: str, value: str, index: int | None) -> None:
    """Named, and nothing of it can get onto the wire."""
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    failure = drive.describe(envelope, name, value, index)
    assert failure is not None
    assert failure.name == "EENVELOPE"
    field = name.partition(":")[0]
    assert failure.message.startswith(f"{'' if index is None else 'to_'}{field} must ")
    assert "\r" not in failure.message


def test_a_recipient_that_is_not_there(drive: Drive) -> None:
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    for name in ("rrvs", "parameter:X-A"):
        failure = drive.describe(envelope, name, "2026-01-31T12:00:00Z", index=1)
        assert failure is not None
        assert (failure.name, failure.message) == ("EENVELOPE", "there is no recipient number 1")


def test_values_taken_back(connect: Opener) -> None:
    connection = connect.opened(script(greets(*EVERY_EXTENSION), Peer.delivery, Peer.quit))
    drive = connection.drive
    values: dict[str, str | int] = {
        "mt_priority": 1,
        "deliver_by": "60;R",
        "hold_for": 60,
        "hold_until": "2026-12-24T18:00:00Z",
        "auth_sender": "<>",
        "solicit": "a",
        "parameter:X-A": "1",
    }
    envelope = drive.envelope("a@example.com", ["b@example.com"], 0, None, **values)
    theirs = {"rrvs": "2026-01-31T12:00:00Z", "parameter:X-A": ""}
    for name, value in theirs.items():
        assert drive.describe(envelope, name, value, index=0) is None
    for name, given in values.items():
        unset = -(2**31) if isinstance(given, int) else None
        assert drive.describe(envelope, name, unset) is None
    for name in theirs:
        assert drive.describe(envelope, name, None, index=0) is None
    connection.delivers(envelope=envelope)


@pytest.mark.parametrize("index", [None, 0], ids=["MAIL", "RCPT"])
def test_a_line_that_is_too_long(connect: Opener, index: int | None) -> None:
    """RFC 5321 section 4.5.3.1.4: 512 octets with CRLF."""
    longest = b"X" * (512 - MAIL - len(" X-A="))
    mail = b"MAIL FROM:<a@example.com>" + (b" X-A=" + longest if index is None else b"")
    # "RCPT TO:<" is two octets shorter.
    rcpt = b"RCPT TO:<b@example.com>" + (b"" if index is None else b" X-A=YY" + longest)
    steps = [(mail, b"250 ok"), (rcpt, b"250 ok"), (b"DATA", b"354 go")]
    connection = connect.opened(
        script(greets(b"X-MORE"), *steps, Peer.content, says(b"250 ok"), Peer.quit)
    )
    drive = connection.drive
    more = "Y" if index is None else "YYY"
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    assert drive.describe(envelope, "parameter:X-A", more + longest.decode(), index) is None
    failure = connection.start_send(envelope=envelope).fails("EENVELOPE")
    verb = "MAIL" if index is None else "RCPT"
    assert failure.message == (
        f"{verb} would be a line of 513 octets with these parameters, and a server need not take"
        " more than 512"
    )
    assert failure.recipient == (None if index is None else "b@example.com")
    assert drive.describe(envelope, "parameter:X-A", more[1:] + longest.decode(), index) is None
    connection.delivers(envelope=envelope)


def test_known_parameters_have_room_of_their_own(connect: Opener) -> None:
    """The RFC of each makes the line longer."""
    sender = "a" * 64 + "@" + ".".join(["d" * 63] * 3 + ["e" * 50])
    keyword = "k" * 998
    line = f"MAIL FROM:<{sender}> SOLICIT={keyword} X-A=1".encode()
    connection = connect.opened(
        script(
            greets(b"NO-SOLICITING"),
            (line, b"550 no"),
            Peer.quit,
        )
    )
    envelope = connection.drive.envelope(
        sender, ["b@example.com"], 0, None, **{"solicit": keyword, "parameter:X-A": "1"}
    )
    connection.start_send(envelope=envelope).fails("EENVELOPE")
    connection.start_quit().succeeds()
