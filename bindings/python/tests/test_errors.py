"""Exceptions: their classes, their fields, and how they travel."""

from __future__ import annotations

import copy
import errno
import pickle
import socket
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _failure, _result
from smtpconn._errors import CLASSES
from smtpconn._text import decode

THREE = """
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<one@example.org>
S: 250 2.1.5 ok
C: RCPT TO:<two@example.org>
S: 550-5.1.1 No such user
S: 550 5.1.1 here
C: RCPT TO:<three@example.org>
S: 451 4.3.0 later
"""
RECIPIENTS = ["one@example.org", "two@example.org", "three@example.org"]


def test_rejected_recipients(server: ScriptedServer) -> None:
    server.play(HELLO, THREE, "C: DATA\nS: 354 go\nM:\nS: 250 ok", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        result = connection.send("a@example.org", RECIPIENTS, "x")
    one, two, three = result.recipients
    assert [one.address, two.address, three.address] == RECIPIENTS
    assert one.status is smtpconn.RecipientStatus.ACCEPTED
    assert one.error is None
    assert two.status is smtpconn.RecipientStatus.REJECTED
    assert (two.command, two.code, two.enhanced) == ("RCPT TO", 550, "5.1.1")
    assert two.response == "550-5.1.1 No such user\n550 5.1.1 here"
    assert three.status is smtpconn.RecipientStatus.DEFERRED
    assert (three.code, three.enhanced) == (451, "4.3.0")
    assert result.accepted == ["one@example.org"]
    assert result.rejected == ["two@example.org", "three@example.org"]
    assert [type(error) for error in result.rejected_errors] == [smtpconn.EnvelopeError] * 2
    error = result.rejected_errors[0]
    assert (error.recipient, error.response_code) == ("two@example.org", 550)
    assert pickle.loads(pickle.dumps(result)).recipients[2].enhanced == "4.3.0"


def test_all_recipients_rejected(server: ScriptedServer) -> None:
    refused = "C: MAIL FROM:*\nS: 250 ok\nC: RCPT TO:*\nS: 550 5.1.1 no"
    reset = "C: RSET\nS: 250 ok"
    server.play(HELLO, refused, reset, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.EnvelopeError) as caught:
            connection.send("a@example.org", "b@example.org", "x")
        error = caught.value
        assert error.code == smtpconn.ErrorCode.EENVELOPE
        assert error.name == "EENVELOPE"
        assert error.command == "RCPT TO"
        assert error.phase == "envelope"
        assert error.response == "550 5.1.1 no"
        assert error.response_code == 550
        assert error.enhanced == "5.1.1"
        assert error.errno is None
        assert error.tls_reason is None
        assert error.retry is smtpconn.Retry.NO
        assert error.result is not None
        assert error.result.rejected == ["b@example.org"]
        # The connection is as good as before.
        connection.send("a@example.org", "b@example.org", "x")


def test_rejected_message(server: ScriptedServer) -> None:
    refused = SEND.replace("250 2.0.0 Ok: queued as 4F2A", "554 5.7.1 spam")
    server.play(HELLO, refused, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.MessageError) as caught:
            connection.send("a@example.org", "b@example.org", "x")
        assert connection.is_open
    assert caught.value.response_code == 554
    assert "554 5.7.1 spam" in str(caught.value)


def test_refused_login_keeps_the_connection(server: ScriptedServer) -> None:
    server.play(HELLO, "C: AUTH PLAIN *\nS: 535 5.7.8 no", "C: AUTH *\nS: 235 yes", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.AuthError) as caught:
            connection.login("user", "sesame")
        assert caught.value.response_code == 535
        assert caught.value.command == "AUTH PLAIN"
        assert "sesame" not in repr(caught.value.__reduce__())
        assert not connection.is_authenticated
        connection.login("user", "sesame")
        assert connection.is_authenticated


def test_lost_before_the_end_of_the_message(server: ScriptedServer) -> None:
    server.play(HELLO, SEND.split("C: DATA")[0], "C: DATA\nX:", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.ConnectionLostError) as caught:
        connection.send("a@example.org", "b@example.org", "x")
    assert caught.value.retry is smtpconn.Retry.SAFE
    connection.close()


def test_lost_after_the_end_of_the_message(server: ScriptedServer) -> None:
    server.play(HELLO, SEND.split("S: 250 2.0.0")[0], "X:", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    with pytest.raises(smtpconn.ConnectionLostError) as caught:
        connection.send("a@example.org", "b@example.org", "x")
    assert caught.value.retry is smtpconn.Retry.UNKNOWN
    assert caught.value.result is not None
    assert caught.value.result.recipients[0].status is smtpconn.RecipientStatus.UNKNOWN
    connection.close()


def test_refused_connection_is_an_os_error() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]  # Nobody listens there.
        connection = smtpconn.Connection("127.0.0.1", port)
        with pytest.raises(OSError) as caught:
            connection.connect()
    assert isinstance(caught.value, smtpconn.SocketError)
    assert caught.value.errno == errno.ECONNREFUSED
    assert caught.value.strerror == "Connection refused"
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert caught.value.phase == "connect"
    connection.close()


def test_unknown_host() -> None:
    connection = smtpconn.Connection("no-such-host.invalid")
    with pytest.raises(smtpconn.DNSError) as caught:
        connection.connect()
    assert caught.value.phase == "dns"
    connection.close()


def test_time_limit_is_a_timeout_error(server: ScriptedServer) -> None:
    server.play("E:")
    connection = smtpconn.Connection("127.0.0.1", server.port, greeting_timeout=0.05)
    with pytest.raises(TimeoutError, match="greeting") as caught:
        connection.connect()
    assert isinstance(caught.value, smtpconn.TimedOutError)
    connection.close()


def test_garbage_is_a_protocol_error(server: ScriptedServer) -> None:
    server.play("S: HTTP/1.1 400 Bad Request", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    with pytest.raises(smtpconn.ProtocolError):
        connection.connect()
    connection.close()


def test_login_is_refused_when_nothing_fits(server: ScriptedServer) -> None:
    server.play(HELLO.replace("PLAIN LOGIN", "UNHEARD-OF"), QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(smtpconn.AuthError),
    ):
        connection.login("user", "sesame")


def full(cls: type[smtpconn.SMTPConnError]) -> smtpconn.SMTPConnError:
    inner = smtpconn.EnvelopeError("no", recipient="b@example.org")
    status = smtpconn.RecipientStatus.REJECTED
    recipient = smtpconn.RecipientResult("b@example.org", status, "RCPT TO", 550, error=inner)
    return cls(
        "a message",
        response="550 no\n550 really",
        response_code=550,
        enhanced="5.1.1",
        command="RCPT TO",
        phase="envelope",
        recipient="b@example.org",
        errno=errno.EPIPE,
        tls_reason="a reason",
        address="192.0.2.1:25",
        retry=smtpconn.Retry.SAFE,
        result=smtpconn.Result([recipient], response="550 no"),
    )


def fields(error: Any) -> dict[str, Any]:
    found = {**error.__dict__, "errno": error.errno, "args": error.args, "text": str(error)}
    result = found.pop("result")
    if result is not None:
        found["recipients"] = [(each.address, each.status) for each in result.recipients]
        found["inner"] = [fields(inner) for inner in result.rejected_errors]
    return found


@pytest.mark.parametrize("cls", [smtpconn.SMTPConnError, *CLASSES.values()])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_every_field(cls: type[smtpconn.SMTPConnError], protocol: int) -> None:
    error = full(cls)
    error.user_added = 1  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is cls
    assert fields(again) == fields(error)
    assert fields(copy.copy(error)) == fields(error)


REPLY = "550-5.7.1 first line of the refusal\n550 5.7.1 second"
QUOTED = "550-5.7.1 first line of the refusal 550 5.7.1 second"


@pytest.mark.parametrize(
    ("message", "response", "text"),
    [
        ("only this", None, "only this"),
        ("two\nlines", None, "two\nlines"),
        ("said 535 no", "535 no", "said 535 no"),
        ("no", "550 no\n550 really", "no [550 no / 550 really]"),
        (f"refused: {QUOTED}", REPLY, f"refused: {QUOTED}"),
        (f"refused: {QUOTED}; lost", REPLY, f"refused: {QUOTED}; lost"),
        # Cut at the limit of the library.
        (f"refused: {QUOTED[:40]}...", REPLY, f"refused: {QUOTED}"),
        (f"refused: {QUOTED[:40]}...; lost", REPLY, f"refused: {QUOTED}; lost"),
        ("refused: 550-...", REPLY, f"refused: 550-... [{QUOTED.replace(' 550 ', ' / 550 ')}]"),
    ],
)
def test_text_has_the_whole_reply_once(message: str, response: str, text: str) -> None:
    assert str(smtpconn.AuthError(message, response=response)) == text
    assert str(smtpconn.SocketError(message, response=response)) == text


def test_text_of_a_long_refusal(server: ScriptedServer) -> None:
    lines = [f"line {number} of a long explanation" for number in range(10)]
    script = [f"S: 550-5.7.1 {line}" for line in lines] + ["S: 550 5.7.1 end"]
    server.play(HELLO, "\n".join(["C: MAIL *", *script]), QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(smtpconn.EnvelopeError) as caught,
    ):
        connection.send("a@example.org", "b@example.org", "x")
    text = str(caught.value)
    assert "\n" not in text
    assert [text.count(line) for line in lines] == [1] * 10
    assert text.count("550 5.7.1 end") == 1


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (smtpconn.DNSError, socket.gaierror),
        (smtpconn.ConnectionLostError, ConnectionError),
        (smtpconn.SocketError, OSError),
        (smtpconn.TimedOutError, TimeoutError),
        (smtpconn.TLSError, OSError),
        (smtpconn.StreamError, OSError),
        (smtpconn.OptionsError, ValueError),
    ],
)
def test_bases(cls: type[smtpconn.SMTPConnError], base: type[Exception]) -> None:
    assert issubclass(cls, base)
    assert issubclass(cls, smtpconn.SMTPConnError)
    with pytest.raises(base):
        raise cls("x")


