"""Access tokens: when one is renewed, what is reported, and what must not be."""

from __future__ import annotations

import json
import time

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.connection import refused_at_once
from support.drive.credentials import TokenCallback
from support.drive.outcomes import CODES, LOG_CLIENT, LOG_SMTP, RETRY_NO, RETRY_SAFE
from support.logins.logins import USER
from support.logins.sasl import b64, plain, xoauth2
from support.logins.tokenlogins import (
    LONG_AGO,
    is_refused,
    logs_in,
    providing,
    sees_no_token,
    taking,
)
from support.servers.endpoint import Request, TokenEndpoint, answer, granted
from support.servers.script import greets, script
from support.servers.scripted import Peer

# --- renewal ----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["explained", "535 5.7.8 no", "534 5.7.9 no", "500 what?"])
def test_case_047_renewed_once(connect: Opener, how: str) -> None:
    """However it was refused, and only once: a server that refuses a fresh token
    means it."""
    asked = providing(connect, "first", "second")
    failure = is_refused(connect.opened(taking(("first", how), ("second", how))), ask=asked)
    assert failure.retry == RETRY_NO
    assert asked.asked == [False, True]


def test_half_a_reply_while_the_token_is_renewed(connect: Opener) -> None:
    """It cannot be the answer to a login that was not said yet."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        peer.expect(b"AUTH XOAUTH2 ")
        peer.send(b"535 5.7.8 no\r\n235 wel")
        assert peer.until_closed() == b""

    connection = connect.opened(dialogue)
    asked = providing(connect, "first", "second")
    failure = connection.start_login(USER, ask=asked).fails("EAUTH")
    assert failure.response == "535 5.7.8 no"
    assert "the server sent a reply without a command" in failure.message
    connection.wait_end()


def test_not_renewed_when_the_server_is_busy(connect: Opener) -> None:
    """A 4xx does not decide about the token."""
    asked = providing(connect, "good")
    failure = is_refused(connect.opened(taking(("good", "454 4.7.0 later"))), ask=asked)
    assert failure.retry == RETRY_SAFE
    assert asked.asked == [False]


def test_expired_and_renewed_and_refused(connect: Opener) -> None:
    """That was the renewal."""
    asked = providing(connect, "new")
    connection = connect.opened(taking(("new", "explained")))
    is_refused(connection, ask=asked, access_token=("old", LONG_AGO))
    assert asked.asked == [True]


def test_answered_later(connect: Opener) -> None:
    """Both times. The connection waits, and goes on."""
    asked = TokenCallback(connect.drive)
    connection = connect.opened(taking(("first", "explained"), ("second", "welcome")))
    with connection.drive.held():
        login = connection.start_login(USER, ask=asked)
        quitting = connection.start_quit()
    asked.wait(1)
    asked.provide("first")
    asked.wait(2)
    asked.provide("second", int(time.time()) + 3600)
    login.succeeds()
    quitting.succeeds()
    assert asked.asked == [False, True]


def test_a_token_that_was_given_counts_whatever_its_date(connect: Opener) -> None:
    """The callback has just been asked; the server knows better than the clock."""
    asked = providing(connect, ("given", LONG_AGO))
    logs_in(connect.opened(taking(("given", "welcome"))), asked)


@pytest.mark.parametrize("token", [None, "", "a\r\nQUIT", "a\x01b", "a\x7fb"])
def test_no_token_at_all(connect: Opener, token: str | None) -> None:
    """Refused at once, and the question stays open."""
    asked = TokenCallback(connect.drive)
    connection = connect.opened(taking(("good", "welcome")))
    login = connection.start_login(USER, ask=asked)
    asked.wait()
    assert asked.provide(token) == CODES["EAUTH"]
    assert asked.provide("good") == 0
    login.succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("reason", [None, "", "the vault\r\nis locked", "x" * 2000])
def test_case_092_withheld(connect: Opener, reason: str | None) -> None:
    """The caller's reason is in the error, on one line and bounded; nothing is sent."""
    asked = TokenCallback(connect.drive)
    asked.when_asked(asked.withholding(reason))
    failure = is_refused(connect.opened(sees_no_token), "EOAUTH2", asked, sends=True)
    assert "\r" not in failure.message
    assert "\n" not in failure.message
    assert len(failure.message) < 700
    if reason:
        assert reason[:9] in failure.message


def test_mail_after_a_login_without_a_token(connect: Opener) -> None:
    """It is not sent without the login."""
    asked = TokenCallback(connect.drive)
    connection = connect.opened(taking())
    with connection.drive.held():
        login = connection.start_login(USER, ask=asked)
        sending = connection.start_send()
    asked.wait()
    asked.withhold("no")
    login.fails("EOAUTH2")
    sending.fails("EOAUTH2")
    connection.start_quit().succeeds()


# --- which of them --------------------------------------------------------------------


@pytest.mark.parametrize("method", [None, "xoauth2", "XOAUTH2 PLAIN"])
def test_token_before_password(connect: Opener, method: str | None) -> None:
    """The token is limited, and the password is not; auth_method may say otherwise."""
    connection = connect.opened(taking(("token", "welcome")), auth_method=method)
    connection.start_login(USER, "sesame", access_token="token").succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("method", ["-XOAUTH2", "PLAIN XOAUTH2"])
