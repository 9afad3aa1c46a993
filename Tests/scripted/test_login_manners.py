"""What some servers need of a login: an initial response or none, whom to act as, another
mechanism after the first, and EHLO once more."""

from __future__ import annotations

import base64

import pytest

from conftest import Opener
from support.credentials import Mechanism
from support.drive import RefusedError
from support.sasl import b64, plain
from support.script import greets, script
from support.scripted import Peer

USER, PASSWORD = "alice", "open sesame"
PLAIN = plain(USER, PASSWORD)


def welcome(peer: Peer) -> None:
    peer.reply(b"235 2.7.0 welcome")
    peer.quit()


# --- the initial response ------------------------------------------------------------


def test_no_initial_response(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH PLAIN"), (b"AUTH PLAIN", b"334 go ahead"), PLAIN.rsplit(b" ", 1)[1], welcome
    )
    connection = connect.opened(dialogue, initial_response=0)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_initial_response_however_long(connect: Opener) -> None:
    """A token may be longer than a command line of RFC 5321; many servers take it."""
    token = "t" * 3000

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        line = peer.expect(b"AUTH XOAUTH2 ")
        assert token.encode() in base64.b64decode(line.split(b" ")[2])
        welcome(peer)

    connection = connect.opened(dialogue, initial_response=1)
    connection.start_login(USER, access_token=token).succeeds()
    connection.start_quit().succeeds()


def test_user_name_in_the_command(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH LOGIN"),
        (b"AUTH LOGIN " + b64(USER), b"334 UGFzc3dvcmQ6"),
        b64(PASSWORD),
        welcome,
    )
    connection = connect.opened(dialogue, initial_response=1)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_mechanism_without_an_initial_response(connect: Opener) -> None:
    """CRAM-MD5 has no initial response that could be forced."""
    dialogue = script(
        greets(b"AUTH CRAM-MD5"),
        (b"AUTH CRAM-MD5", b"334 " + b64("<1@test.local>").rstrip(b"=")),
        Peer.line,
        welcome,
    )
    connection = connect.opened(dialogue, initial_response=1)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("text", [b"ntlm supported", b"Username:", b" two  words "])
def test_custom_mechanism_gets_the_text_received(connect: Opener, text: bytes) -> None:
    mechanism = Mechanism(connect.drive)
    mechanism.answers(None, b"yes")
    dialogue = script(greets(b"AUTH X-MINE"), (b"AUTH X-MINE", b"334 " + text), b64("yes"), welcome)
    connection = connect.opened(dialogue, custom_mechanism=mechanism)
    connection.start_login(USER, PASSWORD).succeeds()
    assert mechanism.challenges == [None, text]
    connection.start_quit().succeeds()


# --- whom to act as ------------------------------------------------------------------


def test_authorization_identity(connect: Opener) -> None:
    """RFC 4616 section 2. Another mechanism would log in as another user."""
    dialogue = script(
        greets(b"AUTH CRAM-MD5 LOGIN PLAIN"),
        b"AUTH PLAIN " + b64(f"shared\0{USER}\0{PASSWORD}"),
        welcome,
    )
    connection = connect.opened(dialogue)
    connection.start_login(USER, PASSWORD, authorization_identity="shared").succeeds()
    connection.start_quit().succeeds()


def test_authorization_identity_and_nothing_to_carry_it(connect: Opener) -> None:
    connection = connect.opened(script(greets(b"AUTH CRAM-MD5 LOGIN XOAUTH2"), Peer.quit))
    login = connection.start_login(USER, PASSWORD, authorization_identity="shared")
    failure = login.fails("EAUTH")
    assert "authorization_identity" in failure.message
    assert "PLAIN" in failure.message
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("method", "password", "tokens", "reason"),
    [
        ("LOGIN", PASSWORD, {}, "PLAIN"),
        ("XOAUTH2", None, {"access_token": "t"}, "PLAIN"),
        (None, None, {"access_token": "t"}, "password"),
        (None, PASSWORD, {"authorization_identity": "a\nb"}, "control character"),
    ],
)
def test_authorization_identity_refused_at_once(
    connect: Opener,
    method: str | None,
    password: str | None,
    tokens: dict[str, str],
    reason: str,
) -> None:
    given = {"authorization_identity": "shared", **tokens}
    dialogue = script(greets(b"AUTH PLAIN LOGIN XOAUTH2"), Peer.quit)
    connection = connect.opened(dialogue, auth_method=method)
    with pytest.raises(RefusedError) as refused:
        connection.start_login(USER, password, **given)  # type: ignore[arg-type]
    assert refused.value.failure.name == "EAUTH"
    assert "authorization_identity" in refused.value.failure.message
    assert reason in refused.value.failure.message
    connection.start_quit().succeeds()


