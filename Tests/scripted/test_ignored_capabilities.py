"""What a server offers and the connection is to take no notice of."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.certificates import Certificates
from support.outcomes import ACCEPTED
from support.script import script, secures
from support.scripted import Peer
from support.strict import StrictServer

OFFERS = (b"PIPELINING", b"SIZE 10", b"8BITMIME", b"DSN", b"LIMITS RCPTMAX=1")


@pytest.mark.parametrize("spelling", ["PIPELINING", "pipelining", "DSN  Pipelining SIZE"])
def test_pipelining(connect: Opener, spelling: str) -> None:
    """One command at a time: the server sees to it that none comes too early."""
    strict = StrictServer((b"PIPELINING", b"DSN", b"SIZE"), is_one_at_a_time=True)
    connection = connect.opened(strict, ignored_capabilities=spelling)
    with connection.drive.held():
        names = ["x@a.example", "y@a.example"]
        operations = [connection.start_send(recipients=names) for _ in range(3)]
    for operation in operations:
        operation.succeeds()
    connection.start_quit().succeeds()


def test_what_is_shown(connect: Opener) -> None:
    """Only what is left, in the lines too."""
    connection = connect.opened(
        StrictServer(OFFERS), ignored_capabilities="size limits nothing-of-the-kind"
    )
    assert connection.info()["capabilities"] == ["PIPELINING", "8BITMIME", "DSN"]
    assert connection.capability("SIZE") == (False, None)
    assert connection.capability("LIMITS") == (False, None)
    assert connection.capability("DSN") == (True, "")
    connection.start_quit().succeeds()


def test_what_is_used(connect: Opener) -> None:
    """No parameter that would have been given, and no limit that would have been kept."""
    strict = StrictServer(OFFERS)
    connection = connect.opened(strict, ignored_capabilities="SIZE LIMITS DSN")
    envelope = connection.drive.envelope(
        "a@example.com", ["x@a.example", "y@a.example"], dsn_ret="HDRS", dsn_notify="NEVER"
    )
    sending = connection.start_send(b"more than ten octets", envelope=envelope)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 2
    connection.start_quit().succeeds()
    connect.join()
    group = (
        b"MAIL FROM:<a@example.com>\r\nRCPT TO:<x@a.example>\r\nRCPT TO:<y@a.example>\r\nDATA\r\n"
    )
    assert strict.groups[1] == group


def test_what_cannot_be_done_without(connect: Opener) -> None:
    """A message that needs 8BITMIME is treated as if it were not offered."""
    connection = connect.opened(StrictServer(OFFERS), ignored_capabilities="8BITMIME SIZE")
    failure = connection.start_send("zoë".encode()).fails("EMESSAGE")
    assert "8BITMIME" in failure.message
    connection.start_quit().succeeds()


@pytest.mark.parametrize("offer", [b"AUTH PLAIN", b"AUTH=PLAIN", b"auth=PLAIN LOGIN"])
def test_auth(connect: Opener, offer: bytes) -> None:
    connection = connect.opened(StrictServer((offer,)), ignored_capabilities="AUTH")
    connection.start_login("alice", "sesame").fails("EAUTH")
    connection.start_quit().succeeds()


def test_under_tls(connect: Opener, certificates: Certificates) -> None:
    """Both replies to EHLO; STARTTLS itself is not touched."""
    dialogue = script(secures(certificates.good, b"PIPELINING", b"DSN"), Peer.quit)
    connection = connect.opened(
        dialogue, host="localhost", require_tls=1, ignored_capabilities="DSN"
    )
    assert connection.info()["capabilities"] == ["PIPELINING"]
    connection.start_quit().succeeds()
