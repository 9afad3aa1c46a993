"""What was sent is what was delivered, octet for octet."""

from __future__ import annotations

import pytest

from support.messages.content import BODIES, HEADER, WAYS, large, message, stored, wire
from support.realservers.client import Client, send
from support.realservers.dovecot import LMTP
from support.realservers.mailboxes import PASSWORD, USER
from support.realservers.realserver import RealServer

# Each server that takes whatever comes, with and without PIPELINING.
PLACES = [
    ("postfix", "submission"),
    ("postfix", "bare"),
    ("exim", "smtp"),
    ("exim", "stepwise"),
]

# OpenSMTPD cuts a line off at NUL, and refuses one of more than 65535 octets.
NOT_FOR = {"opensmtpd": ("every octet", "NUL", "line of 200000 octets")}
WITHOUT_HEADER = {
    b"\r\n": b"\n",
    b"\r\n\r\nbody": b"\n\nbody\n",
    b"body": b"\nbody\n",
    b".": b"\n.\n",
    b".\r\n.": b"\n.\n.\n",
}


def compare(
    client: Client[RealServer], service: str, way: str, cases: list[tuple[bytes, list[bytes]]]
) -> None:
    """Sends messages, and looks for what may be in the mailbox then."""
    connection = client.opened(service)
    if service == "submission":
        connection.start_login(USER, PASSWORD).succeeds()
    sendings = [send(connection, message=message(client.drive, given, way)) for given, _ in cases]
    for (given, wanted), sending in zip(cases, sendings, strict=True):
        assert client.delivered(sending) in wanted, given[:100]
        assert sending.result().message_size == len(wire(given)), given[:100]
    connection.start_quit().succeeds()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("server", "service"),
    [*PLACES, ("opensmtpd", "smtp"), *[("dovecot", service) for service in LMTP]],
    indirect=["server"],
)
def test_content(client: Client[RealServer], service: str, way: str) -> None:
    spared = NOT_FOR.get(client.server.name, ())
    whole = [HEADER + body for name, body in BODIES.items() if name not in spared]
    # Dovecot keeps line ends as they came.
    kept = wire if client.server.name == "dovecot" else stored
    compare(client, service, way, [(given, [kept(given)]) for given in whole])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("server", "service"), PLACES, indirect=["server"])
def test_without_header(client: Client[RealServer], service: str, way: str) -> None:
    """A server puts an empty line between its own fields and the body; when there is
    no body either, it may."""
    cases = [(given, [wanted]) for given, wanted in WITHOUT_HEADER.items()]
    compare(client, service, way, [(b"", [b"", b"\n"]), *cases])


@pytest.mark.parametrize(
    ("server", "service", "tls", "way"),
    [
        *[("postfix", "smtp", tls, way) for tls in (1, 0) for way in WAYS],
        # Exim looks at every octet, and takes its time.
        ("exim", "smtp", 1, "copy"),
        ("exim", "stepwise", 0, "reader"),
        ("exim", "stepwise", 1, "descriptor"),
    ],
    indirect=["server"],
)
def test_large(client: Client[RealServer], service: str, tls: int, way: str) -> None:
    given = large()
    connection = client.opened(service, ignore_tls=1 - tls)
    sending = send(connection, message=message(client.drive, given, way))
    # Not "==" alone: the difference of two such messages is unreadable.
    same = client.delivered(sending) == stored(given)
    assert same
    assert sending.result().message_size == len(wire(given))
    connection.start_quit().succeeds()
