"""Mechanisms, tokens, and mechanisms of one's own."""

from __future__ import annotations

import gc
import logging
import threading
import time
import weakref
from typing import Any

import pytest

import smtpconn
from endpoint import Endpoint
from logins import b64, hello, open_to, xoauth2
from scripted_server import LIMIT, QUIT, ScriptedServer
from smtpconn import _driver, _hooks
from smtpconn._library import lib


def test_cram_md5(server: ScriptedServer) -> None:
    # RFC 2195 section 2.
    challenge = b64("<1896.697170952@postoffice.reston.mci.net>")
    answer = b64("tim b913a602c7eda7a495b4e6e7334d3890")
    script = f"C: AUTH CRAM-MD5\nS: 334 {challenge}\nC: {answer}\nS: 235 ok"
    server.play(hello("CRAM-MD5"), script, QUIT)
    with open_to(server) as connection:
        connection.login("tim", "tanstaaftanstaaf")
        assert connection.is_authenticated


def plain(user: str, password: str, identity: str = "") -> str:
    return b64(f"{identity}\0{user}\0{password}")


def test_authorization_identity(server: ScriptedServer) -> None:
    answer = plain("user", "password", "shared")
    server.play(hello("LOGIN PLAIN"), f"C: AUTH PLAIN {answer}\nS: 235 ok", QUIT)
    with open_to(server) as connection:
        with pytest.raises(smtpconn.AuthError, match="authorization_identity"):
            connection.login("user", access_token="t", authorization_identity="shared")
        connection.login("user", "password", authorization_identity="shared")
        assert connection.is_authenticated


def test_no_initial_response(server: ScriptedServer) -> None:
    answer = plain("user", "password")
    asked = f"C: AUTH PLAIN\nS: 334 go ahead\nC: {answer}\nS: 235 ok"
    server.play(hello("PLAIN"), asked, QUIT)
    with open_to(server, initial_response=False) as connection:
        connection.login("user", "password")
        assert connection.is_authenticated


def test_hello_after_login(server: ScriptedServer) -> None:
    answer = plain("user", "password")
    again = f"C: AUTH PLAIN {answer}\nS: 235 ok\nC: EHLO *\nS: 250-test\nS: 250 DSN"
    server.play(hello("PLAIN"), again, QUIT)
    with open_to(server, hello_after_login=True) as connection:
        assert not connection.has_capability("DSN")
        connection.login("user", "password")
        assert connection.capabilities == {"DSN": ""}


def test_the_older_form_of_auth(server: ScriptedServer) -> None:
    server.play(hello("PLAIN").replace("AUTH PLAIN", "AUTH=LOGIN PLAIN"), QUIT)
    with open_to(server) as connection:
        assert connection.has_capability("AUTH")
        assert connection.capabilities["AUTH"] == "LOGIN PLAIN"
        assert "AUTH=LOGIN" not in connection.capabilities


def test_access_token(server: ScriptedServer) -> None:
    server.play(hello("PLAIN XOAUTH2"), xoauth2("ya29", good=True), QUIT)
    with open_to(server) as connection:
        connection.login("user", access_token="ya29", expires=time.time() + 100)
        assert connection.is_authenticated


def test_refused_access_token(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), xoauth2("old", good=False), QUIT)
    with open_to(server) as connection:
        with pytest.raises(smtpconn.AuthError) as caught:
            connection.login("user", access_token="old")
        assert connection.is_open
    assert "(status 401, scope https://mail.google.com/)" in caught.value.message
    assert caught.value.response_code == 535


def test_token_function(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), xoauth2("first", good=False), xoauth2("second", good=True), QUIT)
    asked = []

    def token(renew: bool) -> tuple[str, float | None] | str:
        asked.append(renew)
        return ("second", time.time() + 3600) if renew else "first"

    with open_to(server) as connection:
        connection.login("user", token=token)
        assert connection.is_authenticated
    assert asked == [False, True]