def test_password_before_token_by_wish(connect: Opener, method: str) -> None:
    exchange = (plain(USER, "sesame"), b"235 welcome")
    server = connect.server(script(greets(b"AUTH XOAUTH2 PLAIN"), exchange, Peer.quit))
    connection = connect.opened(server, auth_method=method)
    connection.start_login(USER, "sesame", access_token="token").succeeds()
    connection.start_quit().succeeds()


def test_password_after_a_refused_token(connect: Opener) -> None:
    """It may be right where the token is not. LOGIN would show the same password once more."""
    server = connect.server(
        script(
            greets(b"AUTH LOGIN XOAUTH2 PLAIN"),
            (xoauth2(USER, "token"), b"535 5.7.8 expired"),
            (plain(USER, "sesame"), b"535 5.7.8 wrong"),
            Peer.quit,
        )
    )
    connection = connect.opened(server)
    login = connection.start_login(USER, "sesame", access_token="token")
    refusal = login.fails("EAUTH")
    assert refusal.command == "AUTH PLAIN"
    assert refusal.message.endswith(
        "wrong; tried: XOAUTH2 (the server refused the login: 535 5.7.8 expired), then PLAIN; "
        "offered: LOGIN, XOAUTH2, PLAIN; not tried, because too many refusals may lock the "
        "account: LOGIN"
    )
    connection.start_quit().succeeds()


def test_password_where_there_is_no_token(connect: Opener) -> None:
    """No token was obtained: the password may do."""
    server = connect.server(
        script(greets(b"AUTH XOAUTH2 PLAIN"), (plain(USER, "sesame"), b"235 welcome"), Peer.quit)
    )
    connection = connect.opened(server)
    asked = TokenCallback(connect.drive)
    login = connection.start_login(USER, "sesame", ask=asked)
    asked.wait()
    asked.withhold("none today")
    login.succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("token", ["a\r\nb", "a\x00b"[:1] + "\x01"])
def test_access_token_that_is_none(connect: Opener, token: str) -> None:
    connection = connect.opened(taking())
    refusal = refused_at_once("EAUTH", connection.start_login, USER, access_token=token)
    assert "access token" in refusal.message
    connection.start_quit().succeeds()


def test_longer_than_a_command(connect: Opener) -> None:
    """Then the server must ask first (RFC 4954 section 4)."""
    token = "t" * 2000
    response = xoauth2(USER, token).rsplit(b" ", 1)[1]
    exchange = script((b"AUTH XOAUTH2", b"334 "), (response, b"235 welcome"), Peer.quit)
    logs_in(connect.opened(taking(then=exchange)), access_token=token)


# --- what is never told ----------------------------------------------------------------

TOKEN = "ya29.s3cr3t-Acc3ss-T0k3n-0123456789"
REFRESH = "1//r3fr3sh-s3cr3t-abcdefghijklmnop"
SECRET = "cl13nt-s3cr3t-zyxwvutsrqponmlkj"
HIDDEN = [TOKEN, REFRESH, SECRET, b64(TOKEN).decode(), xoauth2(USER, TOKEN).decode()[13:]]


def nothing_told(drive: Drive, *messages: str) -> None:
    """Neither a secret nor a piece of one, nor of its base64."""
    for line in [*drive.transcript(), *messages]:
        for secret in HIDDEN:
            for start in range(len(secret) - 9):
                assert secret[start : start + 10] not in line, line


@pytest.mark.parametrize("debug", [0, 1])
@pytest.mark.parametrize("ending", ["welcome", "echo in the code", "echo in the explanation"])
def test_secrets_of_the_login(connect: Opener, debug: int, ending: str) -> None:
    """Also when the server repeats them."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        line = peer.expect(xoauth2(USER, TOKEN))
        if ending == "welcome":
            peer.reply(b"235 welcome")
        elif ending == "echo in the code":
            peer.reply(b"535 5.7.8 who knows " + line)
        else:
            peer.reply(b"334 " + b64(json.dumps({"status": "401", "token": TOKEN})))
            peer.answer(b"", b"535 5.7.8 no " + TOKEN.encode())
        peer.quit()

    endpoint = connect.joins(TokenEndpoint(granted(TOKEN)))
    # A renewal would ask the endpoint again.
    connection = connect.opened(dialogue, transaction_log=1, debug=debug)
    login = connection.start_login(
        USER,
        access_token=("old", LONG_AGO),
        refresh_token=REFRESH,
        client=("id", SECRET),
        access_url=endpoint.url,
    )
    failure = login.wait().error
    assert (failure is None) == (ending == "welcome")
    connection.start_quit().succeeds()
    drive = connection.drive
    nothing_told(drive, *([] if failure is None else [failure.message, str(failure.response)]))
    # The log says that there was a token, and from where.
    assert any(f"127.0.0.1:{endpoint.port}" in line for line in drive.transcript(LOG_SMTP))
    assert any(line.startswith("AUTH XOAUTH2 ") for line in drive.transcript(LOG_CLIENT))


def test_secrets_of_an_endpoint_that_repeats_them(connect: Opener) -> None:
    def repeat(peer: Peer, request: Request) -> None:
        body = json.dumps({"error": request.form["refresh_token"], "error_description": SECRET})
        answer(peer, body.encode(), b"400 Bad Request")

    endpoint = connect.joins(TokenEndpoint(repeat))
    connection = connect.opened(taking(), transaction_log=1, debug=1)
    client = ("id", SECRET)
    failure = is_refused(
        connection, "EOAUTH2", refresh_token=REFRESH, client=client, access_url=endpoint.url
    )
    nothing_told(connection.drive, failure.message)
