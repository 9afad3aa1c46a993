"""Commands with one reply."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Optional

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, ScriptedServer

Said = list[tuple[Optional[smtpconn.SMTPConnError], Optional[smtpconn.Reply]]]

OFFER = HELLO.replace(
    "S: 250-8BITMIME", "S: 250-ETRN\nS: 250-XCLIENT NAME ADDR\nS: 250-XFORWARD NAME"
)

#: What is called, what that sends, and the reply.
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str]] = [
    ("noop", (), {}, "NOOP", "250 2.0.0 ok"),
    ("verify", ("ann",), {}, "VRFY ann", "252 2.5.0 cannot say"),
    ("expand", ("staff",), {}, "EXPN staff", "250 2.1.5 ann"),
    ("etrn", ("#queue",), {}, "ETRN #queue", "253 5 messages"),
    ("hello", (), {}, "EHLO *", "250 test"),
    ("xforward", ({"NAME": None},), {}, "XFORWARD NAME=[[]UNAVAILABLE]", "250 ok"),
    ("command", ("XSTATUS queue",), {}, "XSTATUS queue", "250 ok"),
    ("command", ("XSTATUS queue",), {"hidden": True}, "XSTATUS queue", "250 ok"),
]


@pytest.mark.parametrize(("name", "arguments", "options", "line", "reply"), CALLS)
def test_both_forms(
    server: ScriptedServer,
    name: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    line: str,
    reply: str,
) -> None:
    asked = f"\nC: {line}\nS: {reply}\n"
    server.play(OFFER, asked, asked.replace(f"S: {reply}", "S: 550 5.7.1 no"), QUIT)
    said: Said = []
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        got = getattr(connection, name)(*arguments, **options)
        start: Callable[..., None] = getattr(connection, f"start_{name}")
        start(*arguments, lambda error, reply: said.append((error, reply)), **options)
    code, _, text = reply.partition(" ")
    words = text.split()
    enhanced = words[0] if words[0].count(".") == 2 else None
    assert got == smtpconn.Reply(int(code), (text,), enhanced, reply)
    [(error, refusal)] = said
    assert isinstance(error, smtpconn.CommandError)
    assert (error.name, error.response_code, error.enhanced) == ("ECOMMAND", 550, "5.7.1")
    assert error.result is None
    assert refusal == smtpconn.Reply(550, ("5.7.1 no",), "5.7.1", "550 5.7.1 no")


def test_several_lines(server: ScriptedServer) -> None:
    server.play(HELLO, "C: EXPN *\nS: 250-Ann <ann@x.example>\nS: 250 <bob@x.example>", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        reply = connection.expand("staff")
    assert reply.lines == ("Ann <ann@x.example>", "<bob@x.example>")
    assert reply.enhanced is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        reply.code = 1  # type: ignore[misc]


def test_a_refusal_is_raised(server: ScriptedServer) -> None:
    server.play(HELLO, "C: VRFY nobody\nS: 550 5.1.1 no", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.CommandError, match="VRFY") as caught:
            connection.verify("nobody")
        assert caught.value.response_code == 550
        with pytest.raises(smtpconn.CommandError, match="does not offer ETRN"):
            connection.etrn("x.example")


def test_xclient_begins_anew(server: ScriptedServer) -> None:
    server.play(
        OFFER,
        "C: AUTH *\nS: 235 ok\nC: XCLIENT NAME=x.example ADDR=192.0.2.1\nS: 220 again",
        "C: EHLO *\nS: 250-test\nS: 250 DSN",
        QUIT,
    )
    with smtpconn.Connection(
        "127.0.0.1", server.port, allow_insecure_auth=True, auth_method="PLAIN"
    ) as connection:
        connection.login("tim", "sesame")
        reply = connection.xclient({"NAME": "x.example", "ADDR": "192.0.2.1"})
        assert (reply.code, reply.lines) == (220, ("again",))
        assert not connection.is_authenticated
        assert connection.capability_lines == ["DSN"]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda each: each.verify(3), TypeError, "text must be a str"),
        (lambda each: each.expand(b"x"), TypeError, "name must be a str"),
        (lambda each: each.etrn(None), TypeError, "node must be a str"),
        (lambda each: each.command("X", hidden=1), TypeError, "hidden must be a bool"),
        (lambda each: each.command("DATA"), smtpconn.CommandError, "call send"),
        (lambda each: each.command("A\0B"), smtpconn.CommandError, "NUL"),
        (lambda each: each.verify(""), smtpconn.CommandError, "missing"),
        (lambda each: each.xclient("NAME=x"), TypeError, "attributes must be a mapping"),
        (lambda each: each.xclient({"NAME": 3}), TypeError, "attributes"),
        (lambda each: each.xclient({3: "x"}), TypeError, "name of an attribute"),
        (lambda each: each.xclient({"A=B": "x"}), smtpconn.CommandError, 'no "="'),
        (lambda each: each.xclient({}), smtpconn.CommandError, "no attributes"),
        (lambda each: each.xforward({"NAME": ""}), smtpconn.CommandError, "UNAVAILABLE"),
        (lambda each: each.xclient({"ADDR": "::1"}), smtpconn.CommandError, "IPV6:"),
    ],
)
def test_bad_arguments(
    server: ScriptedServer,
    call: Callable[[Any], object],
    error: type[Exception],
    match: str,
) -> None:
    server.play(OFFER, QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(error, match=match),
    ):
        call(connection)


def test_nothing_before_a_connection() -> None:
    connection = smtpconn.Connection("127.0.0.1", 1)
    with pytest.raises(smtpconn.StateError):
        connection.noop()
    connection.close()