def test_expired_token_is_renewed(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), xoauth2("new", good=True), QUIT)
    with open_to(server) as connection:
        connection.login("user", access_token="old", expires=1000, token=lambda _renew: "new")


def test_only_one_renewal(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), xoauth2("x", good=False), xoauth2("x", good=False), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.AuthError, match="401"):
        connection.login("user", token=lambda _renew: "x")


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (lambda _renew: 1 // 0, ZeroDivisionError),
        (lambda _renew: None, TypeError),
        (lambda _renew: ("x", "soon"), TypeError),
        (lambda _renew: ("x", -1), smtpconn.AuthError),
        (lambda _renew: "", smtpconn.AuthError),
        (lambda _renew: "a\0", smtpconn.AuthError),
        (lambda _renew: "a\r\n", smtpconn.AuthError),
    ],
)
def test_token_function_that_fails(
    token: Any, error: type[Exception], server: ScriptedServer
) -> None:
    server.play(hello("XOAUTH2"), xoauth2("good", good=True), QUIT)
    with open_to(server) as connection:
        with pytest.raises(error) as caught:
            connection.login("user", token=token)
        assert isinstance(caught.value.__context__, smtpconn.OAuth2Error)
        connection.login("user", access_token="good")


def test_bad_arguments(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), QUIT)
    with open_to(server) as connection:
        with pytest.raises(smtpconn.AuthError, match="access_url") as caught:
            connection.login("user", refresh_token="x", access_url="http://a:b@example.org/")
        assert "a:b" not in caught.value.message
        assert (caught.value.command, caught.value.phase) == ("API", "auth")
        with pytest.raises(TypeError, match="token"):
            connection.login("user", token="x")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="expires"):
            connection.login("user", access_token="x", expires="x")  # type: ignore[arg-type]
        with pytest.raises(smtpconn.AuthError, match="access_token"):
            connection.login("user", access_token="x\0")


def test_refresh_token(server: ScriptedServer, endpoint: Endpoint) -> None:
    server.play(hello("XOAUTH2"), xoauth2("fresh", good=True), QUIT)
    given: list[tuple[smtpconn.Connection, str, int | None]] = []
    with open_to(server, on_token=lambda *news: given.append(news)) as connection:
        connection.login(
            "user",
            refresh_token="1//r",
            client_id="id",
            client_secret="se+cret",
            scope="mail",
            access_url=endpoint.url,
        )
        ((teller, token, expires),) = given
        assert teller is connection
    assert token == "fresh"
    assert expires is not None
    assert abs(expires - time.time() - 3600) < 60
    assert endpoint.requests == [
        {
            "grant_type": ["refresh_token"],
            "refresh_token": ["1//r"],
            "client_id": ["id"],
            "client_secret": ["se+cret"],
            "scope": ["mail"],
        }
    ]


def test_endpoint_that_refuses(server: ScriptedServer, endpoint: Endpoint) -> None:
    server.play(hello("XOAUTH2"), QUIT)
    endpoint.status = 400
    endpoint.answer = {"error": "invalid_grant", "error_description": "Token was revoked."}
    with open_to(server) as connection:
        with pytest.raises(smtpconn.OAuth2Error, match="invalid_grant"):
            connection.login("user", refresh_token="x", client_id="id", access_url=endpoint.url)
        assert connection.is_open


def test_service_account_with_a_bad_key(server: ScriptedServer, endpoint: Endpoint) -> None:
    server.play(hello("XOAUTH2"), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.OAuth2Error, match="key"):
        connection.login(
            "user", service_client="s@example.org", private_key="none", access_url=endpoint.url
        )
    assert not endpoint.requests


