"""Cases 43 to 46 and 87 to 105: logins with an access token, where it comes from, and when a
new one is got.

There, an object keeps the token and gives it to its callers. Here each login gets
its own; a program that wants to share one keeps it itself, with the token callback or
with the callback that tells of new tokens.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Unpack

import pytest

from conftest import Opener
from support.drive import Connection, Operation
from support.drive.connection import refused_at_once
from support.drive.credentials import TokenCallback, Tokens
from support.logins.logins import USER
from support.logins.sasl import xoauth2
from support.logins.tokenlogins import (
    LONG_AGO,
    accepting,
    is_refused,
    logs_in,
    providing,
    refreshing,
    taking,
)
from support.servers.certificates import Certificates, openssl
from support.servers.endpoint import Request, TokenEndpoint, answer, granted, refused
from support.servers.script import script
from support.servers.scripted import Peer, ScriptedServer
from support.slowness import repeated

MANY = repeated(100)


# --- with a token ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["explained", "535 5.7.8 expired"])
def test_case_045_101_invalid_token_and_valid_refresh_token(connect: Opener, how: str) -> None:
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    connection = connect.opened(taking(("invalid", how), ("fresh", "welcome")))
    logs_in(connection, access_token="invalid", **refreshing(endpoint))
    assert endpoint.requests[0].form["refresh_token"] == "refresh"


def test_case_046_invalid_refresh_token(connect: Opener) -> None:
    endpoint = connect.joins(
        TokenEndpoint(lambda peer, _: answer(peer, refused("invalid_grant"), b"400 Bad Request"))
    )
    connection = connect.opened(taking(("invalid", "explained")))
    login = connection.start_login(USER, access_token="invalid", **refreshing(endpoint))
    assert "invalid_grant" in login.fails("EOAUTH2").message
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()


# --- where it comes from -----------------------------------------------------------


@pytest.mark.parametrize(("renewable", "expires"), [(False, True), (True, True), (True, False)])
def test_case_087_089_token_that_is_used(connect: Opener, renewable: bool, expires: bool) -> None:
    """No other is requested."""
    means = refreshing(connect.joins(TokenEndpoint())) if renewable else Tokens()
    token = ("stored", int(time.time()) + 3600) if expires else "stored"
    logs_in(connect.opened(accepting("stored")), access_token=token, **means)


def test_case_088_what_is_sent(connect: Opener) -> None:
    """For a token that was stored, and for one that was given when asked."""
    exchange = script(
        (b"AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBzdG9yZWQBAQ==", b"535 5.7.8 expired"),
        (b"AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBnaXZlbgEB", b"235 welcome"),
        Peer.quit,
    )
    connection = connect.opened(taking(then=exchange))
    logs_in(connection, providing(connect, "given"), access_token="stored")


def test_case_090_refresh_token_alone(connect: Opener) -> None:
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    logs_in(connect.opened(accepting("fresh")), **refreshing(endpoint))
    (request,) = endpoint.requests
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh",
        "client_id": "id",
        "client_secret": "secret",
    }


def test_case_091_callback(connect: Opener) -> None:
    asked = providing(connect, ("given", int(time.time()) + 3600))
    logs_in(connect.opened(accepting("given")), asked)
    assert asked.asked == [False]


@pytest.mark.parametrize("means", ["callback", "endpoint"])
def test_case_093_token_that_has_expired(connect: Opener, means: str) -> None:
    """It is not even sent."""
    connection = connect.opened(accepting("fresh"))
    old = ("old", LONG_AGO)
    if means == "callback":
        asked = providing(connect, "fresh")
        logs_in(connection, asked, access_token=old)
        assert asked.asked == [True]
    else:
        endpoint = connect.joins(TokenEndpoint(granted("fresh")))
        logs_in(connection, access_token=old, **refreshing(endpoint))


def test_case_094_news_of_a_token(connect: Opener) -> None:
    """With the user, whom the program knows by the connection, and the date."""
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    connection = connect.opened(accepting("fresh"))
    before = int(time.time())
    logs_in(connection, **refreshing(endpoint))
    ((token, expires),) = connection.tokens
    assert token == "fresh"
    assert before + 3600 <= expires <= int(time.time()) + 3600


# --- many ------------------------------------------------------------------------


def many_logins(
    connect: Opener, server: ScriptedServer, asked: list[TokenCallback], **tokens: Unpack[Tokens]
) -> list[tuple[Connection, Operation]]:
    """Connections that all log in at the same time, on one loop."""
    drive = connect.drive
    loop = drive.loop()
    connections = [
        drive.connection(loop, host=server.host, port=server.port, name="client.test")
        for _ in range(MANY)
    ]
    with drive.held():
        for connection in connections:
            connection.start_connect()
        return [
            (
                connection,
                connection.start_login(USER, ask=asked[number] if asked else None, **tokens),
            )
            for number, connection in enumerate(connections)
        ]


def test_case_096_many_at_once(connect: Opener) -> None:
    """After the token has expired. The program is asked for each login; it gets one
    new token and gives it to all."""
    server = connect.server(accepting("shared"), repeat=True)
    asked = [TokenCallback(connect.drive) for _ in range(MANY)]
    logins = many_logins(connect, server, asked, access_token=("old", LONG_AGO))
    for callback in asked:
        callback.wait()
    for callback in asked:
        callback.provide("shared")
    for connection, login in logins:
        login.succeeds()
        connection.start_quit().succeeds()
    connect.join()
    assert all(callback.asked == [True] for callback in asked)


def test_case_097_many_refusals_at_once(connect: Opener) -> None:
    def refuse(peer: Peer, _: Request) -> None:
        answer(peer, refused("invalid_grant"), b"400 Bad Request")

    with (
        ScriptedServer(taking(), repeat=True) as server,
        TokenEndpoint(refuse, repeat=True) as endpoint,
    ):
        logins = many_logins(connect, server, [], refresh_token="bad", access_url=endpoint.url)
        for connection, login in logins:
            assert "invalid_grant" in login.fails("EOAUTH2").message
            connection.start_quit().succeeds()
    assert len(endpoint.requests) == MANY


def test_case_098_many_renewals(connect: Opener) -> None:
    """One after the other: each gives a token of its own."""
    given: list[str] = []
    seen: list[bytes] = []

    def grant(peer: Peer, _: Request) -> None:
        given.append(f"token-{len(given)}")
        answer(peer, granted(given[-1]))

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        peer.answer(xoauth2(USER, "refused"), b"535 5.7.8 expired")
        seen.append(peer.line())
        peer.reply(b"235 welcome")
        peer.quit()

    with (
        ScriptedServer(dialogue, repeat=True) as server,
        TokenEndpoint(grant, repeat=True) as endpoint,
    ):
        told: list[str] = []
        for _ in range(MANY):
            connection = connect.opened(server)
            connection.start_login(USER, access_token="refused", **refreshing(endpoint)).succeeds()
            told += [token for token, _ in connection.tokens]
            connection.start_quit().succeeds()
            connection.free()
    assert told == given
    assert seen == [xoauth2(USER, token) for token in given]
    assert len(set(given)) == MANY


# --- renewal ----------------------------------------------------------------------


def test_case_100_136_nothing_at_all(connect: Opener) -> None:
    """Refused before anything is asked or sent; and an expired token is nothing."""
    connection = connect.opened(taking(), auth_method="XOAUTH2")
    refusal = refused_at_once("EAUTH", connection.start_login, USER)
    assert "access token is missing" in refusal.message
    failure = is_refused(connection, "EOAUTH2", access_token=("old", LONG_AGO))
    assert "no means to get a new one" in failure.message


def test_case_102_callback_before_refresh_token(connect: Opener) -> None:
    """And before a service account; the endpoint would fail the test."""
    means = refreshing(connect.joins(TokenEndpoint()))
    asked = providing(connect, "given")
    connection = connect.opened(accepting("given"))
    logs_in(connection, asked, service_account=("robot", "no key"), **means)


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_case_103_service_account(connect: Opener, tmp_path: Path) -> None:
    """The endpoint is given an assertion that the account's key has signed (RFC 7523
    section 2.1)."""
    key = tmp_path / "key.pem"
    openssl(tmp_path, "genrsa", "-out", "key.pem", "2048")
    openssl(tmp_path, "rsa", "-in", "key.pem", "-pubout", "-out", "public.pem")
    endpoint = connect.joins(TokenEndpoint(granted("fresh")))
    before = int(time.time())
    logs_in(
        connect.opened(accepting("fresh")),
        service_account=("robot@example.com", key.read_text()),
        scope="https://mail.example/",
        access_url=endpoint.url,
    )
    (request,) = endpoint.requests
    assert set(request.form) == {"grant_type", "assertion"}
    assert request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    signed, _, signature = request.form["assertion"].rpartition(".")
    header, claims = (json.loads(unpacked(part)) for part in signed.split("."))
    assert header == {"alg": "RS256", "typ": "JWT"}
    issued = claims.pop("iat")
    assert before <= issued <= int(time.time())
    assert claims.pop("exp") == issued + 300
    assert claims == {
        "iss": "robot@example.com",
        "sub": USER,
        "scope": "https://mail.example/",
        "aud": endpoint.url,
    }
    (tmp_path / "signed").write_bytes(signed.encode())
    (tmp_path / "signature").write_bytes(unpacked(signature))
    verification = ["-sha256", "-verify", "public.pem", "-signature", "signature", "signed"]
    openssl(tmp_path, "dgst", *verification)


# --- the certificate of a token endpoint -------------------------------------------
# Refresh tokens and client secrets go there, so it is always verified. To trust an endpoint with
# a certificate of one's own, name its authority.


def self_signed(connect: Opener, certificates: Certificates, verifies: int) -> None:
    """There is no token from an endpoint with an untrusted certificate."""
    tokens = connect.server(lambda peer: peer.refused_tls(certificates.self_signed))
    connection = connect.opened(taking(), tls_reject_unauthorized=verifies)
    url = f"https://127.0.0.1:{tokens.port}/token"
    failure = is_refused(connection, "EOAUTH2", refresh_token="refresh", access_url=url)
    assert failure.tls_reason
    assert failure.address == f"127.0.0.1:{tokens.port}"
    assert connection.tokens == []


def test_case_104_self_signed(connect: Opener, certificates: Certificates) -> None:
    self_signed(connect, certificates, verifies=1)


def test_case_105_tls_reject_unauthorized(connect: Opener, certificates: Certificates) -> None:
    """That is for the mail server, and does not reach the endpoint; tls_ca_file does."""
    self_signed(connect, certificates, verifies=0)
    endpoint = connect.joins(TokenEndpoint(granted("fresh"), identity=certificates.good))
    connection = connect.opened(accepting("fresh"), tls_ca_file=certificates.ca_file)
    logs_in(connection, refresh_token="refresh", access_url=endpoint.url)
