"""OAUTHBEARER, EXTERNAL and ANONYMOUS with the library: who is named, what is tried next, and
servers that misbehave. The dialogues themselves are in Tests/transcripts/login.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Opener
from support.drive.connection import Connection
from support.drive.outcomes import RETRY_NO
from support.logins.logins import PASSWORD, USER, WELCOME, is_refused, logs_in, offered
from support.logins.sasl import b64, oauthbearer, plain, xoauth2
from support.logins.tokenlogins import providing
from support.servers.certificates import Certificates
from support.servers.relay import relayed
from support.servers.script import Step, greets, script, secures
from support.servers.scripted import Dialogue, Peer

TOKEN = "ya29.s3cr3t-Acc3ss-T0k3n"
INVALID = '{"status":"invalid_token","scope":"mail"}'


class Bearers:
    """A server for OAUTHBEARER, whose port is part of what it is sent."""

    def __init__(
        self, connect: Opener, offer: bytes = b"AUTH OAUTHBEARER", end: Dialogue = Peer.quit
    ) -> None:
        self._offer, self._end = offer, end
        self._steps: list[Step] = []
        self.server = connect.server(self._converse)

    def _converse(self, peer: Peer) -> None:
        script(greets(self._offer), *self._steps, self._end)(peer)

    def then(self, *steps: Step) -> Bearers:
        self._steps += steps
        return self

    def given(self, token: str, *reply: bytes, identity: str = USER) -> Bearers:
        return self.then((oauthbearer(identity, token, self.server.port), *reply))

    def explains(self, token: str, text: str = INVALID) -> Bearers:
        """Refuses as RFC 7628 section 3.2.3 has it."""
        return self.given(token, b"334 " + b64(text)).then((b"AQ==", b"535 5.7.8 no"))


def log_in(connection: Connection, token: str = TOKEN) -> None:
    logs_in(connection, password=None, access_token=token)


# --- OAUTHBEARER -----------------------------------------------------------------------


def test_the_server_is_named(connect: Opener) -> None:
    """As the caller has named it (RFC 7628 section 3.1)."""
    bearers = Bearers(connect).given(TOKEN, WELCOME)
    log_in(connect.opened(bearers.server))


def test_who_to_act_as(connect: Opener) -> None:
    bearers = Bearers(connect).given(TOKEN, WELCOME, identity="a=2Cb")
    logs_in(
        connect.opened(bearers.server),
        password=None,
        access_token=TOKEN,
        authorization_identity="a,b",
    )


def test_before_xoauth2_and_passwords(connect: Opener) -> None:
    offer = b"AUTH LOGIN PLAIN XOAUTH2 OAUTHBEARER"
    bearers = Bearers(connect, offer).given(TOKEN, WELCOME)
    logs_in(connect.opened(bearers.server), access_token=TOKEN)


def test_refused_and_explained(connect: Opener) -> None:
    bearers = Bearers(connect).explains(TOKEN)
    failure = is_refused(connect.opened(bearers.server), password=None, access_token=TOKEN)
    assert failure.command == "AUTH OAUTHBEARER"
    assert failure.retry == RETRY_NO
    assert failure.message == (
        "the server refused the login: 535 5.7.8 no (status invalid_token, scope mail); "
        "tried: OAUTHBEARER; offered: OAUTHBEARER"
    )


@pytest.mark.parametrize("refuses", [True, False])
def test_a_challenge_that_repeats_the_token(connect: Opener, refuses: bool) -> None:
    """As the client has sent it, in base64, where the explanation should be."""
    said = xoauth2(USER, TOKEN)

    def repeats(peer: Peer) -> None:
        peer.greet(b"AUTH XOAUTH2")
        peer.answer(said, b"334 " + said)
        peer.expect(b"")
        if refuses:
            peer.reply(b"535 5.7.8 no")

    connection = connect.opened(repeats)
    failure = connection.start_login(USER, access_token=TOKEN).fails("EAUTH")
    connection.wait_end()
    shown = f"{failure.message} {failure.response} {connection.info()['last_response']}"
    assert "(********)" in failure.message
    assert said.split()[-1].decode() not in shown


@pytest.mark.parametrize("explained", [True, False])
def test_renewed_once(connect: Opener, explained: bool) -> None:
    bearers = Bearers(connect)
    for token in ("first", "second"):
        if explained:
            bearers.explains(token)
        else:
            bearers.given(token, b"535 5.7.8 no")
    asked = providing(connect, "first", "second")
    connection = connect.opened(bearers.server)
    failure = connection.start_login(USER, ask=asked).fails("EAUTH")
    assert failure.command == "AUTH OAUTHBEARER"
    assert asked.asked == [False, True]
    connection.start_quit().succeeds()


def test_renewed_and_accepted(connect: Opener) -> None:
    bearers = Bearers(connect).explains("first").given("second", WELCOME)
    connection = connect.opened(bearers.server)
    asked = providing(connect, "first", "second")
    connection.start_login(USER, ask=asked).succeeds()
    connection.start_quit().succeeds()


def test_the_same_token_with_the_next_mechanism(connect: Opener) -> None:
    """Nobody is asked for another one: it was not the token that was refused."""
    bearers = Bearers(connect, b"AUTH OAUTHBEARER XOAUTH2")
    bearers.given("only", b"504 5.5.4 not here").then((xoauth2(USER, "only"), WELCOME))
    connection = connect.opened(bearers.server)
    asked = providing(connect, "only")
    connection.start_login(USER, ask=asked).succeeds()
    assert asked.asked == [False]
    connection.start_quit().succeeds()


def test_a_refused_token_is_not_sent_with_the_next_mechanism(connect: Opener) -> None:
    bearers = Bearers(connect, b"AUTH OAUTHBEARER XOAUTH2").explains(TOKEN)
    failure = is_refused(connect.opened(bearers.server), password=None, access_token=TOKEN)
    assert failure.message.endswith("lock the account: XOAUTH2")


@pytest.mark.parametrize("initial_response", [0, -1])
def test_long_token_after_the_first_challenge(connect: Opener, initial_response: int) -> None:
    """RFC 4954 section 4: the command line has 512 octets."""
    token = TOKEN if initial_response == 0 else "t" * 2000
    bearers = Bearers(connect)
    response = oauthbearer(USER, token, bearers.server.port).rsplit(b" ", 1)[1]
    bearers.then((b"AUTH OAUTHBEARER", b"334 "), (response, WELCOME))
    log_in(connect.opened(bearers.server, initial_response=initial_response), token)


@pytest.mark.parametrize("host", [None, "mail.example"])
def test_without_a_port(connect: Opener, tmp_path: Path, host: str | None) -> None:
    """A socket of the file system has no port, and its server may have no name."""
    named = "" if host is None else f"host={host}\1"
    message = f"n,a={USER},\1{named}auth=Bearer {TOKEN}\1\1"
    exchange = (b"AUTH OAUTHBEARER " + b64(message), WELCOME)
    server = connect.server(script(greets(b"AUTH OAUTHBEARER"), exchange, Peer.quit))
    path = tmp_path / "socket"
    with relayed(path, server):
        log_in(connect.opened(server, socket_path=path, host=host))


# --- servers that misbehave -----------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        '{"status":',
        '{"status":"' + "x" * 5000 + '"}',
        "[" * 5000,
        '{"scope":"' + "a\\u000d\\u000aQUIT" * 200 + '"}',
        f'{{"status":"you sent {TOKEN}"}}',
    ],
)
def test_any_error_is_answered(connect: Opener, text: str) -> None:
    """What is shown of it is bounded, on one line, and without the token."""
    bearers = Bearers(connect).explains(TOKEN, text)
    failure = is_refused(connect.opened(bearers.server), password=None, access_token=TOKEN)
    assert len(failure.message) < 700
    assert failure.message.isprintable()
    assert TOKEN not in failure.message


def test_error_longer_than_a_line(connect: Opener) -> None:
    def floods(peer: Peer) -> None:
        peer.reply(b"334 " + b"x" * 9000)
        peer.until_closed()

    bearers = Bearers(connect, end=floods).given(TOKEN)
    connection = connect.opened(bearers.server)
    failure = connection.start_login(USER, access_token=TOKEN).fails("EPROTOCOL")
    assert len(failure.message) < 700
    connection.wait_end()


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "EXTERNAL", "ANONYMOUS", "PLAIN"])
def test_challenges_without_end(connect: Opener, mechanism: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"AUTH " + mechanism.encode())
        peer.expect(b"AUTH " + mechanism.encode() + b" ")
        peer.reply(b"334 e30=")
        while not peer.line().startswith(b"*"):
            peer.reply(b"334 e30=")
        peer.reply(b"334 e30=")
        peer.until_closed()

    connection = connect.opened(dialogue, auth_method=mechanism)
    login = connection.start_login(USER, PASSWORD, access_token=TOKEN)
    failure = login.fails("EAUTH")
    assert failure.command == f"AUTH {mechanism}"
    connection.wait_end()


@pytest.mark.parametrize("secret", ["password", "token"])
def test_a_list_that_changes_under_tls(
    connect: Opener, certificates: Certificates, secret: str
) -> None:
    """What was offered in the clear is forgotten (RFC 3207 section 4.2): an attacker may have
    written it."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"STARTTLS", b"AUTH CRAM-MD5 OAUTHBEARER EXTERNAL")
        peer.answer(b"STARTTLS", b"220 go")
        peer.start_tls(certificates.good)
        peer.ehlo(b"AUTH LOGIN PLAIN XOAUTH2")
        if secret == "token":
            peer.answer(xoauth2(USER, TOKEN), WELCOME)
        else:
            peer.answer(plain(USER, PASSWORD), WELCOME)
        peer.quit()

    connection = connect.opened(dialogue, host="localhost", require_tls=1)
    if secret == "token":
        log_in(connection)
    else:
        logs_in(connection)