# --- the next mechanism --------------------------------------------------------------


@pytest.mark.parametrize("code", [b"504 5.5.4", b"534 5.7.9", b"538 5.7.11"])
def test_the_next_mechanism(connect: Opener, code: bytes) -> None:
    """The refusal is about the mechanism, not about the password."""
    dialogue = script(
        greets(b"AUTH PLAIN LOGIN"),
        (PLAIN, code + b" not this one"),
        (b"AUTH LOGIN", b"334 "),
        (b64(USER), b"334 "),
        b64(PASSWORD),
        welcome,
    )
    connection = connect.opened(dialogue)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_the_first_reason_stays(connect: Opener) -> None:
    dialogue = script(
        greets(b"AUTH PLAIN LOGIN"),
        (PLAIN, b"534 5.7.9 application-specific password required"),
        (b"AUTH LOGIN", b"504 5.5.4 unknown"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert (failure.response_code, failure.command) == (504, "AUTH LOGIN")
    assert "application-specific password required" in failure.message
    assert "AUTH PLAIN" in failure.message
    connection.start_quit().succeeds()


# --- EHLO once more ------------------------------------------------------------------


def hello(peer: Peer, *keywords: bytes) -> None:
    peer.expect(b"EHLO client.test")
    lines = [b"test.local", *keywords]
    peer.reply(*[b"250-" + line for line in lines[:-1]], b"250 " + lines[-1])


def test_hello_after_login(connect: Opener) -> None:
    """What is offered then counts: for the caller, and for the next message."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN", b"8BITMIME")
        peer.answer(PLAIN, b"235 welcome")
        hello(peer, b"DSN", b"SIZE 100")
        peer.answer(b"MAIL FROM:<a@example.com> SIZE=20 RET=HDRS", b"550 no")
        peer.quit()

    connection = connect(dialogue, hello_after_login=1)
    with connection.drive.held():
        connecting = connection.start_connect()
        login = connection.start_login(USER, PASSWORD)
        envelope = connection.drive.envelope("a@example.com", ["b@example.com"], dsn_ret="HDRS")
        sending = connection.start_send(envelope=envelope)
    connecting.succeeds()
    login.succeeds()
    assert connection.capability("DSN") == (True, "")
    assert connection.capability("AUTH") == (False, None)
    assert connection.info()["authenticated"] == 1
    sending.fails("EENVELOPE")
    connection.start_quit().succeeds()


def test_hello_after_login_that_is_refused(connect: Opener) -> None:
    """The login is what it was, and so is what is offered."""
    dialogue = script(
        greets(b"AUTH PLAIN", b"DSN"),
        (PLAIN, b"235 welcome"),
        (b"EHLO client.test", b"503 5.5.1 said already"),
        Peer.delivery,
        Peer.quit,
    )
    connection = connect.opened(dialogue, hello_after_login=1)
    connection.start_login(USER, PASSWORD).succeeds()
    assert connection.capability("DSN") == (True, "")
    connection.start_send().succeeds()
    connection.start_quit().succeeds()


def test_hello_only_after_a_login(connect: Opener) -> None:
    dialogue = script(greets(b"AUTH PLAIN"), (PLAIN, b"535 5.7.8 no"), Peer.delivery, Peer.quit)
    connection = connect.opened(dialogue, hello_after_login=1)
    connection.start_login(USER, PASSWORD).fails("EAUTH")
    connection.start_send().succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("offer", [b"AUTH=LOGIN PLAIN", b"auth=LOGIN PLAIN", b"AUTH =LOGIN PLAIN"])
def test_the_older_form_of_auth(connect: Opener, offer: bytes) -> None:
    """It is asked about as what it is used for."""
    connection = connect.opened(script(greets(offer), Peer.quit))
    assert connection.capability("AUTH") == (True, "LOGIN PLAIN")
    assert connection.capability("AUTH=LOGIN") == (False, None)
    connection.start_quit().succeeds()
