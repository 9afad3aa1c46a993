"""Every program in README.md does what it says."""

from __future__ import annotations

import re
import ssl
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _once, aio

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
FROM, TO = "a@example.org", "b@example.org"

STARTTLS = "S: 220 test\nC: EHLO *\nS: 250-test\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT:\n"
LOGIN = "C: AUTH PLAIN *\nS: 235 2.7.0 ok\n"
DSN = """
C: MAIL FROM:<a@example.org> RET=HDRS ENVID=4711
S: 250 ok
C: RCPT TO:<b@example.net> NOTIFY=FAILURE,DELAY
S: 250 ok
C: RCPT TO:<c@example.net> NOTIFY=NEVER
S: 250 ok
C: DATA
S: 354 go ahead
M:
S: 250 ok
"""
OURS = HELLO.replace("PLAIN LOGIN", "X-OURS") + "C: AUTH X-OURS bWU=\nS: 235 ok\n"
COMMANDS = """
C: VRFY ann
S: 250 <ann@example.net>
C: EXPN staff
S: 250 <ann@example.net>
C: XCLIENT NAME=client.example ADDR=192.0.2.1
S: 220 again
C: EHLO *
S: 250 test
C: XSTATUS queue
S: 250 0
"""


def programs() -> Iterator[tuple[str, str]]:
    """The title of the section, and the program."""
    for section in re.split(r"^#+ ", README, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield title, found[1]


PROGRAMS = dict(programs())


@pytest.fixture
def local(
    server: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> ScriptedServer:
    """The server that every connection reaches, whatever host and port a program names."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    original = smtpconn.Connection

    class Local(original):  # type: ignore[valid-type, misc]
        def __init__(self, host: str, port: int = 25, **options: Any) -> None:
            if port == 465:
                options["secure"] = True
            options.update(tls_ca_file=certificate, tls_servername="localhost")
            super().__init__("127.0.0.1", server.port, **options)

    class AsyncLocal(aio.AsyncConnection):
        def __init__(self, _host: str, _port: int = 25, **options: Any) -> None:
            options.update(tls_ca_file=certificate, tls_servername="localhost")
            super().__init__("127.0.0.1", server.port, **options)

    monkeypatch.setattr(smtpconn, "Connection", Local)
    monkeypatch.setattr(aio, "AsyncConnection", AsyncLocal)
    monkeypatch.setattr(_once, "Connection", Local)
    return server


def run(title: str, **names: Any) -> dict[str, Any]:
    """Runs the program of a section; what it uses and does not make is given."""
    names = {"smtpconn": smtpconn, "sender": FROM, "recipients": [TO], "message": "x", **names}
    exec(compile(textwrap.dedent(PROGRAMS[title]), f"README.md, {title}", "exec"), names)
    return names


def test_all_are_here() -> None:
    source = Path(__file__).read_text()
    assert all(re.search(rf'run\(\s*"{title}"', source) for title in PROGRAMS)
    assert len(PROGRAMS) == len(list(programs())) == README.count("```python")


def test_first(local: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    local.play(STARTTLS, HELLO.partition("\n")[2].partition("\n")[2], LOGIN, SEND, QUIT)
    run("smtpconn for Python")
    local.check()
    assert local.messages == [b"Subject: hi\r\n\r\nHello\r\n"]
    assert capsys.readouterr().out == "4F2A []\n"


def test_in_one_call(local: ScriptedServer) -> None:
    local.play(STARTTLS, HELLO.partition("\n")[2].partition("\n")[2], LOGIN, SEND, QUIT)
    run("In one call")
    local.check()
    assert local.messages == [b"Subject: hi\r\n\r\nHello\r\n"]


def test_instead_of_smtplib() -> None:
    import smtplib

    assert issubclass(run("Instead of smtplib")["smtplib"].SMTP, smtplib.SMTP)


def test_asyncio(local: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    local.play(STARTTLS, HELLO.partition("\n")[2].partition("\n")[2], LOGIN, SEND, QUIT)
    run("asyncio and trio")
    local.check()
    assert local.messages == [b"Subject: hi\r\n\r\nHello\r\n"]
    assert capsys.readouterr().out == "4F2A []\n"
    lines = PROGRAMS["asyncio and trio"].splitlines()
    assert sum(bool(line) for line in lines) <= 12


def test_without_a_socket() -> None:
    replies = (b"220 a", b"250 a", b"250 ok", b"250 ok", b"354 go on", b"250 queued", b"221 bye")
    sent: list[bytes] = []
    reports: list[Any] = []
    run(
        "Without a socket",
        received=(reply + b"\r\n" for reply in replies),
        transport=SimpleNamespace(write=sent.append),
        callback=lambda error, _: reports.append(error),
    )["connection"].close()
    verbs = [octets[:4] for octets in sent]
    assert verbs == [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"x\r\n.", b"QUIT"]
    assert reports == [None]


def test_email(local: ScriptedServer) -> None:
    local.play(HELLO, SEND, QUIT)
    with smtpconn.Connection("localhost") as connection:
        run("Messages of the email package", connection=connection)
    local.check()
    assert "RCPT TO:<to@example.net>" in local.commands
    assert "Subject: =?utf-8?" in local.messages[0].decode("ascii")


def test_dsn(local: ScriptedServer) -> None:
    local.play(HELLO.replace("8BITMIME", "DSN"), DSN, QUIT)
    with smtpconn.Connection("localhost") as connection:
        run("Envelope", connection=connection)
    local.check()


def test_mechanism(local: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    original = smtpconn.Connection
    monkeypatch.setattr(
        smtpconn, "Connection", lambda *args, **options: made.append(original(*args, **options))
    )
    local.play(OURS, QUIT)
    run("Login", host="localhost")
    with made[0] as connection:
        connection.login(None)
    local.check()


def test_server_for_tests() -> None:
    """The program under test meets a server that refuses it once."""
    text = "Subject: Hello\n\nHello\n"

    def program_under_test(host: str, port: int, ca_file: str) -> None:
        options: Any = {"tls_ca_file": ca_file, "require_tls": True}
        with smtpconn.Connection(host, port, **options) as connection:
            with pytest.raises(smtpconn.EnvelopeError):
                connection.send(FROM, "bob@example.net", text)
            result = connection.send(FROM, ["nobody@example.net", "bob@example.net"], text)
            assert result.rejected == ["nobody@example.net"]

    run("Testing a program", program_under_test=program_under_test)


def test_commands(local: ScriptedServer) -> None:
    local.play(HELLO.replace("8BITMIME", "XCLIENT NAME ADDR"), COMMANDS, QUIT)
    with smtpconn.Connection("localhost") as connection:
        run("Other commands", connection=connection)
    local.check()


def test_accepted_recipients_of_an_error(local: ScriptedServer) -> None:
    script = """
    S: 220 test
    C: LHLO *
    S: 250 test
    C: MAIL *
    S: 250 ok
    C: RCPT TO:<one@example.org>
    S: 250 ok
    C: RCPT TO:<two@example.org>
    S: 250 ok
    C: RCPT TO:<three@example.org>
    S: 550 no
    C: DATA
    S: 354 go ahead
    M:
    S: 250 one has it
    X:
    E:
    """
    local.play(textwrap.dedent(script))
    connection = smtpconn.Connection("localhost", lmtp=True)
    connection.connect()
    names = ["one@example.org", "two@example.org", "three@example.org"]
    errors: list[smtpconn.SMTPConnError] = []

    def send(*arguments: Any) -> smtpconn.Result:
        try:
            return connection.send(*arguments)
        except smtpconn.SMTPConnError as error:
            errors.append(error)
            raise

    found = run("Errors", connection=SimpleNamespace(send=send), recipients=names)
    connection.close()
    assert found["again"] == ["two@example.org"]
    (error,) = errors
    assert error.retry is smtpconn.Retry.UNKNOWN
    assert error.result is not None
    assert error.result.accepted == ["one@example.org"]
    assert error.result.rejected == ["three@example.org"]


def test_resuming(local: ScriptedServer) -> None:
    local.play("T:", HELLO, SEND, QUIT).play("T:", HELLO, SEND, QUIT)
    names = run("Resuming TLS", host="localhost", messages=["one", "two"])
    local.check()
    assert local.messages == [b"one\r\n", b"two\r\n"]
    assert isinstance(names["session"], bytes)


def test_several(local: ScriptedServer) -> None:
    local.play(HELLO, SEND, QUIT).play(HELLO, SEND, QUIT)
    reports: list[Any] = []
    run(
        "Several connections at once",
        hosts=["one", "two"],
        callback=lambda error, result: reports.append((error, result.accepted)),
    )
    local.check()
    assert reports == [(None, [TO])] * 2