# --- EXTERNAL --------------------------------------------------------------------------


def external(identity: str) -> bytes:
    return b"AUTH EXTERNAL " + (b64(identity) or b"=")


def with_certificate(certificates: Certificates) -> dict[str, Path]:
    mine = certificates.name_only
    return {"tls_certificate_file": mine.certificate, "tls_key_file": mine.key}


@pytest.mark.parametrize(
    ("user", "act_as", "named"),
    [(None, None, ""), (USER, None, USER), (USER, "shared", "shared"), (None, "shared", "shared")],
)
def test_external_names(connect: Opener, user: str | None, act_as: str | None, named: str) -> None:
    """The user, so that nobody else is logged in; else the server decides (RFC 4422 appendix
    A.1)."""
    connection = offered(
        connect, b"AUTH PLAIN EXTERNAL", (external(named), WELCOME), auth_method="external"
    )
    logs_in(connection, user, None, authorization_identity=act_as)


def test_external_with_a_certificate(connect: Opener, certificates: Certificates) -> None:
    """Before everything else, and not without one."""

    def dialogue(then: Step) -> Dialogue:
        offer = b"AUTH PLAIN EXTERNAL"
        return script(secures(certificates.good, offer), then, Peer.quit)

    good = dialogue((external(USER), WELCOME))
    options = {"host": "localhost", "require_tls": 1}
    logs_in(connect.opened(good, **options, **with_certificate(certificates)))  # type: ignore[arg-type]
    none = dialogue((plain(USER, PASSWORD), WELCOME))
    logs_in(connect.opened(none, **options))  # type: ignore[arg-type]


