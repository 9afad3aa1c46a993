"""Bad arguments are refused before anything happens, and are named."""

from __future__ import annotations

from typing import Any

import pytest

import option_rows
import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _table

#: A value that no option takes, for each way of carrying one.
WRONG: dict[str, list[Any]] = {
    "flag": ["no", 1, 0],
    "number": ["1", True, 1.0],
    "seconds": ["5", True],
    "text": [b"text", 3],
    "path": [3],
    "list": [5, [b"item"], b"items", {"item": 1}],
    "keywords": [5, [b"item"], b"items", {"item": 1}],
    "descriptor": ["3", 3.0, b"3"],
    "code": [5],
}


WRONG_OPTIONS = [
    (option, value)
    for option, kind in {**_table.OPTIONS, **dict.fromkeys(_table.HOOKS, "code")}.items()
    for value in WRONG[kind]
]


@pytest.mark.parametrize(("option", "value"), WRONG_OPTIONS)
def test_option_of_a_type_that_no_such_option_has(option: str, value: object) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(TypeError, match=option):
        smtpconn.Connection(**options)


@pytest.mark.parametrize(("option", "value"), option_rows.REFUSED)
def test_option_that_is_refused(option: str, value: object) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(smtpconn.OptionsError, match=option) as caught:
        smtpconn.Connection(**options)
    assert isinstance(caught.value, ValueError)
    assert caught.value.code == smtpconn.ErrorCode.EOPTIONS
    assert caught.value.name == "EOPTIONS"


def test_lone_surrogate_in_an_option() -> None:
    with pytest.raises(smtpconn.OptionsError, match="name"):
        smtpconn.Connection(name="\ud800")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("host", "a" * 300),
        ("auth_method", "NONSENSE"),
        ("local_address", "localhost"),
        ("socket_path", "x" * 108),
        ("socket", -1),
        ("tls_min_version", "TLSv1.0"),
        ("tls_alpn", ["x" * 256]),
        ("ignored_capabilities", ["SIZE", "STARTTLS"]),
        ("ignored_capabilities", ["SIZE", "x\0"]),
        ("ignored_capabilities", []),
    ],
)
def test_option_out_of_range(option: str, value: object) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(smtpconn.OptionsError, match=option):
        smtpconn.Connection(**options)


def test_options_that_contradict() -> None:
    with pytest.raises(smtpconn.OptionsError) as caught:
        smtpconn.Connection(secure=True, ignore_tls=True)
    assert "ignore_tls" in str(caught.value)


def test_a_refused_connection_leaves_a_shared_loop_alone(loop: smtpconn.Loop) -> None:
    with pytest.raises(smtpconn.OptionsError):
        smtpconn.Connection(port=-1, loop=loop)
    assert loop.run() is False


def test_bad_arguments_leave_the_connection_usable(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        good = "a@example.org"
        with pytest.raises(smtpconn.EnvelopeError, match="from_addr"):
            connection.send("a\0@example.org", good, "x")
        with pytest.raises(smtpconn.EnvelopeError, match=r"to_addrs\[1\]"):
            connection.send(good, [good, "b\0@example.org"], "x")
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send("a@example.org>\r\nRCPT TO:<x@example.org", good, "x")
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send(good, [], "x")
        with pytest.raises(smtpconn.EnvelopeError, match="size"):
            connection.send(good, good, "x", size=-1)
        with pytest.raises(smtpconn.AuthError, match="user"):
            connection.login("us\0er", "password")
        with pytest.raises(smtpconn.AuthError, match="password"):
            connection.login("user", "pass\0word")
        with pytest.raises(smtpconn.AuthError, match="password"):
            connection.login("user", None)
        with pytest.raises(smtpconn.OptionsError, match="keyword"):
            connection.has_capability("SI\0ZE")
        for message in (None, 5, object()):
            with pytest.raises(TypeError, match="message"):
                connection.send(good, good, message)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="to_addrs"):
            connection.send(good, [b"b@example.org"], "x")  # type: ignore[list-item]
        with pytest.raises(TypeError, match="envelope, message"):
            connection.send(good, good)  # type: ignore[call-overload]
        with pytest.raises(smtpconn.MessageError):
            connection.send(good, good, "\udcff")
        connection.send(good, good, "x")
    server.check()
    assert server.messages == [b"x\r\n"]