def test_handler_of_tokens_that_fails(
    server: ScriptedServer, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(hello("XOAUTH2"), xoauth2("fresh", good=True), QUIT)

    def refuse(*_news: object) -> None:
        raise LookupError("nowhere to keep it")

    with open_to(server, on_token=refuse) as connection:
        connection.login("user", refresh_token="x", client_id="id", access_url=endpoint.url)
        assert connection.is_authenticated
    assert "LookupError: nowhere to keep it" in caplog.text


def test_a_callback_gets_the_cause(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(hello("XOAUTH2"), QUIT)
    connection = open_to(server, loop=loop)
    connection.start_connect()
    errors: list[Any] = []
    connection.start_login("user", None, errors.append, token=lambda _renew: str(1 // 0))
    connection.start_quit()
    loop.run()
    (error,) = errors
    assert isinstance(error, smtpconn.OAuth2Error)
    assert isinstance(error.__cause__, ZeroDivisionError)


# Mechanisms of one's own

CUSTOM = f"C: AUTH MINE\nS: 334 {b64('one')}\nC: {b64('1')}\nS: 334 \nC: {b64('2')}\nS: 235 ok"


def test_custom_mechanism(server: ScriptedServer) -> None:
    server.play(hello("MINE"), CUSTOM, QUIT)
    seen: list[tuple[smtpconn.Exchange, bytes | None]] = []

    def mine(exchange: smtpconn.Exchange, challenge: bytes | None) -> bytes | None:
        seen.append((exchange, challenge))
        return {None: None, b"one": b"1", b"": b"2"}[challenge]

    with open_to(server, auth_method="mine", custom_mechanisms={"MINE": mine}) as connection:
        connection.login("user", "password")
        assert connection.is_authenticated
        assert seen[0][0].connection is connection
        with pytest.raises(smtpconn.StateError):
            seen[0][0].respond(b"too late")
    assert [challenge for _, challenge in seen] == [None, b"one", b""]
    assert len({id(exchange) for exchange, _ in seen}) == 1
    assert seen[0][0].mechanism == "MINE"


@pytest.mark.parametrize(("initial", "sent"), [(b"hello", b64("hello")), (b"", "=")])
def test_initial_response(initial: bytes, sent: str, server: ScriptedServer) -> None:
    server.play(hello("MINE"), f"C: AUTH MINE {sent}\nS: 235 ok", QUIT)
    mechanisms = {"MINE": lambda _exchange, _challenge: initial}
    with open_to(server, auth_method="MINE", custom_mechanisms=mechanisms) as connection:
        connection.login("user", "password")


@pytest.mark.parametrize("wrong", [lambda: 1 // 0, lambda: "text"])
@pytest.mark.parametrize("at_once", [True, False])
def test_custom_mechanism_that_fails(wrong: Any, at_once: bool, server: ScriptedServer) -> None:
    begin = "" if at_once else f"C: AUTH MINE\nS: 334 {b64('one')}\nC: [*]\nS: 501 cancelled"
    server.play(hello("MINE"), begin, QUIT)

    def mine(_exchange: smtpconn.Exchange, challenge: bytes | None) -> Any:
        return wrong() if at_once or challenge is not None else None

    with open_to(server, auth_method="MINE", custom_mechanisms={"MINE": mine}) as connection:
        with pytest.raises((ZeroDivisionError, TypeError)) as caught:
            connection.login("user", "password")
        assert isinstance(caught.value.__context__, smtpconn.AuthError)
        assert connection.is_open


def test_exchange_that_answers_later(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(hello("MINE"), CUSTOM, QUIT)
    waiting: list[smtpconn.Exchange] = []

    def mine(exchange: smtpconn.Exchange, challenge: bytes | None) -> None:
        if challenge is not None:
            waiting.append(exchange)

    mechanisms = {"MINE": mine}
    connection = open_to(server, auth_method="MINE", custom_mechanisms=mechanisms, loop=loop)
    connection.start_connect()
    errors: list[Exception | None] = []
    connection.start_login("user", "password", errors.append)
    for answer in (b"1", b"2"):
        while not waiting:
            loop.run_once()
        waiting.pop().respond(answer)
    connection.start_quit()
    loop.run()
    assert errors == [None]


def test_exchange_of_a_login_whose_end_is_not_reported_yet(
    server: ScriptedServer, loop: smtpconn.Loop
) -> None:
    """The lines of the log that led to it come first."""
    server.play(hello("MINE"), f"C: AUTH MINE\nS: 334 {b64('one')}\nS: 421 4.3.2 bye\nE:")
    waiting: list[smtpconn.Exchange] = []
    refused: list[str] = []

    class Answering(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "421" in record.getMessage():
                with pytest.raises(smtpconn.StateError, match="the login is over") as caught:
                    waiting[-1].respond(b"late")
                refused.append(str(caught.value))

    logger = logging.Logger("answering", logging.DEBUG)
    logger.addHandler(Answering())
    connection = open_to(
        server,
        auth_method="MINE",
        custom_mechanisms={"MINE": lambda exchange, _challenge: waiting.append(exchange)},
        loop=loop,
        logger=logger,
    )
    connection.start_connect()
    errors: list[Any] = []
    connection.start_login("user", "password", errors.append)
    loop.run()
    assert refused
    assert isinstance(errors[0], smtpconn.SMTPConnError)


def test_another_thread_answers_a_login_whose_end_nobody_has_fetched(
    server: ScriptedServer, loop: smtpconn.Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library has forgotten the exchange when its call returns."""
    server.play(hello("MINE"), f"C: AUTH MINE\nS: 334 {b64('one')}\nS: 421 4.3.2 bye\nE:")
    waiting: list[smtpconn.Exchange] = []
    refused: list[object] = []
    stopped = threading.Event()
    threads: list[threading.Thread] = []

    def answer() -> None:
        try:
            waiting[-1].respond(b"late")
        except smtpconn.StateError as error:
            refused.append(error)
        stopped.set()

    class Library:
        def __getattr__(self, name: str) -> Any:
            return getattr(lib, name)

        def smtpconn_loop_dispatch(self, handle: Any) -> Any:
            status = lib.smtpconn_loop_dispatch(handle)
            if waiting and not threads and not lib.smtpconn_is_open(connection._handle):
                threads.append(threading.Thread(target=answer))
                threads[0].start()
                assert stopped.wait(LIMIT)
            return status

        def smtpconn_exchange_respond(self, *_arguments: object) -> int:
            raise AssertionError("an exchange that is no more")

    monkeypatch.setattr(_driver, "lib", Library())
    monkeypatch.setattr(_hooks, "lib", Library())
    monkeypatch.setattr(time, "sleep", lambda _seconds: stopped.set())
    connection = open_to(
        server,
        auth_method="MINE",
        custom_mechanisms={"MINE": lambda exchange, _challenge: waiting.append(exchange)},
        loop=loop,
    )
    connection.start_connect()
    connection.start_login("user", "password", lambda _error: None)
    loop.run()
    threads[0].join(LIMIT)
    assert len(refused) == 1


def test_another_thread_answers_for_the_function_that_is_asked(server: ScriptedServer) -> None:
    server.play(hello("MINE"), CUSTOM, QUIT)

    def mine(exchange: smtpconn.Exchange, challenge: bytes | None) -> None:
        if challenge is not None:
            answer = b"1" if challenge else b"2"
            other = threading.Thread(target=exchange.respond, args=(answer,))
            other.start()
            other.join(LIMIT)
            assert not other.is_alive()

    with open_to(server, auth_method="mine", custom_mechanisms={"MINE": mine}) as connection:
        connection.login("user", "password")


def test_exchange_that_fails_later(server: ScriptedServer, loop: smtpconn.Loop) -> None:
    server.play(hello("MINE"), f"C: AUTH MINE\nS: 334 {b64('one')}\nC: [*]\nS: 501 no", QUIT)
    waiting: list[smtpconn.Exchange] = []
    connection = open_to(
        server,
        auth_method="MINE",
        custom_mechanisms={"MINE": lambda exchange, _challenge: waiting.append(exchange)},
        loop=loop,
    )
    connection.start_connect()
    errors: list[Any] = []
    connection.start_login("user", "password", errors.append)
    while len(waiting) < 2:
        loop.run_once()
    waiting[0].fail("no card in the reader")
    connection.start_quit()
    loop.run()
    (error,) = errors
    assert isinstance(error, smtpconn.AuthError)
    assert "no card in the reader" in error.message


@pytest.mark.parametrize(
    ("mechanisms", "error"),
    [
        ({"MINE": 5}, TypeError),
        ({5: print}, TypeError),
        ([print], TypeError),
        ({"no name": print}, smtpconn.OptionsError),
        ({"X\0": print}, smtpconn.OptionsError),
    ],
)
def test_bad_mechanisms(mechanisms: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="mechanism"):
        smtpconn.Connection(custom_mechanisms=mechanisms)


def test_connection_that_its_mechanism_refers_to_is_collected() -> None:
    def make() -> weakref.ref[smtpconn.Connection]:
        box: list[smtpconn.Connection] = []
        mechanisms = {"MINE": lambda *_arguments: bytes(len(box))}
        box.append(smtpconn.Connection(custom_mechanisms=mechanisms))
        return weakref.ref(box[0])

    gone = make()
    gc.collect()
    assert gone() is None


def test_login_that_is_cut_off_while_an_answer_is_due(server: ScriptedServer) -> None:
    server.play(hello("MINE"), f"C: AUTH MINE\nS: 334 {b64('one')}\nE:")
    waiting: list[smtpconn.Exchange] = []
    with smtpconn.Loop() as loop:
        connection = open_to(
            server,
            auth_method="MINE",
            custom_mechanisms={"MINE": lambda exchange, _challenge: waiting.append(exchange)},
            loop=loop,
        )
        connection.start_connect()
        errors: list[Any] = []
        connection.start_login("user", "password", errors.append)
        while len(waiting) < 2:
            loop.run_once()
        connection.close()
        assert [type(error) for error in errors] == [smtpconn.CancelledError]
        with pytest.raises(smtpconn.StateError):
            waiting[0].respond(b"1")


def test_token_function_that_closes_the_connection(server: ScriptedServer) -> None:
    server.play(hello("XOAUTH2"), "E:")
    connection = open_to(server)
    connection.connect()

    def token(_renew: bool) -> str:
        connection.close()
        return "x"

    with pytest.raises(smtpconn.CancelledError):
        connection.login("user", token=token)


def test_mechanism_that_closes_the_connection(server: ScriptedServer) -> None:
    server.play(hello("MINE"), f"C: AUTH MINE\nS: 334 {b64('one')}\nE:")

    def mine(exchange: smtpconn.Exchange, challenge: bytes | None) -> bytes | None:
        if challenge is None:
            return None
        exchange.connection.close()
        return b"x"

    connection = open_to(server, custom_mechanisms={"MINE": mine}, auth_method="MINE")
    connection.connect()
    with pytest.raises(smtpconn.StateError, match="over") as caught:
        connection.login("user", "password")
    assert isinstance(caught.value.__context__, smtpconn.CancelledError)


def test_next_mechanism_after_504(server: ScriptedServer) -> None:
    script = (
        f"C: AUTH MINE\nS: 504 5.5.4 not that\nC: AUTH PLAIN {b64(chr(0) + 'u' + chr(0) + 'p')}"
    )
    server.play(hello("MINE PLAIN"), script, "S: 235 ok", QUIT)
    mechanisms = {"MINE": lambda _exchange, _challenge: None}
    with open_to(server, custom_mechanisms=mechanisms) as connection:
        connection.login("u", "p")
