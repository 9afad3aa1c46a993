"""Logging in with user name and password, and being refused. The dialogues of the mechanisms
are in Tests/transcripts/login.txt."""

from __future__ import annotations

import base64

import pytest

from conftest import Opener
from support.drive import Connection, RefusedError
from support.drive.credentials import Mechanism, Tokens
from support.drive.outcomes import Failure
from support.logins.logins import PASSWORD, PLAIN, USER, WELCOME, is_refused, logs_in, offered
from support.logins.sasl import b64, plain
from support.servers.script import Step
from support.servers.scripted import Peer

LOGIN: list[Step] = [(b"AUTH LOGIN", b"334 "), (b64(USER), b"334 "), (b64(PASSWORD), WELCOME)]


@pytest.mark.parametrize("length", [100, 300, 2000])
def test_long_password(connect: Opener, length: int) -> None:
    """A command line holds 512 octets; beyond that the server must ask first
    (RFC 4954 section 4)."""
    line = plain(USER, "p" * length)
    exchange: list[Step] = [(line, WELCOME)]
    if len(line) + 2 > 512:
        exchange = [(b"AUTH PLAIN", b"334 "), (line.removeprefix(b"AUTH PLAIN "), WELCOME)]
    logs_in(offered(connect, b"AUTH PLAIN", *exchange), password="p" * length)


# --- which mechanism --------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "exchange"), [("LOGIN", LOGIN), ("login", LOGIN), ("plain", [(PLAIN, WELCOME)])]
)
def test_wanted_mechanism(connect: Opener, wanted: str, exchange: list[Step]) -> None:
    logs_in(offered(connect, b"AUTH PLAIN LOGIN", *exchange, auth_method=wanted))


@pytest.mark.parametrize("offer", [b"AUTH=LOGIN PLAIN", b"auth=LOGIN PLAIN", b"AUTH =LOGIN PLAIN"])
def test_the_older_form_of_auth(connect: Opener, offer: bytes) -> None:
    """It is asked about as what it is used for."""
    connection = offered(connect, offer)
    assert connection.capability("AUTH") == (True, "LOGIN PLAIN")
    assert connection.capability("AUTH=LOGIN") == (False, None)
    connection.start_quit().succeeds()


# --- the initial response ---------------------------------------------------


def test_initial_response_however_long(connect: Opener) -> None:
    """A token may be longer than a command line of RFC 5321; many servers take it."""
    token = "t" * 3000

    def is_given(peer: Peer) -> None:
        line = peer.expect(b"AUTH XOAUTH2 ")
        assert token.encode() in base64.b64decode(line.split(b" ")[2])
        peer.reply(WELCOME)

    connection = offered(connect, b"AUTH XOAUTH2", is_given, initial_response=1)
    logs_in(connection, password=None, access_token=token)


@pytest.mark.parametrize("text", [b"ntlm supported", b"Username:", b" two  words "])
def test_custom_mechanism_gets_the_text_received(connect: Opener, text: bytes) -> None:
    mechanism = Mechanism(connect.drive)
    mechanism.answers(None, b"yes")
    exchange: list[Step] = [(b"AUTH X-MINE", b"334 " + text), (b64("yes"), WELCOME)]
    logs_in(offered(connect, b"AUTH X-MINE", *exchange, custom_mechanism=mechanism))
    assert mechanism.challenges == [None, text]


# --- whom to act as ---------------------------------------------------------


def test_authorization_identity(connect: Opener) -> None:
    """RFC 4616 section 2. Another mechanism would log in as another user."""
    exchange = (b"AUTH PLAIN " + b64(f"shared\0{USER}\0{PASSWORD}"), WELCOME)
    connection = offered(connect, b"AUTH CRAM-MD5 LOGIN PLAIN", exchange)
    logs_in(connection, authorization_identity="shared")


def test_authorization_identity_and_nothing_to_carry_it(connect: Opener) -> None:
    connection = offered(connect, b"AUTH CRAM-MD5 LOGIN XOAUTH2")
    failure = is_refused(connection, authorization_identity="shared")
    assert "authorization_identity" in failure.message
    assert "PLAIN" in failure.message


# --- refused before anything is sent ----------------------------------------


def at_once(connection: Connection, *credentials: str | None, **tokens: str) -> Failure:
    """Why a login is not even started."""
    with pytest.raises(RefusedError) as refused:
        connection.start_login(*credentials, **tokens)  # type: ignore[arg-type]
    failure = refused.value.failure
    assert failure.name == "EAUTH"
    assert "sesame" not in failure.message
    connection.start_quit().succeeds()
    return failure


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_token_is_no_password(connect: Opener, mechanism: str) -> None:
    """A login with an empty one would count as an attempt to break in."""
    offer = b"AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2"
    connection = offered(connect, offer, auth_method=mechanism)
    assert "password" in at_once(connection, USER, access_token="token").message


@pytest.mark.parametrize(
    ("user", "password", "named"),
    [
        (None, PASSWORD, "user"),
        ("", PASSWORD, "user"),
        (USER, None, "password"),
        (USER, "", "password"),
        ("al\rice", PASSWORD, "user"),
        ("al\nice", PASSWORD, "user"),
        (USER, "open\x01sesame", "password"),
        (USER, "open\x7fsesame", "password"),
    ],
)
def test_bad_credentials(
    connect: Opener, user: str | None, password: str | None, named: str
) -> None:
    assert named in at_once(offered(connect, b"AUTH PLAIN"), user, password).message


@pytest.mark.parametrize(
    ("method", "password", "tokens", "reason"),
    [
        ("LOGIN", PASSWORD, Tokens(), "PLAIN"),
        ("XOAUTH2", None, Tokens(access_token="t"), "PLAIN"),
        ("ANONYMOUS", None, Tokens(), "PLAIN"),
        (None, PASSWORD, Tokens(authorization_identity="a\nb"), "control character"),
    ],
)
def test_authorization_identity_refused_at_once(
    connect: Opener, method: str | None, password: str | None, tokens: Tokens, reason: str
) -> None:
    connection = offered(connect, b"AUTH PLAIN LOGIN XOAUTH2", auth_method=method)
    failure = at_once(connection, USER, password, **{"authorization_identity": "shared", **tokens})  # type: ignore[arg-type]
    assert "authorization_identity" in failure.message
    assert reason in failure.message
