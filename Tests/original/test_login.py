"""Cases 39 to 42, 48 and 49: logging in with user name and password, or with a mechanism of
the caller's own.

There, a handler sends commands of its own and says itself that the login succeeded.
Here it is a SASL mechanism (RFC 4422): it answers challenges, and only the server's
235 is a login (RFC 4954 section 6).
"""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Connection
from support.drive.connection import refused_at_once
from support.drive.credentials import Mechanism
from support.logins.logins import is_refused, logs_in, offered
from support.logins.sasl import b64
from support.servers.scripted import Peer

OFFER = b"AUTH PLAIN XOAUTH2 X-MINE"


@pytest.mark.parametrize("offer", [OFFER, b"HELP"])
@pytest.mark.parametrize(
    ("user", "told"), [(None, "the user is missing"), ("alice", "the password is missing")]
)
def test_case_041_042_123_no_credentials(
    connect: Opener, user: str | None, told: str, offer: bytes
) -> None:
    """Refused at once, even when the server would not have asked; the message goes
    out without it."""
    connection = offered(connect, offer, Peer.delivery)
    failure = refused_at_once("EAUTH", connection.start_login, user, None)
    assert failure.message == told
    assert failure.response is None
    assert connection.info()["authenticated"] == 0
    connection.delivers()


def two_rounds(connect: Opener, verdict: bytes) -> tuple[Connection, Mechanism]:
    mechanism = Mechanism(connect.drive)
    mechanism.answers(b"begin", b"1", b"2")
    rounds = [
        (b"AUTH X-MINE " + b64(b"begin"), b"334 " + b64(b"one")),
        (b64(b"1"), b"334 " + b64(b"two")),
        (b64(b"2"), verdict),
    ]
    return offered(connect, OFFER, *rounds, custom_mechanism=mechanism), mechanism


@pytest.mark.parametrize("verdict", [b"235 welcome", b"500 what?", b"250 ok"])
def test_case_048_two_rounds(connect: Opener, verdict: bytes) -> None:
    connection, mechanism = two_rounds(connect, verdict)
    if verdict.startswith(b"235"):
        logs_in(connection)
    else:
        failure = is_refused(connection)
        assert failure.response == verdict.decode()
        assert failure.command == "AUTH X-MINE"
    assert mechanism.challenges == [None, b"one", b"two"]


def test_case_049_without_user_and_password(connect: Opener) -> None:
    """The mechanism knows its own."""
    logs_in(two_rounds(connect, b"235 welcome")[0], None, None)
