"""Cases 48 and 49: mechanisms of the caller's own.

There, a handler sends commands of its own and says itself that the login succeeded.
Here it is a SASL mechanism (RFC 4422): it answers challenges, and only the server's
235 is a login (RFC 4954 section 6).
"""

from __future__ import annotations

import pytest

from conftest import Opener
from support.credentials import Mechanism
from support.sasl import b64
from support.scripted import Peer


def two_rounds(peer: Peer, verdict: bytes) -> None:
    peer.greet(b"AUTH PLAIN X-MINE")
    peer.answer(b"AUTH X-MINE " + b64(b"begin"), b"334 " + b64(b"one"))
    peer.answer(b64(b"1"), b"334 " + b64(b"two"))
    peer.answer(b64(b"2"), verdict)
    peer.quit()


@pytest.mark.parametrize("verdict", [b"235 welcome", b"500 what?", b"250 ok"])
def test_case_048_two_rounds(connect: Opener, verdict: bytes) -> None:
    mechanism = Mechanism(connect.drive)
    mechanism.answers(b"begin", b"1", b"2")
    connection = connect.opened(lambda peer: two_rounds(peer, verdict), custom_mechanism=mechanism)
    login = connection.start_login("alice", "x")
    if verdict.startswith(b"235"):
        login.succeeds()
    else:
        failure = login.fails("EAUTH")
        assert failure.response == verdict.decode()
        assert failure.command == "AUTH X-MINE"
    assert mechanism.challenges == [None, b"one", b"two"]
    assert connection.info()["authenticated"] == int(verdict.startswith(b"235"))
    connection.start_quit().succeeds()


def test_case_049_without_user_and_password(connect: Opener) -> None:
    """The mechanism knows its own."""
    mechanism = Mechanism(connect.drive)
    mechanism.answers(b"begin", b"1", b"2")
    connection = connect.opened(
        lambda peer: two_rounds(peer, b"235 welcome"), custom_mechanism=mechanism
    )
    connection.start_login(None, None).succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()
