"""Logging in with user name and password, and being refused."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.certificates import Certificates
from support.drive import RefusedError
from support.outcomes import NOT_TRIED, RETRY_NO, RETRY_SAFE
from support.sasl import b64, plain
from support.script import greets, script, secures
from support.scripted import Peer

USER, PASSWORD = "alice", "open sesame"
PLAIN = plain(USER, PASSWORD)


def test_plain_for_a_server_that_asks(connect: Opener) -> None:
    """Some servers answer the initial response with an empty challenge."""
    dialogue = script(
        greets(b"AUTH PLAIN"),
        (PLAIN, b"334 "),
        (PLAIN.rsplit(b" ", 1)[1], b"235 welcome"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("length", [100, 300, 2000])
def test_long_password(connect: Opener, length: int) -> None:
    """A command line holds 512 octets; beyond that the server must ask first
    (RFC 4954 section 4)."""
    password = "p" * length

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN")
        line = plain(USER, password)
        if len(line) + 2 <= 512:
            peer.expect(line)
        else:
            peer.answer(b"AUTH PLAIN", b"334 ")
            peer.expect(line.removeprefix(b"AUTH PLAIN "))
        peer.reply(b"235 welcome")
        peer.quit()

    connection = connect.opened(dialogue)
    connection.start_login(USER, password).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    "prompts", [(b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"), (b"", b""), (b"eA==", b"eQ==")]
)
def test_login_mechanism(connect: Opener, prompts: tuple[bytes, bytes]) -> None:
    dialogue = script(
        greets(b"AUTH LOGIN"),
        (b"AUTH LOGIN", b"334 " + prompts[0]),
        (b64(USER), b"334 " + prompts[1]),
        (b64(PASSWORD), b"235 welcome"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_utf8_credentials(connect: Opener) -> None:
    dialogue = script(greets(b"AUTH PLAIN"), (plain("zoë", "pässwört"), b"235 welcome"), Peer.quit)
    connection = connect.opened(dialogue)
    connection.start_login("zoë", "pässwört").succeeds()
    connection.start_quit().succeeds()


# --- which mechanism --------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "wanted", "used"),
    [
        (b"AUTH LOGIN PLAIN", None, b"PLAIN"),
        (b"AUTH PLAIN LOGIN", None, b"PLAIN"),
        (b"AUTH LOGIN", None, b"LOGIN"),
        (b"AUTH XOAUTH2 login", None, b"LOGIN"),
        (b"AUTH=PLAIN", None, b"PLAIN"),
        (b"auth plain", None, b"PLAIN"),
        (b"AUTH PLAIN LOGIN", "LOGIN", b"LOGIN"),
        (b"AUTH PLAIN LOGIN", "login", b"LOGIN"),
        (b"AUTH LOGIN PLAIN", "plain", b"PLAIN"),
    ],
)
def test_choice(connect: Opener, offered: bytes, wanted: str | None, used: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(offered)
        line = peer.line()
        assert line.split(b" ")[:2] == [b"AUTH", used], line
        if used == b"LOGIN":
            peer.reply(b"334 ")
            peer.answer(b64(USER), b"334 ")
            peer.expect(b64(PASSWORD))
        peer.reply(b"235 welcome")
        peer.quit()

    connection = connect.opened(dialogue, auth_method=wanted)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ((), None),
        ((b"AUTH",), None),
        ((b"AUTH XOAUTH2 GSSAPI",), None),
        ((b"AUTH PLAIN-CLIENTTOKEN XPLAIN",), None),
        ((b"AUTH LOGIN",), "PLAIN"),
        ((b"X-AUTH PLAIN",), None),
    ],
)
def test_no_usable_mechanism(
    connect: Opener, offered: tuple[bytes, ...], wanted: str | None
) -> None:
    """EAUTH, nothing is sent, and the connection stays."""
    connection = connect.opened(script(greets(*offered), Peer.quit), auth_method=wanted)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.phase == "auth"
    assert failure.response is None
    assert connection.info()["open"] == 1
    connection.start_quit().succeeds()


# --- refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "retry"),
    [
        (b"535 5.7.8 bad credentials", RETRY_NO),
        (b"534 5.7.9 too weak", RETRY_NO),
        (b"454 4.7.0 not now", RETRY_SAFE),
        (b"500 what?", RETRY_NO),
        (b"250 ok", RETRY_NO),
        (b"200 ok", RETRY_NO),
    ],
)
def test_refused(connect: Opener, reply: bytes, retry: int) -> None:
    """The connection stays open, and another try may follow."""
    dialogue = script(
        greets(b"AUTH PLAIN"), (PLAIN, reply), (plain(USER, "better"), b"235 welcome"), Peer.quit
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert failure.command == "AUTH PLAIN"
    assert failure.phase == "auth"
    assert failure.response == reply.decode()
    assert failure.retry == retry
    assert PASSWORD not in failure.message
    assert connection.info()["authenticated"] == 0
    connection.start_login(USER, "better").succeeds()
    connection.start_quit().succeeds()
    assert connection.error is None


def test_success_before_the_password(connect: Opener) -> None:
    """A 235 in the middle of LOGIN is no login."""
    dialogue = script(
        greets(b"AUTH LOGIN"),
        (b"AUTH LOGIN", b"334 "),
        (b64(USER), b"235 welcome"),
        Peer.until_closed,
    )
    server = connect.server(dialogue)
    connection = connect.opened(server)
    connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert connection.info()["authenticated"] == 0
    connection.free()
    connect.join()
    assert b64(PASSWORD) not in server.peer.received


@pytest.mark.parametrize("offered", [b"AUTH PLAIN", b"AUTH LOGIN"])
def test_endless_challenges(connect: Opener, offered: bytes) -> None:
    """Rounds are bounded; the exchange is cancelled or the connection closed."""

    def dialogue(peer: Peer) -> None:
        peer.greet(offered)
        for _ in range(1000):
            try:
                line = peer.line()
            except (AssertionError, OSError):
                return
            if line == b"*":
                peer.reply(b"501 5.0.0 cancelled")
                peer.until_closed()
                return
            peer.reply(b"334 ")
        raise AssertionError("a thousand challenges were answered")

    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, PASSWORD).wait().error
    assert failure is not None
    assert failure.name in ("EAUTH", "EPROTOCOL")
    connection.free()


@pytest.mark.parametrize(
    "texts",
    [
        (b"Username:", b"Password:"),
        (b"VXNlcm5hbWU6 ", b" UGFzc3dvcmQ6\t"),
        (b"VXNlcm5hbWU", b"UGFzc3dvcmQ"),
        (b"go ahead", b"ntlm supported"),
    ],
)
def test_challenges_that_are_ignored(connect: Opener, texts: tuple[bytes, bytes]) -> None:
    """LOGIN asks in a fixed order, in whatever words; PLAIN has but one answer."""
    dialogue = script(
        greets(b"AUTH LOGIN"),
        (b"AUTH LOGIN", b"334 " + texts[0]),
        (b64(USER), b"334 " + texts[1]),
        (b64(PASSWORD), b"235 welcome"),
        Peer.quit,
    )
    asking = script(
        greets(b"AUTH PLAIN"),
        (PLAIN, b"334 " + texts[0]),
        (PLAIN.rsplit(b" ", 1)[1], b"235 welcome"),
        Peer.quit,
    )
    for each in (dialogue, asking):
        connection = connect.opened(each)
        connection.start_login(USER, PASSWORD).succeeds()
        connection.start_quit().succeeds()


def test_refusal_as_text(connect: Opener) -> None:
    """XOAUTH2: the server's reason is in the error whether it is base64 or not."""
    dialogue = script(
        greets(b"AUTH XOAUTH2"),
        (b"AUTH XOAUTH2 ", b"334 token is out of date"),
        (b"", b"535 5.7.8 no"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, access_token="ya29.x").fails("EAUTH")
    assert "token is out of date" in failure.message
    assert failure.response_code == 535
    connection.start_quit().succeeds()


def test_challenge_that_is_not_base64(connect: Opener) -> None:
    """CRAM-MD5 has to know it."""
    dialogue = script(
        greets(b"AUTH CRAM-MD5"),
        (b"AUTH CRAM-MD5", b"334 !!! not base64 !!!"),
        (b"*", b"501 cancelled"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert "not base64" in failure.message
    connection.start_quit().succeeds()


def test_mail_after_a_failed_login(connect: Opener) -> None:
    """What was queued behind the login is not sent without it; what is started
    afterwards is the caller's decision."""
    dialogue = script(greets(b"AUTH PLAIN"), (PLAIN, b"535 5.7.8 no"), Peer.delivery, Peer.quit)
    connection = connect(dialogue)
    with connection.drive.held():
        connection.start_connect()
        login = connection.start_login(USER, PASSWORD)
        behind = [connection.start_send(), connection.start_send()]
    login.fails("EAUTH")
    for sending in behind:
        sending.fails("EAUTH")
        assert sending.result().statuses == [NOT_TRIED]
    connection.start_send().succeeds()
    connection.start_quit().succeeds()


def test_login_behind_a_failed_login(connect: Opener) -> None:
    """What is behind it goes out under it. What the failed one takes with it ends after it."""
    dialogue = script(
        greets(b"AUTH PLAIN"),
        (PLAIN, b"535 5.7.8 no"),
        (PLAIN, b"235 yes"),
        Peer.delivery,
        Peer.quit,
    )
    connection = connect(dialogue)
    drive = connection.drive
    with drive.held():
        connection.start_connect()
        login = connection.start_login(USER, PASSWORD)
        behind = connection.start_send()
        again = connection.start_login(USER, PASSWORD)
        last = connection.start_send()
    login.fails("EAUTH")
    behind.fails("EAUTH")
    again.succeeds()
    last.succeeds()
    ended = [drive.order.index(f"done {each.tag}") for each in (login, behind, again, last)]
    assert ended == sorted(ended)
    connection.start_quit().succeeds()


# --- refused before anything is sent ----------------------------------------


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_token_is_no_password(connect: Opener, mechanism: str) -> None:
    """A login with an empty one would count as an attempt to break in."""
    dialogue = script(greets(b"AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2"), Peer.quit)
    connection = connect.opened(dialogue, auth_method=mechanism)
    with pytest.raises(RefusedError) as refused:
        connection.start_login(USER, access_token="token")
    assert refused.value.failure.name == "EAUTH"
    assert "password" in refused.value.failure.message
    connection.start_quit().succeeds()


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
    connection = connect.opened(script(greets(b"AUTH PLAIN"), Peer.quit))
    with pytest.raises(RefusedError) as refused:
        connection.start_login(user, password)
    assert refused.value.failure.name == "EAUTH"
    assert named in refused.value.failure.message
    assert "sesame" not in refused.value.failure.message
    connection.start_quit().succeeds()


def test_twice(connect: Opener) -> None:
    """RFC 4954 section 4: no AUTH after a successful one."""
    connection = connect.opened(script(greets(b"AUTH PLAIN"), (PLAIN, b"235 welcome"), Peer.quit))
    connection.start_login(USER, PASSWORD).succeeds()
    failure = connection.start_login(USER, PASSWORD).wait().error
    assert failure is not None
    assert failure.name in ("EAUTH", "ESTATE")
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


@pytest.mark.parametrize("pipelining", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
def test_after_a_failed_transaction(connect: Opener, pipelining: tuple[bytes, ...]) -> None:
    """AUTH is not allowed in a mail transaction (RFC 4954 section 4), and one that
    failed may still be open."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH PLAIN", *pipelining)
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"550 5.1.1 no one")
        if pipelining:
            peer.answer(b"DATA", b"554 5.5.1 no one")
        peer.answer(b"RSET", b"250 ok")
        peer.answer(PLAIN, b"235 welcome")
        peer.delivery()
        peer.quit()

    connection = connect.opened(dialogue)
    connection.start_send().fails("EENVELOPE")
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_send().succeeds()
    connection.start_quit().succeeds()


def test_under_tls(connect: Opener, certificates: Certificates) -> None:
    dialogue = script(
        secures(certificates.good, b"AUTH PLAIN"), (PLAIN, b"235 welcome"), (b"QUIT", b"221 bye")
    )
    connection = connect.opened(dialogue)
    connection.start_login(USER, PASSWORD).succeeds()
    connection.start_quit().succeeds()
