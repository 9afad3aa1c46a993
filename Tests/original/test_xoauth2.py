"""Cases 43 to 47: logging in with an access token."""

from __future__ import annotations

from conftest import Opener
from support.credentials import TokenCallback
from support.endpoint import TokenEndpoint, answer, granted, refused
from support.sasl import b64, xoauth2
from support.scripted import Peer, ScriptedServer

USER = "alice"
#: What a server says about a token that it does not take.
EXPLANATION = '{"status":"401","schemes":"Bearer","scope":"https://mail.example/"}'


def refuse(peer: Peer, token: str) -> None:
    """Explains, waits for the empty line, and refuses."""
    peer.answer(xoauth2(USER, token), b"334 " + b64(EXPLANATION))
    peer.answer(b"", b"535 5.7.8 not this one")


def accept(peer: Peer, token: str) -> None:
    peer.answer(xoauth2(USER, token), b"235 2.7.0 welcome")


def test_case_043_valid_token(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        accept(peer, "valid")
        peer.quit()

    connection = connect.opened(dialogue)
    connection.start_login(USER, access_token="valid").succeeds()
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


def test_case_044_invalid_token(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        refuse(peer, "invalid")
        peer.quit()

    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, access_token="invalid").fails("EAUTH")
    assert failure.response_code == 535
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()


def test_case_045_invalid_token_and_valid_refresh_token(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        refuse(peer, "invalid")
        accept(peer, "fresh")
        peer.quit()

    with ScriptedServer(dialogue) as server, TokenEndpoint(granted("fresh")) as endpoint:
        connection = connect.opened(server)
        connection.start_login(
            USER,
            access_token="invalid",
            refresh_token="valid",
            client=("id", "secret"),
            access_url=endpoint.url,
        ).succeeds()
        assert connection.info()["authenticated"] == 1
        connection.start_quit().succeeds()
    assert endpoint.requests[0].form["refresh_token"] == "valid"


def test_case_046_invalid_refresh_token(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        refuse(peer, "invalid")
        peer.quit()

    endpoint = connect.joins(
        TokenEndpoint(lambda peer, _: answer(peer, refused("invalid_grant"), b"400 Bad Request"))
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(
        USER,
        access_token="invalid",
        refresh_token="invalid",
        client=("id", "secret"),
        access_url=endpoint.url,
    ).fails("EOAUTH2")
    assert "invalid_grant" in failure.message
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()


def test_case_047_callback_with_a_useless_token(connect: Opener) -> None:
    """It is asked for another one, once."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN XOAUTH2")
        refuse(peer, "useless")
        refuse(peer, "as useless")
        peer.quit()

    asked = TokenCallback(connect.drive)
    asked.when_asked(asked.providing("useless"))
    asked.when_asked(asked.providing("as useless"))
    connection = connect.opened(dialogue)
    connection.start_login(USER, ask=asked).fails("EAUTH")
    assert asked.asked == [False, True]
    assert connection.info()["authenticated"] == 0
    connection.start_quit().succeeds()