@pytest.mark.parametrize("cls", [each for each in CLASSES.values() if issubclass(each, OSError)])
def test_error_text_of_the_system(cls: type[Any]) -> None:
    assert cls("x", errno=errno.EPIPE).strerror == "Broken pipe"
    assert cls("x").errno is None
    assert cls("x").strerror is None
    assert str(cls("x", errno=errno.EPIPE)) == "x"


def test_others_are_no_os_errors() -> None:
    others = {cls.__name__ for cls in CLASSES.values() if not issubclass(cls, OSError)}
    assert others == {
        "RequireTLSError",
        "ProtocolError",
        "EnvelopeError",
        "MessageError",
        "AuthError",
        "OAuth2Error",
        "OptionsError",
        "StateError",
        "CancelledError",
        "ProxyError",
        "CommandError",
        "FullError",
    }


@pytest.mark.parametrize("number", [-1, 3, 99])
def test_advice_of_a_later_library_is_the_careful_one(number: int) -> None:
    # Whoever takes it for SAFE sends again what may have been delivered.
    assert _failure._retry(number) is smtpconn.Retry.UNKNOWN
    for known in smtpconn.Retry:
        assert _failure._retry(known.value) is known


def test_status_of_a_later_library_is_the_careful_one() -> None:
    assert _result._status(99) is smtpconn.RecipientStatus.UNKNOWN
    for known in smtpconn.RecipientStatus:
        assert _result._status(known.value) is known


def test_code_of_a_later_library() -> None:
    error = smtpconn.SMTPConnError("x", code=-99)
    assert (error.code, error.name) == (-99, "EUNKNOWN")


@pytest.mark.parametrize(
    ("octets", "text"),
    [(b"gr\xc3\xbc\xc3\x9fe", "grüße"), (b"gr\xfc\xdfe", "grüße"), (b"", ""), (None, None)],
)
def test_text_of_a_server(octets: bytes, text: str) -> None:
    assert decode(octets) == text


def test_reply_in_latin_1(server: ScriptedServer) -> None:
    server.play(HELLO, "C: RSET\nS: 550 t\udcfct", QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        with pytest.raises(smtpconn.ProtocolError):
            connection.reset()
        assert connection.last_response == "550 tüt"
