"""How often a message was tried, and why: the last two numbers of a SENT record."""

from __future__ import annotations

import struct

import pytest

import smtpconn
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import _result

ENVELOPE = smtpconn.Envelope("a@example.org", "b@example.org")
TEXT = b"451 4.7.1 later"


def record(tries: int, *, with_error: bool) -> bytes:
    """As <smtpconn.h> describes it, with no recipients."""
    error_at = 120 if with_error else 0
    head = struct.pack("=IHHQQIiII", 120, 1, _result.SENT, 1, 1, 0, 0, 0, 0)
    sent = bytes(72) + struct.pack("=II", tries, error_at)
    texts = (0, 0, 120 + 96, len(TEXT), *[0] * 14)
    error = struct.pack("=iiiiii18I", -9, 0, 0, 0, 451, 0, *texts)
    return head + sent + (error + TEXT + b"\0" if with_error else b"")


@pytest.mark.parametrize("tries", [0, 1, 3])
def test_without_an_error(tries: int) -> None:
    result = _result.read_result(record(tries, with_error=False), plain=False)
    assert (result.tries, result.retry_error) == (tries, None)


def test_the_reason_of_the_last_try() -> None:
    result = _result.read_result(record(2, with_error=True), plain=True)
    assert result.tries == 2
    assert result.retry_error is not None
    assert result.retry_error.response_code == 451
    assert result.retry_error.response == TEXT.decode()


def test_a_connection_tries_once(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, operation_timeout=LIMIT) as connection:
        result = connection.send(ENVELOPE, b"hello\r\n")
    assert (result.tries, result.retry_error) == (1, None)
