"""Logging in with user name and password, and being refused. The dialogues of the mechanisms
are in Tests/transcripts/login.txt."""

from __future__ import annotations

import base64

import pytest

from conftest import Opener
from support.credentials import Mechanism, Tokens
from support.drive import Connection, RefusedError
from support.logins import PASSWORD, PLAIN, RESPONSE, USER, WELCOME, is_refused, logs_in, offered
from support.outcomes import NOT_TRIED, RETRY_NO, RETRY_SAFE, Failure
from support.sasl import b64, plain
from support.script import Step, greets, says, script
from support.scripted import Peer

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


def test_utf8_credentials(connect: Opener) -> None:
    exchange = (plain("zoë", "pässwört"), WELCOME)
    logs_in(offered(connect, b"AUTH PLAIN", exchange), "zoë", "pässwört")


# --- which mechanism --------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "wanted", "used"),
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
def test_choice(connect: Opener, offer: bytes, wanted: str | None, used: bytes) -> None:
    exchange: list[Step] = [(PLAIN, WELCOME)] if used == b"PLAIN" else LOGIN
    logs_in(offered(connect, offer, *exchange, auth_method=wanted))


@pytest.mark.parametrize(
    ("offer", "wanted"),
    [
        (b"X", None),
        (b"AUTH", None),
        (b"AUTH XOAUTH2 GSSAPI", None),
        (b"AUTH PLAIN-CLIENTTOKEN XPLAIN", None),
        (b"AUTH LOGIN", "PLAIN"),
        (b"X-AUTH PLAIN", None),
    ],
)
def test_no_usable_mechanism(connect: Opener, offer: bytes, wanted: str | None) -> None:
    """Nothing is sent."""
    assert is_refused(offered(connect, offer, auth_method=wanted)).response is None


@pytest.mark.parametrize("offer", [b"AUTH=LOGIN PLAIN", b"auth=LOGIN PLAIN", b"AUTH =LOGIN PLAIN"])
def test_the_older_form_of_auth(connect: Opener, offer: bytes) -> None:
    """It is asked about as what it is used for."""
    connection = offered(connect, offer)
    assert connection.capability("AUTH") == (True, "LOGIN PLAIN")
    assert connection.capability("AUTH=LOGIN") == (False, None)
    connection.start_quit().succeeds()


# --- the initial response ---------------------------------------------------


@pytest.mark.parametrize(
    ("forced", "offer", "exchange"),
    [
        (0, b"AUTH PLAIN", [(b"AUTH PLAIN", b"334 go ahead"), (RESPONSE, WELCOME)]),
        (1, b"AUTH LOGIN", [(b"AUTH LOGIN " + b64(USER), b"334 "), (b64(PASSWORD), WELCOME)]),
        # CRAM-MD5 has none that could be forced.
        (
            1,
            b"AUTH CRAM-MD5",
            [(b"AUTH CRAM-MD5", b"334 PDFAdGVzdC5sb2NhbD4"), Peer.line, says(WELCOME)],
        ),
    ],
)
def test_initial_response(connect: Opener, forced: int, offer: bytes, exchange: list[Step]) -> None:
    logs_in(offered(connect, offer, *exchange, initial_response=forced))


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
    connection = offered(connect, b"AUTH PLAIN", (PLAIN, reply), (PLAIN, WELCOME))
    failure = connection.start_login(USER, PASSWORD).fails("EAUTH")
    assert (failure.command, failure.retry) == ("AUTH PLAIN", retry)
    assert failure.response == reply.decode()
    assert PASSWORD not in failure.message
    logs_in(connection)


@pytest.mark.parametrize(
    "exchange",
    [[(b"AUTH LOGIN", WELCOME)], [(b"AUTH LOGIN", b"334 "), (b64(USER), WELCOME)]],
)
def test_success_before_the_password(connect: Opener, exchange: list[Step]) -> None:
    """A 235 in the middle of LOGIN is no login."""
    is_refused(offered(connect, b"AUTH LOGIN", *exchange))


@pytest.mark.parametrize(
    ("offer", "exchange"),
    [
        (b"AUTH PLAIN", [(PLAIN, b"334 "), (RESPONSE, b"334 ")]),
        (b"AUTH LOGIN", [*LOGIN[:2], (b64(PASSWORD), b"334 ")]),
    ],
)
def test_endless_challenges(connect: Opener, offer: bytes, exchange: list[Step]) -> None:
    is_refused(offered(connect, offer, *exchange, (b"*", b"501 5.0.0 cancelled")))


@pytest.mark.parametrize("code", [b"504 5.5.4", b"534 5.7.9", b"538 5.7.11"])
def test_the_next_mechanism(connect: Opener, code: bytes) -> None:
    """The refusal is about the mechanism, not about the password."""
    logs_in(offered(connect, b"AUTH PLAIN LOGIN", (PLAIN, code + b" not this one"), *LOGIN))


def test_the_first_reason_stays(connect: Opener) -> None:
    exchange: list[Step] = [
        (PLAIN, b"534 5.7.9 application-specific password required"),
        (b"AUTH LOGIN", b"504 5.5.4 unknown"),
    ]
    failure = is_refused(offered(connect, b"AUTH PLAIN LOGIN", *exchange))
    assert (failure.response_code, failure.command) == (504, "AUTH LOGIN")
    assert "application-specific password required" in failure.message
    assert "AUTH PLAIN" in failure.message


