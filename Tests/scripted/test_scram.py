"""SCRAM: logins that are right, and servers that are not what they say. The examples of the RFCs
are in Tests/SMTPTransportTests/ScramTests.swift."""

from __future__ import annotations

import re

import pytest

from conftest import Opener
from support.drive.outcomes import Failure
from support.logins.logins import PASSWORD, PLAIN, USER, WELCOME, is_refused, logs_in, offered
from support.logins.sasl import b64
from support.logins.scram import ALL, FEWEST, MECHANISMS, MOST, Change, ScramServer
from support.servers.script import Step, greets, script
from support.servers.scripted import Peer

SHA256 = "SCRAM-SHA-256"
OFFER = b"AUTH SCRAM-SHA-256 PLAIN"


def replaced(pattern: str, text: str) -> Change:
    def change(message: bytes) -> bytes:
        changed, count = re.subn(pattern.encode(), text.encode(), message)
        assert count == 1
        return changed

    return change


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("asks", [False, True])
def test_login(connect: Opener, mechanism: str, asks: bool) -> None:
    """RFC 4954 section 4: the final message is a challenge, and is answered with nothing."""
    server = ScramServer(mechanism, asks=asks, iterations=FEWEST + 1)
    options = {"initial_response": 0} if asks else {}
    logs_in(offered(connect, b"AUTH " + mechanism.encode(), server, **options))


def test_the_best_one_without_tls(connect: Opener) -> None:
    """-PLUS needs TLS; a password that was refused is not tried again."""
    logs_in(offered(connect, ALL + b" PLAIN LOGIN", ScramServer("SCRAM-SHA-512")))


def test_names(connect: Opener) -> None:
    """RFC 5802 section 5.1: "," and "=" have a meaning."""
    server = ScramServer(SHA256, user="a=b,c", password="p\u00e4ss,=", header=b"n,a=x=3Dy=2C,")
    connection = offered(connect, OFFER, server)
    logs_in(connection, "a=b,c", "p\u00e4ss,=", authorization_identity="x=y,")


@pytest.mark.parametrize("code", [b"535 5.7.8 no", b"454 4.7.0 later"])
def test_a_wrong_password(connect: Opener, code: bytes) -> None:
    """It is not tried with PLAIN then."""
    server = ScramServer(SHA256)
    failure = is_refused(offered(connect, OFFER, server.instead(code, then=None)))
    assert failure.command == "AUTH SCRAM-SHA-256"


def test_the_error_of_the_server(connect: Opener) -> None:
    def explains(peer: Peer) -> None:
        peer.answer(b"", b"535 5.7.8 no")

    refuses = ScramServer(SHA256).instead(b"334 " + b64("e=invalid-proof"), then=explains)
    failure = is_refused(offered(connect, OFFER, refuses))
    assert "(invalid-proof)" in failure.message


def test_504_is_followed_by_the_next(connect: Opener) -> None:
    steps: list[Step] = [
        (b"AUTH SCRAM-SHA-256 ", b"504 5.5.4 not here"),
        (PLAIN, WELCOME),
    ]
    logs_in(offered(connect, OFFER, *steps))


# --- text that it cannot carry -----------------------------------------------


@pytest.mark.parametrize("password", ["a\u00a0b", "e\u0301", "\u05d0\u05d1", "\U0001f511"])
def test_what_saslprep_would_change(connect: Opener, password: str) -> None:
    """It goes with PLAIN as it is, or not at all."""
    exchange = (b"AUTH PLAIN " + b64(f"\0{USER}\0{password}"), WELCOME)
    logs_in(offered(connect, OFFER, exchange), password=password)
    failure = is_refused(offered(connect, b"AUTH SCRAM-SHA-256"), password=password)
    assert "the password has" in failure.message
    assert "SASLprep" in failure.message


def test_a_user_that_is_not_utf_8(connect: Opener) -> None:
    connection = offered(connect, OFFER, auth_method=SHA256)
    failure = connection.start_login(b"al\xff", PASSWORD).fails("EAUTH")
    assert "the user has" in failure.message
    connection.start_quit().succeeds()


# --- servers that are refused -----------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replaced(r"r=.", "r=_"), "nonce"),
        (replaced(r"server,", ","), "nonce"),
        (replaced(r"r=.*server", "r=server"), "nonce"),
        (replaced(r"i=\d+", f"i={FEWEST - 1}"), "4095 iterations"),
        (replaced(r"i=\d+", "i=1"), "1 iterations"),
        (replaced(r"i=\d+", f"i={MOST + 1}"), f"more than {MOST} iterations"),
        (replaced(r"i=\d+", "i=" + "9" * 1000), f"more than {MOST} iterations"),
        (replaced(r"i=\d+", "i="), "not one of SCRAM"),
        (replaced(r"i=\d+", "i=4096 "), "no number"),
        (replaced(r"s=[^,]*", "s="), "not one of SCRAM"),
        (replaced(r"s=[^,]*", "s=*"), "not one of SCRAM"),
        (replaced(r"^", "m=x,"), "extension"),
        (replaced(r"$", ",x=" + "y" * 2048), "longer"),
        (lambda _: b"", "not one of SCRAM"),
        (lambda _: b"\xff\0", "not one of SCRAM"),
    ],
)
def test_a_challenge_that_is_wrong(connect: Opener, change: Change, reason: str) -> None:
    """It is cancelled; nothing that depends on the password was said."""
    server = ScramServer(SHA256, first=change)

    def asks(peer: Peer) -> None:
        server.asked(peer)
        peer.answer(b"*", b"501 5.0.0 cancelled")

    failure = is_refused(offered(connect, OFFER, asks))
    assert reason in failure.message


