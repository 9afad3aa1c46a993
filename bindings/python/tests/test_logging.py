"""Lines of the library become records."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

SECRETS = ["sesame", "AHVzZXIAc2VzYW1l", "c2VzYW1l"]

LOGIN_BY_CHALLENGE = """
C: AUTH LOGIN*
S: 334 VXNlcm5hbWU6
C: *
S: 334 UGFzc3dvcmQ6
C: *
S: 235 welcome
"""


def run(server: ScriptedServer, login: str, **options: Any) -> None:
    server.play(HELLO, login, SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, **options) as connection:
        connection.login("user", "sesame")
        connection.send("a@example.org", "b@example.org", "Subject: the content\r\n")
    server.check()


@pytest.mark.parametrize(
    ("method", "script"),
    [("PLAIN", "C: AUTH PLAIN AHVzZXIAc2VzYW1l\nS: 235 ok"), ("LOGIN", LOGIN_BY_CHALLENGE)],
)
@pytest.mark.parametrize("debug", [False, True])
def test_transaction_without_secrets(
    method: str,
    script: str,
    debug: bool,
    server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "smtpconn")
    run(server, script, auth_method=method, debug=debug)
    lines = [record.getMessage() for record in caplog.records]
    assert "C: MAIL FROM:<a@example.org>" in lines
    assert "C: QUIT" in lines
    assert any(line.startswith("S: 250") for line in lines)
    assert any(line.startswith(f"C: AUTH {method}") for line in lines)
    assert not [line for line in lines for secret in SECRETS if secret in line]
    assert any("the content" in line for line in lines) is debug
    kinds = {record.__dict__["smtpconn_kind"] for record in caplog.records}
    assert smtpconn.LogKind.CLIENT in kinds
    assert smtpconn.LogKind.SERVER in kinds
    assert (smtpconn.LogKind.MESSAGE in kinds) is debug
    dialogue = [record for record in caplog.records if record.getMessage()[:2] in ("C:", "S:")]
    assert {record.levelno for record in dialogue} == {logging.DEBUG}


def test_no_dialogue_above_debug(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "smtpconn")
    run(server, "C: AUTH *\nS: 235 ok")
    assert caplog.records
    assert all(record.levelno >= logging.INFO for record in caplog.records)


def test_silent_unless_asked(server: ScriptedServer, capfd: pytest.CaptureFixture[str]) -> None:
    run(server, "C: AUTH *\nS: 235 ok")
    connection = smtpconn.Connection("127.0.0.1", 1)
    with pytest.raises(smtpconn.SMTPConnError):
        connection.connect()
    connection.close()
    output = capfd.readouterr()
    assert output.out + output.err == ""


def test_own_logger(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    mine = logging.getLogger("my.mail")
    caplog.set_level(logging.DEBUG, "my.mail")
    run(server, "C: AUTH *\nS: 235 ok", logger=logging.LoggerAdapter(mine, {}))
    assert {record.name for record in caplog.records} == {"my.mail"}
    assert any(record.getMessage() == "C: QUIT" for record in caplog.records)


def test_a_logger_that_fails(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(logging.Logger):
        def log(self, *arguments: Any, **keywords: Any) -> None:
            raise ZeroDivisionError

    server.play(HELLO, SEND, QUIT)
    broken = Broken("x", logging.DEBUG)
    with smtpconn.Connection("127.0.0.1", server.port, logger=broken) as connection:
        result = connection.send("a@example.org", "b@example.org", "x")
    assert result.accepted == ["b@example.org"]
    assert "the logger raised" in caplog.text
    assert "ZeroDivisionError" in caplog.text