def test_refusal_as_text(connect: Opener) -> None:
    """XOAUTH2: the server's reason is in the error whether it is base64 or not."""
    exchange: list[Step] = [
        (b"AUTH XOAUTH2 ", b"334 token is out of date"),
        (b"", b"535 5.7.8 no"),
    ]
    connection = offered(connect, b"AUTH XOAUTH2", *exchange)
    failure = is_refused(connection, password=None, access_token="ya29.x")
    assert "token is out of date" in failure.message
    assert failure.response == "535 5.7.8 no"


def test_challenge_that_is_not_base64(connect: Opener) -> None:
    """CRAM-MD5 has to know it."""
    exchange: list[Step] = [(b"AUTH CRAM-MD5", b"334 !!! not !!!"), (b"*", b"501 cancelled")]
    failure = is_refused(offered(connect, b"AUTH CRAM-MD5", *exchange))
    assert "not base64" in failure.message


def test_what_waits_for_a_failed_login(connect: Opener) -> None:
    """It is not sent without it. The next login is, and what waits for that one, in order;
    and what is started afterwards is the caller's decision."""
    connection = connect(
        script(
            greets(b"AUTH PLAIN"),
            (PLAIN, b"535 5.7.8 no"),
            Peer.delivery,
            (PLAIN, b"535 5.7.8 no"),
            (PLAIN, b"235 yes"),
            Peer.delivery,
            Peer.quit,
        )
    )
    drive = connection.drive
    with drive.held():
        connection.start_connect()
        login = connection.start_login(USER, PASSWORD)
        waiting = [connection.start_send(), connection.start_send()]
    login.fails("EAUTH")
    for sending in waiting:
        sending.fails("EAUTH")
        assert sending.result().statuses == [NOT_TRIED]
    connection.start_send().succeeds()
    with drive.held():
        login = connection.start_login(USER, PASSWORD)
        waits = connection.start_send()
        again = connection.start_login(USER, PASSWORD)
        last = connection.start_send()
    login.fails("EAUTH")
    waits.fails("EAUTH")
    again.succeeds()
    last.succeeds()
    ended = [drive.order.index(f"done {each.tag}") for each in (login, waits, again, last)]
    assert ended == sorted(ended)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("pipelining", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
def test_after_a_failed_transaction(connect: Opener, pipelining: tuple[bytes, ...]) -> None:
    """AUTH is not allowed in a mail transaction (RFC 4954 section 4), and one that
    failed may still be open."""
    data: list[Step] = [(b"DATA", b"554 5.5.1 no one")] if pipelining else []
    connection = connect.opened(
        script(
            greets(b"AUTH PLAIN", *pipelining),
            (b"MAIL FROM:", b"250 ok"),
            (b"RCPT TO:", b"550 5.1.1 no one"),
            *data,
            (b"RSET", b"250 ok"),
            (PLAIN, WELCOME),
            Peer.delivery,
            Peer.quit,
        )
    )
    connection.start_send().fails("EENVELOPE")
    connection.start_login(USER, PASSWORD).succeeds()
    connection.delivers()


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
        (None, None, Tokens(access_token="t"), "password"),
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


def test_twice(connect: Opener) -> None:
    """RFC 4954 section 4: no AUTH after a successful one."""
    connection = offered(connect, b"AUTH PLAIN", (PLAIN, WELCOME))
    connection.start_login(USER, PASSWORD).succeeds()
    failure = connection.start_login(USER, PASSWORD).wait().error
    assert failure is not None
    assert failure.name in ("EAUTH", "ESTATE")
    assert connection.info()["authenticated"] == 1
    connection.start_quit().succeeds()


# --- EHLO once more ---------------------------------------------------------


def test_hello_after_login(connect: Opener) -> None:
    """What is offered then counts: for the caller, and for the next message."""
    dialogue = script(
        greets(b"AUTH PLAIN", b"8BITMIME"),
        (PLAIN, b"235 welcome"),
        (b"EHLO client.test", b"250-test.local", b"250-DSN", b"250 SIZE 100"),
        (b"MAIL FROM:<a@example.com> SIZE=20 RET=HDRS", b"550 no"),
        Peer.quit,
    )
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


@pytest.mark.parametrize("is_welcome", [True, False])
def test_no_other_hello(connect: Opener, is_welcome: bool) -> None:
    """One that is refused changes nothing: the login is what it was, and so is what is offered.
    And there is none after a login that failed."""
    refused: Step = (b"EHLO client.test", b"503 5.5.1 said already")
    exchange: list[Step] = [(PLAIN, WELCOME), refused] if is_welcome else [(PLAIN, b"535 5.7.8 no")]
    dialogue = script(greets(b"AUTH PLAIN", b"DSN"), *exchange, Peer.delivery, Peer.quit)
    connection = connect.opened(dialogue, hello_after_login=1)
    done = connection.start_login(USER, PASSWORD).wait()
    assert (done.error is None) == is_welcome
    assert connection.capability("DSN") == (True, "")
    connection.delivers()