def test_a_challenge_that_is_no_base64(connect: Opener) -> None:
    steps: list[Step] = [(b"AUTH SCRAM-SHA-256 ", b"334 r=x,s=y,i=4096"), (b"*", b"501 5.5.2 ok")]
    assert "base64" in is_refused(offered(connect, OFFER, *steps)).message


def test_extra_attributes_are_ignored(connect: Opener) -> None:
    """RFC 5802 section 5.1."""
    server = ScramServer(
        SHA256, first=replaced(r"$", ",x=1,y=2"), final=replaced(r"$", ",z=3"), asks=False
    )
    logs_in(offered(connect, OFFER, server))


def is_left(connect: Opener, dialogue: Step) -> Failure:
    """The login fails and the connection ends."""
    connection = connect(script(greets(OFFER), dialogue))
    connection.start_connect().succeeds()
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.phase == "auth"
    assert connection.info()["authenticated"] == 0
    connection.wait_end()
    return failure


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"v=" + b64(b"\0" * 32),
        lambda right: right[:-8] + b"AAAAAAA=",
        lambda right: b"x" + right[1:],
        lambda _: b"v=",
        lambda _: b"v=*",
        lambda _: b"",
        lambda _: b"welcome",
    ],
)
def test_a_signature_that_is_wrong(connect: Opener, change: Change) -> None:
    """The server does not know the password: it may be anybody."""

    def lies(peer: Peer) -> None:
        server = ScramServer(SHA256)
        peer.reply(b"334 " + b64(change(server.proven(peer))))
        assert peer.until_closed() == b""

    failure = is_left(connect, lies)
    assert "sign" in failure.message
    assert failure.kind == "LOGIN_SERVER_SIGNATURE"


def test_success_without_a_signature(connect: Opener) -> None:
    """RFC 4954 section 4 has no data with 235."""
    server = ScramServer(SHA256)
    failure = is_left(connect, server.instead(WELCOME))
    assert "without a proof" in failure.message
    assert (failure.kind, failure.response_code) == ("LOGIN_SERVER_SIGNATURE", 235)


def test_success_before_the_proof(connect: Opener) -> None:
    def welcomes(peer: Peer) -> None:
        peer.answer(b"AUTH SCRAM-SHA-256 ", WELCOME)
        assert peer.until_closed() == b""

    assert "without a proof" in is_left(connect, welcomes).message


def test_success_after_an_error(connect: Opener) -> None:
    """A server that has refused the proof has not proven anything."""

    def changes_its_mind(peer: Peer) -> None:
        peer.expect(b"")
        peer.reply(WELCOME)
        assert peer.until_closed() == b""

    server = ScramServer(SHA256)
    failure = is_left(
        connect, server.instead(b"334 " + b64("e=other-error"), then=changes_its_mind)
    )
    assert "other-error" in failure.message


def test_a_send_that_waits_is_not_tried(connect: Opener) -> None:
    server = ScramServer(SHA256)
    connection = connect(script(greets(OFFER), server.instead(WELCOME)))
    connection.start_connect().succeeds()
    with connect.drive.held():
        login = connection.start_login(USER, PASSWORD)
        send = connection.start_send()
    login.fails("EAUTH")
    send.fails("EAUTH")
    connection.wait_end()


def test_rounds_without_end(connect: Opener) -> None:
    """After its signature a server has nothing to ask."""

    def asks_on(peer: Peer) -> None:
        server = ScramServer(SHA256)
        final = b"334 " + b64(server.proven(peer))
        peer.reply(final)
        peer.answer(b"", final)
        peer.answer(b"*", final)
        assert peer.until_closed() == b""

    connection = connect(script(greets(OFFER), asks_on))
    connection.start_connect().succeeds()
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert "another challenge" in failure.message
    connection.wait_end()
    assert connection.error is not None
    assert connection.error.name == "EPROTOCOL"


def test_334_after_success(connect: Opener) -> None:
    """It answers nothing."""

    def asks_on(peer: Peer) -> None:
        ScramServer(SHA256)(peer)
        peer.reply(b"334 " + b64("r=x"))
        peer.until_closed()

    connection = connect(script(greets(OFFER), asks_on))
    connection.start_connect().succeeds()
    connection.start_login(USER, PASSWORD).succeeds()
    assert connection.breaks("EPROTOCOL").phase == "idle"


# --- while it is computed -----------------------------------------------------


def test_cancelled_while_it_is_computed(connect: Opener) -> None:
    """That the computation comes in parts is in Tests/SMTPConnectionTests/ScramWorkTests.swift."""
    server = ScramServer(SHA256, iterations=MOST)

    def asks(peer: Peer) -> None:
        server.asked(peer)
        assert peer.until_closed() == b"", "it was computed first"

    played = connect.server(script(greets(OFFER), asks))
    connection = connect.opened(played)
    login = connection.start_login(USER, PASSWORD)
    played.wait_for(b"AUTH SCRAM-SHA-256 ")
    connection.cancel()
    login.fails("ECANCELLED")
    connection.wait_end()


def test_freed_while_it_is_computed(connect: Opener) -> None:
    server = ScramServer(SHA256, iterations=MOST)

    def asks(peer: Peer) -> None:
        server.asked(peer)
        assert peer.until_closed() == b"", "it was computed first"

    played = connect.server(script(greets(OFFER), asks))
    connection = connect.opened(played)
    login = connection.start_login(USER, PASSWORD)
    played.wait_for(b"AUTH SCRAM-SHA-256 ")
    connection.free()
    login.fails("ECANCELLED")
