"""Access tokens that are renewed, and what a login with one refuses."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from endpoint import Endpoint
from logins import hello, open_to, xoauth2
from scripted_server import QUIT, ScriptedServer


@pytest.mark.parametrize("code", [535, 534, 501])
def test_renewal_after_a_direct_refusal(code: int, server: ScriptedServer) -> None:
    """Not every server explains itself with a challenge first."""
    refused = f"C: AUTH XOAUTH2 *\nS: {code} 5.7.8 no"
    server.play(hello("XOAUTH2"), refused, xoauth2("new", good=True), QUIT)
    asked = []

    def token(renew: bool) -> str:
        asked.append(renew)
        return "new"

    with open_to(server) as connection:
        connection.login("user", access_token="old", token=token)
        assert connection.is_authenticated
    assert asked == [True]


def test_no_renewal_when_the_server_cannot_tell(server: ScriptedServer) -> None:
    """4yz says nothing about the token."""
    server.play(hello("XOAUTH2"), "C: AUTH XOAUTH2 *\nS: 454 4.7.0 later", QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.AuthError) as caught:
        connection.login("user", token=lambda _renew: "x")
    assert caught.value.retry is smtpconn.Retry.SAFE


def test_endpoint_that_never_answers(server: ScriptedServer) -> None:
    """The login ends by the limit of every operation."""
    server.play(hello("XOAUTH2"), "E:")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        connection = open_to(server, operation_timeout=0.2)
        # On a slow machine connecting may take as long.
        with pytest.raises(smtpconn.TimedOutError, match="operation_timeout"):
            connection.connect()
            connection.login("user", refresh_token="x", client_id="id", access_url=url)
        connection.close()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"user": "us\1er", "access_token": "x"}, "user"),
        ({"user": "user", "access_token": "x\1auth=Bearer y"}, "access token"),
        ({"user": "user", "refresh_token": "x", "scope": "a\nb"}, "scope"),
        ({"user": "user", "service_client": "a\rb", "private_key": "x"}, "service_client"),
        ({"user": "", "access_token": "x"}, "user"),
        ({"user": "user", "service_client": "a"}, "private_key"),
    ],
)
def test_refused_before_anything_is_sent(
    arguments: dict[str, Any], complaint: str, server: ScriptedServer
) -> None:
    server.play(hello("XOAUTH2"), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.AuthError, match=complaint):
        connection.login(**arguments)


def unpacked(part: str) -> bytes:
    """base64url without its padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_service_account(server: ScriptedServer, endpoint: Endpoint, tmp_path: Path) -> None:
    """The endpoint gets an assertion about the user, signed by the account."""
    server.play(hello("XOAUTH2"), xoauth2("fresh", good=True), QUIT)
    key, public = tmp_path / "key.pem", tmp_path / "public.pem"
    for command in (
        f"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out {key}",
        f"openssl pkey -in {key} -pubout -out {public}",
    ):
        subprocess.run(command.split(), check=True, capture_output=True)
    with open_to(server) as connection:
        connection.login(
            "user",
            service_client="robot@example.org",
            private_key=key.read_text(),
            access_url=endpoint.url,
        )
        assert connection.is_authenticated
    (asked,) = endpoint.requests
    assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = asked["assertion"][0].split(".")
    assert json.loads(unpacked(head)) == {"alg": "RS256", "typ": "JWT"}
    said = json.loads(unpacked(claims))
    assert (said["iss"], said["sub"]) == ("robot@example.org", "user")
    assert (said["scope"], said["aud"]) == ("https://mail.google.com/", endpoint.url)
    assert abs(said["iat"] - time.time()) < 60
    assert said["exp"] - said["iat"] == 300
    (tmp_path / "signature").write_bytes(unpacked(signature))
    (tmp_path / "signed").write_text(f"{head}.{claims}")
    verify = f"openssl dgst -sha256 -verify {public} -signature {tmp_path / 'signature'}"
    subprocess.run([*verify.split(), str(tmp_path / "signed")], check=True, capture_output=True)


@pytest.mark.parametrize("options", [{}, {"tls_reject_unauthorized": False}])
def test_endpoint_with_an_untrusted_certificate(
    options: dict[str, Any], server: ScriptedServer, certificate: Path
) -> None:
    """What goes there is worth more than a message: it must be verified, also where
    the mail server need not."""
    server.play(hello("XOAUTH2"), QUIT)
    with Endpoint(certificate) as endpoint, open_to(server, **options) as connection:
        with pytest.raises(smtpconn.OAuth2Error, match="certificate") as caught:
            connection.login("user", refresh_token="x", client_id="id", access_url=endpoint.url)
        assert caught.value.tls_reason
        assert connection.is_open
        assert not endpoint.requests


def test_endpoint_that_is_trusted(server: ScriptedServer, certificate: Path) -> None:
    server.play(hello("XOAUTH2"), xoauth2("fresh", good=True), QUIT)
    with (
        Endpoint(certificate) as endpoint,
        open_to(server, tls_ca_file=certificate) as connection,
    ):
        connection.login("user", refresh_token="x", client_id="id", access_url=endpoint.url)
