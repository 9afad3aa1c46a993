"""`--check`: what it reports of a server, as a table and in JSON."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from command import Inside, program
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _cli_check
from smtpconn._cli_exit import Exit, exit_of, exit_of_result
from smtpconn._cli_output import printable
from smtpconn._cli_report import Report

COMPLETE = b"From: a@example.org\nTo: b@example.org\nSubject: hi\n\nHello\n"
OK_LOGIN = "C: AUTH PLAIN *\nS: 235 ok"
KEYS = {
    "": {
        "format",
        "action",
        "exit",
        "server",
        "tls",
        "capabilities",
        "timings",
        "result",
        "problems",
        "warnings",
        "error",
    },
    "server": {"name", "address", "client_name", "secure", "authenticated"},
    "tls": {"version", "cipher", "verified", "peer_name", "certificates"},
    "certificate": {"subject", "issuer", "names", "not_before", "not_after", "sha256"},
    "result": {"queue_id", "response", "size", "recipients"},
    "recipient": {"address", "status", "command", "code", "enhanced", "response", "reason"},
    "problem": {"level", "text"},
    "error": {
        "name",
        "kind",
        "message",
        "response",
        "response_code",
        "enhanced",
        "command",
        "phase",
        "recipient",
        "address",
        "retry",
    },
}


def at(server: ScriptedServer) -> list[str]:
    return ["--check", "--host", "127.0.0.1", "--port", str(server.port)]


@pytest.fixture
def tls(server: ScriptedServer, certificate: Path) -> list[str]:
    """Arguments for a server that begins with TLS."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    return ["--tls", "implicit", "-o", "tls_servername=localhost"]


def test_the_table(server: ScriptedServer, certificate: Path, tls: list[str]) -> None:
    server.play("T:", HELLO, OK_LOGIN, QUIT)
    login = ["--user", "ann", "--password-env", "SECRET"]
    trust = ["--ca-file", str(certificate)]
    done = program(*at(server), *tls, *login, *trust, variables={"SECRET": "sesame"})
    server.check()
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    # The certificate may be of yesterday, when the tests run at midnight.
    lines = [re.sub(r"\d{4}-\d\d-\d\d", "DATE", line) for line in lines]
    shown = [re.sub(r" +\d+ ms$", " N ms", line) for line in lines]
    cipher = next(line.split(", ")[1] for line in shown if line.startswith("TLS"))
    assert shown == [
        f"Server         127.0.0.1, 127.0.0.1:{server.port}",
        "Client         [127.0.0.1]",
        f"TLS            TLSv1.3, {cipher}, verified for localhost",
        "Certificate 1  CN=localhost",
        "               names   localhost",
        "               issuer  CN=localhost",
        "               valid   DATE to DATE, 1 day left",
        "Capabilities   8BITMIME",
        "               SMTPUTF8",
        "               AUTH PLAIN LOGIN",
        "Login          accepted, ann",
        "Timings        resolve N ms",
        "               connect N ms",
        "               tls N ms",
        "               greeting N ms",
        "               hello N ms",
        "               login N ms",
        "Warning        certificate 1 expires in 1 day",
        "Note           no PIPELINING: each command waits for the reply to the one before",
        "               no DSN: delivery status notifications cannot be asked for",
    ]


def test_a_certificate_that_is_not_trusted_is_shown(
    server: ScriptedServer, command: Inside, certificate: Path, tls: list[str]
) -> None:
    """The second connection verifies nothing, and sends no password."""
    server.play("T:", HELLO).play("T:", HELLO, QUIT)
    login = ["--user", "ann", "--password", "sesame"]
    assert command(*at(server), *tls, *login, "--json") == Exit.CONFIG
    server.finish()
    (fault,) = server.faults
    assert "ALERT_UNKNOWN_CA" in fault
    server.faults.clear()
    assert "AUTH" not in " ".join(server.commands)
    report = json.loads(command.out)
    assert report["error"]["kind"] == "TLS_SELF_SIGNED"
    assert report["tls"]["verified"] is False
    assert report["tls"]["peer_name"] is None
    (found,) = report["tls"]["certificates"]
    assert found["names"] == ["localhost"]
    der = ssl.PEM_cert_to_DER_cert(
        re.sub(r"(?s).*?(?=-----BEGIN CERT)", "", certificate.read_text())
    )
    assert found["sha256"] == hashlib.sha256(der).hexdigest()
    assert report["server"]["authenticated"] is False