def test_a_password_after_a_refused_certificate(
    connect: Opener, certificates: Certificates
) -> None:
    exchange: list[Step] = [
        (external(USER), b"535 5.7.8 not you"),
        (plain(USER, PASSWORD), WELCOME),
    ]
    logs_in(offered(connect, b"AUTH PLAIN EXTERNAL", *exchange, **with_certificate(certificates)))


@pytest.mark.parametrize("mechanism", ["EXTERNAL", "ANONYMOUS"])
def test_held_back_it_is_an_empty_line(connect: Opener, mechanism: str) -> None:
    """`=` is for the command alone (RFC 4954 section 4)."""
    exchange: list[Step] = [(b"AUTH " + mechanism.encode(), b"334 "), (b"", WELCOME)]
    connection = offered(
        connect, b"AUTH " + mechanism.encode(), *exchange, auth_method=mechanism, initial_response=0
    )
    logs_in(connection, None, None)


# --- ANONYMOUS -------------------------------------------------------------------------


@pytest.mark.parametrize("trace", [None, "sirhc", "ann@example.com", "ö" * 255])
def test_anonymous(connect: Opener, trace: str | None) -> None:
    response = b64(trace or "") or b"="
    line = b"AUTH ANONYMOUS " + response
    exchange: list[Step] = [(line, WELCOME)]
    if len(line) > 510:
        exchange = [(b"AUTH ANONYMOUS", b"334 "), (response, WELCOME)]
    connection = offered(connect, b"AUTH PLAIN ANONYMOUS", *exchange, auth_method="ANONYMOUS")
    logs_in(connection, trace, None)


def test_a_trace_that_is_too_long(connect: Opener) -> None:
    """The next mechanism may do."""
    user = "a" * 256
    exchange = (plain(user, PASSWORD), WELCOME)
    offer = b"AUTH PLAIN ANONYMOUS"
    logs_in(offered(connect, offer, exchange, auth_method="ANONYMOUS PLAIN"), user)
    connection = offered(connect, offer, auth_method="ANONYMOUS")
    assert "255 characters" in is_refused(connection, user, None).message


def test_never_anonymous_by_itself(connect: Opener) -> None:
    connection = offered(connect, b"AUTH ANONYMOUS")
    assert "ANONYMOUS" in is_refused(connection).message
