"""Cases 39 to 42: logging in with user name and password."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import RefusedError
from support.sasl import plain
from support.script import greets, script
from support.scripted import Peer

USER, PASSWORD = "alice", "open sesame"


def test_case_039_right_password(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH PLAIN XOAUTH2"), (plain(USER, PASSWORD), b"235 2.7.0 welcome"), Peer.quit
    )
    connection = connect.opened(dialogue)
    assert connection.info()["authenticated"] == 0
    connection.start_login(USER, PASSWORD).succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


def test_case_040_wrong_password(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH PLAIN XOAUTH2"),
        (plain(USER, "wrong"), b"535 5.7.8 bad credentials"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, "wrong").fails("EAUTH")
    assert failure.response_code == 535
    assert failure.enhanced == "5.7.8"
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()


def refused(connect: Opener, user: str | None) -> str:
    """Why a login without a password is not even started."""
    connection = connect.opened(script(greets(b"AUTH PLAIN XOAUTH2"), Peer.quit))
    with pytest.raises(RefusedError) as caught:
        connection.start_login(user, None)
    failure = caught.value.failure
    assert failure.name == "EAUTH"
    assert failure.response is None
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()
    connect.join()
    return failure.message


def test_case_041_no_credentials(connect: Opener) -> None:
    assert refused(connect, None) == "the user is missing"


def test_case_042_user_without_password(connect: Opener) -> None:
    assert refused(connect, "alice") == "the password is missing"
