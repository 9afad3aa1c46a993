"""Values of every kind: what is wrong is refused before anything is sent, and what is equal is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from array import array
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

A, B = "a@example.org", "b@example.org"
HUGE = 10**400
HUGER = 10**5000


@pytest.fixture
def connection(server: ScriptedServer) -> Any:
    server.play(HELLO, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as opened:
        yield opened


def _named(value: Any) -> str:
    """Python does not write out the longest numbers."""
    return ",".join(value) if isinstance(value, dict) else type(value).__name__


FIELDS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"require_tls": 0.5}, TypeError),
    ({"require_tls": 0}, TypeError),
    ({"all_or_none": 0.9}, TypeError),
    ({"use_smtputf8": 0}, TypeError),
    ({"use_8bitmime": 0}, TypeError),
    ({"allow_empty": 0}, TypeError),
    ({"require_tls": "0"}, TypeError),
    ({"size": 3.5}, TypeError),
    ({"size": HUGE}, smtpconn.EnvelopeError),
    ({"size": HUGER}, smtpconn.EnvelopeError),
    ({"hold_for": HUGE}, smtpconn.EnvelopeError),
    ({"dsn": "FULL"}, TypeError),
]


@pytest.mark.parametrize(("fields", "error"), FIELDS, ids=_named)
def test_fields(connection: smtpconn.Connection, fields: Any, error: type[Exception]) -> None:
    (name,) = fields
    with pytest.raises(error, match=name) as caught:
        connection.send(smtpconn.Envelope(A, B, **fields), b"x")
    assert len(str(caught.value)) < 200


OPTIONS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"secure": 0.5}, TypeError),
    ({"require_tls": "0"}, TypeError),
    ({"tls_resumption": 1}, TypeError),
    ({"connection_timeout": HUGE}, smtpconn.OptionsError),
    ({"connection_timeout": HUGER}, smtpconn.OptionsError),
    ({"operation_timeout": float("nan")}, smtpconn.OptionsError),
    ({"operation_timeout": float("inf")}, smtpconn.OptionsError),
    ({"operation_timeout": True}, TypeError),
    ({"port": HUGE}, smtpconn.OptionsError),
]


@pytest.mark.parametrize(("options", "error"), OPTIONS, ids=_named)
def test_options(options: Any, error: type[Exception]) -> None:
    (name,) = options
    with pytest.raises(error, match=name) as caught:
        smtpconn.Connection(**options)
    assert len(str(caught.value)) < 200


def test_timeouts_of_a_loop(loop: smtpconn.Loop) -> None:
    assert loop.run_once(HUGE) is False
    for wrong in ("1", True):
        with pytest.raises(TypeError, match="timeout"):
            loop.run_once(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="timeout"):
        loop.run_once(float("nan"))


MESSAGES: list[Any] = [
    array("i", [1, 2]),
    array("b", [65]),
    [1, 2],
    [[b"x"], [b"y"]],
    (b"x", [b"y"]),
    range(3),
    {1: 2}.values(),
    {"a": "b"}.items(),
    {"a": "b"},
    5,
    None,
]


@pytest.mark.parametrize("message", MESSAGES, ids=_named)
def test_messages(connection: smtpconn.Connection, message: Any) -> None:
    with pytest.raises(TypeError, match="message"):
        connection.send(smtpconn.Envelope(A, B), message)


BAD_ADDRESSES: list[tuple[Any, Any]] = [
    ("a b", B),
    (A, "b c"),
    (A, [B, ""]),
    (A, [B, "x\0y@example.org"]),
    ("a\0b", B),
    (A, []),
    (A, [B, 5]),
    (5, B),
    (None, B),
    (A, "\udc80@example.org"),
]


@pytest.mark.parametrize(("sender", "recipients"), BAD_ADDRESSES, ids=repr)
def test_both_ways_to_send_refuse_alike(
    connection: smtpconn.Connection, sender: Any, recipients: Any
) -> None:
    """Octets with addresses alone take one call; anything else takes several."""
    texts = []
    for message in (b"x", bytearray(b"x")):
        with pytest.raises((TypeError, smtpconn.EnvelopeError)) as caught:
            connection.send(smtpconn.Envelope(sender, recipients), message)
        texts.append((type(caught.value), str(caught.value)))
    assert texts[0] == texts[1]


def test_both_ways_to_send_are_alike(server: ScriptedServer) -> None:
    server.play(HELLO, *[SEND] * 4, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        results = [
            connection.send(smtpconn.Envelope(sender, recipients), message)
            for sender, recipients in ((A, B), ("<>", (B,)))
            for message in (b"x\r\n", bytearray(b"x\r\n"))
        ]
    assert server.messages == [b"x\r\n"] * 4
    assert len({(tuple(each.recipients), each.queue_id) for each in results}) == 1
    froms = [command for command in server.commands if command.startswith("MAIL")]
    assert froms[0].startswith(f"MAIL FROM:<{A}>")
    assert froms[0] == froms[1]
    assert froms[2].startswith("MAIL FROM:<>")
    assert froms[2] == froms[3]


def test_a_result_is_as_if_it_had_been_read(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.start_send(smtpconn.Envelope(A, B), b"x", lambda error, result: got(result))
        found: list[smtpconn.Result] = []
        got = found.append
        connection.loop.run()
    (result,) = found
    fresh = [copy.copy(result) for _ in range(2)]
    assert fresh[0] == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result
    assert hash(result) == hash(fresh[1])
    assert repr(result).startswith("Result(recipients=[RecipientResult(address='b@example.org'")
    assert dataclasses.asdict(result)["queue_id"] == "4F2A"
    assert dataclasses.replace(result, queue_id="x").queue_id == "x"
    assert result.message_size == 3
    with pytest.raises(AttributeError, match="nothing"):
        result.nothing  # noqa: B018
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.response = "x"  # type: ignore[misc]
    assert smtpconn.Result([]).response is None


HASHED: list[Any] = [
    smtpconn.DSN(notify=["SUCCESS"]),
    smtpconn.Recipient(B, notify=["NEVER"]),
    smtpconn.Recipient(B, parameters={"A": "b"}),
    smtpconn.Result([]),
    smtpconn.Reply(250, ("ok",)),
    smtpconn.RecipientResult(B, smtpconn.RecipientStatus.ACCEPTED),
]


@pytest.mark.parametrize("value", HASHED, ids=lambda value: type(value).__name__)
def test_frozen_classes_hash(value: Any) -> None:
    assert hash(value) == hash(copy.deepcopy(value))
    assert {value: 1}[copy.deepcopy(value)] == 1
