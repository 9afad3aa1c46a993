"""Delivery status notifications (RFC 3461): what was asked for is what comes back."""

from __future__ import annotations

import email
from email.message import Message

import pytest

from support.messages.content import HELLO, stored
from support.realservers.client import Client
from support.realservers.delivery import Delivery
from support.realservers.mailboxes import ALICE, BOB, BOXES, BROKEN
from support.realservers.telling import TellingServer

# With PIPELINING, and without.
everywhere = pytest.mark.parametrize(
    ("server", "service"),
    [("postfix", "smtp"), ("exim", "smtp"), ("exim", "stepwise")],
    indirect=["server"],
)

# "+", "=" and blanks must be encoded in a parameter (section 4).
ENVID, ENVID_WRITTEN = "order 12+34=46", "order+2012+2B34+3D46"
ORIGINAL, ORIGINAL_WRITTEN = "first+tag@test.local", "first+2Btag@test.local"


def report(notification: Delivery) -> tuple[Message, list[Message], str]:
    """The fields about the message and about each recipient (RFC 3464 section 2),
    and what kind of thing came back of the message."""
    assert notification.reverse_path == ""
    whole = email.message_from_bytes(notification.content)
    assert whole.get_content_type() == "multipart/report"
    _, status, returned = parts(whole)
    assert status.get_content_type() == "message/delivery-status"
    about_message, *about_recipients = parts(status)
    # Some end with an empty group.
    recipients = [group for group in about_recipients if group.keys()]
    return about_message, recipients, returned.get_content_type()


def parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    assert isinstance(payload, list)
    return [part for part in payload if isinstance(part, Message)]


def address(field: str | None) -> str:
    """Of "rfc822; a@b"."""
    assert field is not None
    kind, _, value = field.partition(";")
    assert kind == "rfc822"
    return value.strip()


@everywhere
def test_success(client: Client[TellingServer], service: str) -> None:
    connection = client.opened(service)
    assert connection.capability("DSN") == (True, "")
    envelope = client.drive.envelope(
        ALICE,
        [BOB],
        dsn_ret="HDRS",
        dsn_envid=ENVID,
        dsn_notify="SUCCESS,DELAY",
        dsn_orcpt=ORIGINAL,
    )
    sending = connection.start_send(HELLO, envelope=envelope)
    assert client.delivered(sending) == stored(HELLO)
    about_message, recipients, returned = report(
        client.server.notification(sending.result().queue_id)
    )
    assert len(recipients) == 1
    assert recipients[0]["Action"] == "delivered"
    assert address(recipients[0]["Final-Recipient"]) == BOB
    # Exim passes the parameters on in the form in which it got them.
    raw = client.server.name == "exim"
    assert about_message["Original-Envelope-Id"] == (ENVID_WRITTEN if raw else ENVID)
    original = ORIGINAL_WRITTEN if raw else ORIGINAL
    assert address(recipients[0]["Original-Recipient"]) == original
    assert returned == "text/rfc822-headers"
    connection.start_quit().succeeds()


@everywhere
@pytest.mark.parametrize(
    ("ret", "returned"), [("FULL", "message/rfc822"), ("HDRS", "text/rfc822-headers")]
)
def test_failure(client: Client[TellingServer], service: str, ret: str, returned: str) -> None:
    """RET tells how much of the message comes back (section 4.3)."""
    connection = client.opened(service)
    envelope = client.drive.envelope(ALICE, [BROKEN], dsn_ret=ret, dsn_notify="FAILURE")
    sending = connection.start_send(HELLO, envelope=envelope)
    sending.succeeds()
    _, recipients, came_back = report(client.server.notification(sending.result().queue_id))
    assert [address(one["Final-Recipient"]) for one in recipients] == [BROKEN]
    assert [one["Action"] for one in recipients] == ["failed"]
    assert came_back == returned
    connection.start_quit().succeeds()


@everywhere
def test_each_recipient(client: Client[TellingServer], service: str) -> None:
    """What a recipient has of its own goes before what all have."""
    connection = client.opened(service)
    names = [BOB, BOXES[0], BOXES[1], BROKEN]
    envelope = client.drive.envelope(ALICE, names, dsn_notify="SUCCESS", dsn_orcpt="all@test.local")
    for index, notify in ((1, "FAILURE"), (3, "NEVER")):
        assert client.drive.describe(envelope, "dsn_notify", notify, index) is None
    assert client.drive.describe(envelope, "dsn_orcpt", "second@test.local", 2) is None
    sending = connection.start_send(HELLO, envelope=envelope)
    queue_id = sending.result().queue_id
    _, recipients, _ = report(client.server.notification(queue_id))
    told = {
        address(one["Final-Recipient"]): address(one["Original-Recipient"]) for one in recipients
    }
    assert told == {BOB: "all@test.local", BOXES[1]: "second@test.local"}
    # Nothing is left to do, and nothing was said about the one that failed.
    client.delivered(sending)
    assert len(client.server.notifications(queue_id)) == 1
    connection.start_quit().succeeds()


@everywhere
def test_never(client: Client[TellingServer], service: str) -> None:
    connection = client.opened(service)
    envelope = client.drive.envelope(ALICE, [BROKEN, BOB], dsn_notify="NEVER")
    sending = connection.start_send(HELLO, envelope=envelope)
    assert client.delivered(sending) == stored(HELLO)
    assert client.server.notifications(sending.result().queue_id) == []
    connection.start_quit().succeeds()


@pytest.mark.parametrize("server", ["postfix", "exim"], indirect=True)
def test_not_offered(client: Client[TellingServer]) -> None:
    """The server refuses parameters that it does not offer, so they are not sent."""
    connection = client.opened("small")
    assert connection.capability("DSN") == (False, None)
    envelope = client.drive.envelope(
        ALICE,
        [BOB],
        dsn_ret="FULL",
        dsn_envid=ENVID,
        dsn_notify="SUCCESS",
        dsn_orcpt=ORIGINAL,
    )
    sending = connection.start_send(HELLO, envelope=envelope)
    assert client.delivered(sending) == stored(HELLO)
    assert client.server.notifications(sending.result().queue_id) == []
    connection.start_quit().succeeds()