def test_a_key_that_is_not_pinned_is_shown(
    server: ScriptedServer, command: Inside, certificate: Path, tls: list[str]
) -> None:
    """Nothing that would refuse the certificate once more is left for the second connection."""
    server.play("T:", "E:").play("T:", HELLO, QUIT)
    pin = f"tls_pins=sha256//{'A' * 43}="
    arguments = [*tls, "--ca-file", str(certificate), "-o", pin]
    assert command(*at(server), *arguments, "--json") == Exit.CONFIG
    report = json.loads(command.out)
    assert report["error"]["kind"] == "TLS_PIN"
    assert report["tls"]["certificates"][0]["subject"] == "CN=localhost"


@pytest.mark.parametrize(
    ("offer", "local", "warning"),
    [
        ("X", True, None),
        ("X", False, "no TLS: the server does not offer STARTTLS"),
        ("STARTTLS", False, "no TLS: the server offers STARTTLS, which is not used"),
    ],
)
def test_a_connection_in_the_clear(
    offer: str,
    local: bool,
    warning: str | None,
    server: ScriptedServer,
    command: Inside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not local:
        monkeypatch.setattr(_cli_check, "_is_local", lambda *_: False)
    hello = HELLO.replace("8BITMIME", offer)
    server.play(hello, QUIT).play(hello, SEND, QUIT)
    arguments = [*at(server), "--tls", "never"]
    assert command(*arguments, "--json") == 0
    problems = json.loads(command.out)["problems"]
    texts = [each["text"] for each in problems if each["level"] == "warning"]
    assert texts == [warning] * (warning is not None)
    # Who sends has decided about TLS: that is no news of the message.
    assert command(*arguments[1:], stdin=COMPLETE) == 0
    assert command.err == ""


def test_without_verification_it_says_so(
    server: ScriptedServer, command: Inside, tls: list[str]
) -> None:
    server.play("T:", HELLO, QUIT)
    assert command(*at(server), *tls, "-o", "tls_reject_unauthorized=false") == 0
    assert "the certificate of the server was not verified" in command.out
    assert "NOT VERIFIED" in command.out


def test_a_login_that_is_refused(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, "C: AUTH *\nS: 535 5.7.8 no", QUIT)
    assert command(*at(server), "--user", "ann", "--password", "x") == Exit.NOPERM
    assert "Login          FAILED, ann\n" in command.out
    assert "Failed         the server refused the login: 535 5.7.8 no" in command.out
    assert "Note           no PIPELINING" in command.out


def test_a_server_that_is_away(command: Inside) -> None:
    assert command("--check", "--socket", "/nowhere/socket") in (Exit.TEMPFAIL, Exit.UNAVAILABLE)
    assert command.out == ""
    assert "/nowhere/socket" in command.err


@pytest.mark.parametrize(
    ("offer", "message", "arguments", "level", "text", "code"),
    [
        ("SIZE 10", COMPLETE, [], "error", "octets, and the server takes no more than 10", 65),
        ("SIZE 0", COMPLETE, [], None, "takes no more", 0),
        ("SIZE", COMPLETE, [], None, "takes no more", 0),
        ("SIZE x", COMPLETE, [], None, "takes no more", 0),
        ("SIZE 9" + "9" * 5000, COMPLETE, [], None, "takes no more", 0),
        ("X", COMPLETE + b"\xff", [], "note", "not offer 8BITMIME: it is encoded", 0),
        ("X", COMPLETE, ["--dsn-notify", "NEVER"], "warning", "not offer DSN: no notif", 0),
        ("DSN", COMPLETE, ["--dsn-notify", "NEVER"], None, "does not offer DSN", 0),
    ],
)
def test_what_would_go_wrong_with_a_message(
    offer: str,
    message: bytes,
    arguments: list[str],
    level: str | None,
    text: str,
    code: int,
    server: ScriptedServer,
    command: Inside,
) -> None:
    server.play(HELLO.replace("8BITMIME", offer), QUIT)
    assert command(*at(server), "--json", "-m", "-", *arguments, stdin=message) == code
    problems = json.loads(command.out)["problems"]
    assert [each["level"] for each in problems if text in each["text"]] == [level] * bool(level)


def test_a_header_that_needs_smtputf8(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO.replace("SMTPUTF8", "X"), QUIT)
    raw = COMPLETE.replace(b"hi", "hé".encode())
    assert command(*at(server), "-m", "-", stdin=raw) == Exit.DATAERR
    assert "Error          the message needs SMTPUTF8, which the server does not" in command.out


def test_the_keys_of_the_json(
    server: ScriptedServer, command: Inside, certificate: Path, tls: list[str]
) -> None:
    """They are a promise: docs/python-command.md has the same."""
    documented = (Path(__file__).resolve().parents[3] / "docs" / "python-command.md").read_text()
    for keys in KEYS.values():
        assert all(f"`{key}`" in documented for key in keys)
    refused = SEND.replace("S: 250 2.0.0 Ok: queued as 4F2A", "S: 554 5.7.1 no")
    server.play("T:", HELLO, refused, QUIT)
    send = [*at(server)[1:], *tls, "--ca-file", str(certificate), "--json"]
    assert command(*send, stdin=COMPLETE) == 69
    report: dict[str, Any] = json.loads(command.out)
    assert set(report) == KEYS[""]
    assert report["format"] == 1
    for name in ("server", "tls", "result", "error"):
        assert set(report[name]) == KEYS[name]
    assert set(report["tls"]["certificates"][0]) == KEYS["certificate"]
    assert set(report["result"]["recipients"][0]) == KEYS["recipient"]
    assert set(report["problems"][0]) == KEYS["problem"]
    assert report["timings"].keys() >= {"connect", "tls", "hello", "envelope", "verdict"}
    assert report["error"]["retry"] == "no"
    # Before anything has happened the keys are the same.
    assert set(Report("send").as_json()) == KEYS[""]


def fake(left: timedelta) -> smtpconn.Certificate:
    now = datetime.now(timezone.utc)
    return smtpconn.Certificate(b"", "CN=a", "CN=b", ("a",), now - timedelta(99), now + left)


@pytest.mark.parametrize(
    ("left", "level", "code"),
    [
        (timedelta(days=-1), "error", Exit.CONFIG),
        (timedelta(seconds=-1), "error", Exit.CONFIG),
        (timedelta(days=1), "warning", Exit.OK),
        (timedelta(days=21, hours=1), "warning", Exit.OK),
        (timedelta(days=22, hours=1), None, Exit.OK),
    ],
)
def test_when_a_certificate_ends(left: timedelta, level: str | None, code: Exit) -> None:
    found = list(_cli_check._certificate_problems([fake(timedelta(days=400)), fake(left)]))
    assert [(each.level, each.exit) for each in found] == ([(level, code)] if level else [])
    assert all("certificate 2" in each.text for each in found)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (smtpconn.DNSError("x"), 68),
        (smtpconn.DNSError("x", retry=smtpconn.Retry.SAFE), 75),
        (smtpconn.SocketError("x"), 69),
        (smtpconn.TimedOutError("x", retry=smtpconn.Retry.UNKNOWN), 74),
        (smtpconn.TLSError("x"), 78),
        (smtpconn.RequireTLSError("x"), 78),
        (smtpconn.ProtocolError("x"), 76),
        (smtpconn.EnvelopeError("x"), 65),
        (smtpconn.EnvelopeError("x", response="550 no"), 69),
        (smtpconn.EnvelopeError("x", response="550 no", recipient="a@b"), 67),
        (smtpconn.MessageError("x"), 65),
        (smtpconn.MessageError("x", response="554 no"), 69),
        (smtpconn.StreamError("x"), 74),
        (smtpconn.AuthError("x"), 77),
        (smtpconn.OAuth2Error("x"), 77),
        (smtpconn.ProxyError("x"), 69),
        (smtpconn.OptionsError("x"), 64),
        (smtpconn.StateError("x"), 70),
        (smtpconn.CommandError("x"), 69),
    ],
)
def test_the_exit_code_of_an_error(error: smtpconn.SMTPConnError, code: int) -> None:
    assert exit_of(error) == code


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ("ACCEPTED", 0),
        ("ACCEPTED REJECTED DEFERRED", 67),
        ("ACCEPTED DEFERRED", 75),
        ("ACCEPTED NOT_TRIED", 75),
        ("ACCEPTED REJECTED UNKNOWN", 74),
    ],
)
def test_the_exit_code_of_a_result(statuses: str, code: int) -> None:
    results = [
        smtpconn.RecipientResult("a@b", smtpconn.RecipientStatus[each]) for each in statuses.split()
    ]
    assert exit_of_result(smtpconn.Result(results)) == code


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a é 漢", "a é 漢"), ("\x1b[2J", "\\x1b[2J"), ("a\r\nb", "a\\r\\nb"), ("\u202e", "\\u202e")],
)
def test_a_server_controls_no_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
