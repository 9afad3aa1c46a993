"""Access tokens that are renewed, and what a login with one refuses."""

from __future__ import annotations

import socket
from typing import Any

import pytest

import smtpconn
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
        connection.connect()
        with pytest.raises(smtpconn.TimedOutError, match="operation_timeout"):
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
