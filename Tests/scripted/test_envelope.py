"""What goes into MAIL and RCPT, which addresses are none, and which sends and
messages are refused before anything is said."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive, RefusedError
from support.drive.connection import refused_at_once
from support.servers.script import delivers, script
from support.servers.scripted import Peer


@pytest.mark.parametrize("sender", ["", None, "<>", " <> "])
def test_null_sender(connect: Opener, sender: str | None) -> None:
    connection = connect.opened(script(Peer.greet, delivers(b"postmaster", sender=b""), Peer.quit))
    envelope = connection.drive.envelope(sender, ["postmaster"])
    connection.delivers(envelope=envelope)


GOOD_ADDRESSES = [
    "a@b",
    "a.b+c@example.com",
    '"a b"@example.com',
    '"a\\"b"@example.com',
    "a@[192.0.2.1]",
    "a@[IPv6:2001:db8::1]",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "a@exam_ple.com",
    "a@_x.example.com",
    # Longer than a server need take (RFC 5321 section 4.5.3.1), and as long as a command
    # line is.
    "a" * 65 + "@example.com",
    "a" * 300 + "@" + ".".join(["b" * 63, "b" * 63, "b" * 63, "b" * 5]),
]

BAD_ADDRESSES = [
    "@example.com",
    "a@",
    "a b@example.com",
    "a@example.com>",
    "<a@example.com>",
    "a@example.com> SIZE=1",
    "a@example.com\r\nRCPT TO:<c@example.com>",
    "a@example.com\nX",
    "a@example.com\rX",
    '"a\rb"@example.com',
    "a@exa\x01mple.com",
    "a@b@example.com",
    "a..b@example.com",
    ".a@example.com",
    "a@-example.com",
    "a@example..com",
    "a@exam ple.com",
    "a@[192.0.2.999]",
    "a" * 301 + "@" + ".".join(["b" * 63, "b" * 63, "b" * 63, "b" * 5]),
    "a@" + "b" * 64 + ".com",
    "a@" + ".".join(["b" * 60] * 5),
    "a,b@example.com",
    "a@example.com,c@example.com",
    "a\u200b@example.com",
    "a\u00a0b@example.com",
    "a@example\ufeff.com",
]


@pytest.mark.parametrize("address", GOOD_ADDRESSES)
def test_good_address(connect: Opener, address: str) -> None:
    dialogue = script(Peer.greet, delivers(address.encode(), sender=address.encode()), Peer.quit)
    connection = connect.opened(dialogue)
    connection.delivers(sender=address, recipients=[address])


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_bad_address(drive: Drive, address: str) -> None:
    """Refused when it is given, by name, and never sent."""
    for sender, recipients in ((address, ["b@example.com"]), ("a@example.com", [address])):
        _, failure = drive.try_envelope(sender, recipients)
        assert failure is not None
        assert failure.name == "EENVELOPE"
        assert all(ord(character) >= 0x20 for character in failure.message)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("Ann <ann@example.com>", '"ann@example.com"'),
        ("<ann@example.com>", '"ann@example.com" without'),
        ("a@example.com, b@example.com", "each of them alone"),
        ("mailto:a@example.com", "mailto:"),
        ("a@example.com\u200b", "U+200B"),
    ],
)
def test_what_to_give_instead(drive: Drive, address: str, advice: str) -> None:
    for sender, recipients in ((address, ["b@example.com"]), ("a@example.com", [address])):
        _, failure = drive.try_envelope(sender, recipients)
        assert failure is not None
        assert failure.name == "EENVELOPE"
        assert advice in failure.message


def test_recipient_without_a_domain(connect: Opener) -> None:
    """Only LMTP has such mailboxes. Refused at once; the connection is as good as ever."""
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.quit))
    refusal = refused_at_once(
        "EENVELOPE", connection.start_send, recipients=["b@example.com", "alice"]
    )
    assert refusal.recipient == "alice"
    assert "LMTP" in refusal.message
    connection.delivers()


# --- misuse -----------------------------------------------------------------


def test_misuse_costs_nothing(connect: Opener) -> None:
    """Each is refused at once with its own code; the connection is as good as
    before."""
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.quit))
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"])
    cases = [
        (("EENVELOPE",), drive.envelope("a@example.com", []), None),
        (("ESTATE", "EENVELOPE"), "~", None),
        (("EMESSAGE",), envelope, "~"),
    ]
    for names, given, message in cases:
        with pytest.raises(RefusedError) as refused:
            connection.start_send(envelope=given, message=message)
        assert refused.value.failure.name in names
    connection.delivers(envelope=envelope)


@pytest.mark.parametrize("way", ["reader", "descriptor"])
def test_message_that_can_be_sent_once(connect: Opener, way: str) -> None:
    connection = connect.opened(script(Peer.greet, Peer.delivery, Peer.quit))
    drive = connection.drive
    message = drive.reader(b"x") if way == "reader" else drive.message(b"x", "descriptor")
    connection.start_send(message=message).succeeds()
    refused_at_once("ESTATE", connection.start_send, message=message)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("way", ["copy", "borrowed"])
def test_message_that_can_be_sent_often(connect: Opener, way: str) -> None:
    """The handle may be freed as soon as the sends were started."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for _ in range(3):
            assert peer.delivery() == b"again\r\n.\r\n"
        peer.quit()

    connection = connect.opened(dialogue)
    drive = connection.drive
    message = drive.message(b"again", way)
    with drive.held():
        sends = [connection.start_send(message=message) for _ in range(3)]
        drive.call("free", "message", message)
        assert drive.released == [], "released while sends were pending"
    for sending in sends:
        sending.succeeds()
    connection.start_quit().succeeds()
    assert drive.released == ([message] if way == "borrowed" else [])