A = "a@example.org"
ENVELOPE = smtpconn.Envelope(A, A)

WRONG_SENDS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    # Keywords beside an envelope would be ignored, require_tls among them.
    ((ENVELOPE, "x"), {"require_tls": True}, "require_tls"),
    ((ENVELOPE, "x"), {"require_tls": False}, "require_tls"),
    ((ENVELOPE, "x"), {"dsn": smtpconn.DSN(ret="HDRS")}, "dsn"),
    ((ENVELOPE, "x"), {"use_smtputf8": True}, "use_smtputf8"),
    ((ENVELOPE, "x"), {"size": 1, "all_or_none": True}, "size, all_or_none"),
    ((ENVELOPE, "x"), {"use_8bitmime": False}, "use_8bitmime"),
    ((ENVELOPE, "x"), {"use_binarymime": True}, "use_binarymime"),
    ((ENVELOPE, A, "x"), {}, "to_addrs"),
    ((ENVELOPE, None), {}, "message"),
    # A sender that was forgotten must not become the null sender.
    ((None, A, "x"), {}, "from_addr"),
    ((b"a@example.org", A, "x"), {}, "from_addr"),
    ((5, A, "x"), {}, "from_addr"),
    ((A, None, "x"), {}, "to_addrs"),
    ((A, b"b@example.org", "x"), {}, "to_addrs must.*not bytes"),
    ((A, {A: "name"}, "x"), {}, "to_addrs must.*not dict"),
    ((A, 5, "x"), {}, "to_addrs must.*not int"),
    ((A, [None], "x"), {}, r"to_addrs\[0\]"),
    ((A, A, "x"), {"dsn": {}}, "dsn must be a DSN, not dict"),
    ((A, A, "x"), {"dsn": "NEVER"}, "dsn must be a DSN, not str"),
    ((A, A, "x"), {"dsn": smtpconn.DSN(notify=b"NEVER")}, "dsn.notify.*not bytes"),  # type: ignore[arg-type]
    ((A, A, "x"), {"size": "1"}, "size must be an int"),
    ((A, A, "x"), {"size": True}, "size must be an int"),
    ((A, A, "x"), {"require_tls": "no"}, "require_tls must be a bool"),
    ((A, A, "x"), {"all_or_none": 1}, "all_or_none must be a bool"),
    ((A, A, "x"), {"use_8bitmime": "yes"}, "use_8bitmime must be a bool"),
    ((A, A, "x"), {"unheard_of": 1}, "unheard_of"),
    ((A,), {}, "to_addrs"),
    ((), {}, "from_addr"),
]


@pytest.mark.parametrize(("arguments", "keywords", "named"), WRONG_SENDS)
def test_a_send_of_another_type(
    arguments: tuple[Any, ...], keywords: dict[str, Any], named: str, server: ScriptedServer
) -> None:
    server.play(HELLO, QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(TypeError, match=named),
    ):
        connection.send(*arguments, **keywords)
    server.check()
    assert server.commands[1:] == ["QUIT"]


def test_a_path_that_has_no_form_in_the_file_system() -> None:
    with pytest.raises(smtpconn.OptionsError, match="tls_ca_file"):
        smtpconn.Connection(tls_ca_file="\ud800")


def test_a_generator_that_was_refused_is_still_good(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    lines = (line for line in ["one\r\n", "two\r\n"])
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send("a@example.org", [], lines)
        connection.send("a@example.org", "b@example.org", lines)
    server.check()
    assert server.messages == [b"one\r\ntwo\r\n"]
