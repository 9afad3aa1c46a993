"""The command as a program: what it sends, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from command import Inside, environment, program
from logins import b64
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn._cli_exit import Exit

FROM, TO = "a@example.org", "b@example.org"
COMPLETE = b"From: a@example.org\nTo: b@example.org\nSubject: hi\n\nHello\n"
FULL = b"smtpconn: the output cannot be written: No space left on device\n"
PLAIN = b64("\0ann\0sesame")
LOGIN = f"C: AUTH PLAIN {PLAIN}\nS: 235 ok"
REFUSED_LOGIN = "C: AUTH PLAIN *\nS: 535 5.7.8 wrong"
TWO = SEND.replace("C: DATA", "C: RCPT TO:<c@example.org>\nS: 250 ok\nC: DATA")
ONE_REFUSED = TWO.replace("S: 250 ok\nC: DATA", "S: 550 5.1.1 unknown\nC: DATA")
ALL_REFUSED = "C: MAIL FROM:*\nS: 250 ok\nC: RCPT TO:*\nS: {}"


def at(server: ScriptedServer) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(server.port)]


# --- the program itself ---------------------------------------------------------


def test_a_message_from_standard_input(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    done = program(*at(server), stdin=COMPLETE)
    server.check()
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        f"127.0.0.1:{server.port}: 250 2.0.0 Ok: queued as 4F2A",
        "accepted   b@example.org",
    ]
    assert server.messages == [COMPLETE.replace(b"\n", b"\r\n")]


def test_a_url_in_the_environment(server: ScriptedServer, tmp_path: Path) -> None:
    """Its password is in nothing that is written, and no warning: others do not see it."""
    message = tmp_path / "message.eml"
    message.write_bytes(COMPLETE)
    server.play(HELLO, LOGIN, SEND, QUIT)
    url = f"smtp://ann:sesame@127.0.0.1:{server.port}?auth_method=PLAIN"
    done = program(
        "--transcript", "--json", "-m", str(message), TO, variables={"SMTPCONN_URL": url}
    )
    server.check()
    assert done.returncode == 0
    written = (done.stdout + done.stderr).decode()
    assert "C: AUTH PLAIN ***" in written
    assert "warning" not in done.stderr.decode()
    for secret in ("sesame", PLAIN):
        assert secret not in written


def test_a_password_from_a_descriptor(server: ScriptedServer) -> None:
    server.play(HELLO, LOGIN, SEND, QUIT)
    reading, writing = os.pipe()
    os.write(writing, b"sesame\nrest")
    # The other end stays open, as that of a terminal: a line is enough.
    done = program(
        *[*at(server), "--user", "ann", "--password-fd", str(reading)],
        stdin=COMPLETE,
        pass_fds=[reading],
    )
    os.close(reading)
    os.close(writing)
    server.check()
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_password_among_the_arguments_is_warned_about(server: ScriptedServer) -> None:
    server.play(HELLO, REFUSED_LOGIN, QUIT)
    done = program(*at(server), "--user", "ann", "--password", "sesame", stdin=COMPLETE)
    server.check()
    assert done.returncode == 77
    warning, error = done.stderr.decode().splitlines()
    assert warning.startswith("smtpconn: warning: --password is visible to other users")
    assert error.startswith("smtpconn: the server refused the login: 535 5.7.8 wrong")
    assert b"sesame" not in done.stdout + done.stderr


def test_the_server_is_away() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"smtp://ann:sesame@127.0.0.1:{nobody.getsockname()[1]}"
        done = program("--json", variables={"SMTPCONN_URL": url}, stdin=COMPLETE)
    assert done.returncode == 75
    report = json.loads(done.stdout)
    assert report["exit"] == 75
    assert report["error"]["name"] == "ESOCKET"
    assert report["error"]["kind"] == "CONNECT_REFUSED"
    assert report["server"]["address"] is None
    assert b"sesame" not in done.stdout + done.stderr


def test_a_bad_url() -> None:
    done = program("--url", "smtp://ann:ses/ame@h", stdin=COMPLETE)
    assert (done.returncode, done.stdout) == (64, b"")
    assert b"percent-encode" in done.stderr
    assert b"ame@" not in done.stderr


def test_nobody_reads_the_output(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.Popen(
        [sys.executable, "-m", "smtpconn", *at(server)],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    os.close(writing)
    _, errors = child.communicate(COMPLETE)
    assert (child.returncode, errors) == (74, b"")


def test_streams_that_are_closed_or_full(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(HELLO, SEND, QUIT).play(HELLO, SEND, QUIT)
    line = f'"$PYTHON" -m smtpconn {" ".join(at(server))} b@example.org --sender a@example.org'
    for streams, code in (("<&- >&- 2>&- -m message", 0), (">/dev/full -m message", 74)):
        done = subprocess.run(
            ["sh", "-c", f"printf 'A: b\\n\\nx' > message; {line} {streams}"],
            capture_output=True,
            cwd=tmp_path,
            env=environment(PYTHON=sys.executable),
        )
        assert done.returncode == code
        assert done.stderr == (b"" if code == 0 else FULL)


def test_ctrl_c(server: ScriptedServer) -> None:
    """The server never answers: only the signal can end it."""
    server.play("E:")
    child = subprocess.Popen(
        [sys.executable, "-m", "smtpconn", *at(server), "--transcript"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        # A shell has its children in the background ignore it, and theirs inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert child.stdin is not None
    assert child.stderr is not None
    child.stdin.write(COMPLETE)
    child.stdin.close()
    while b"connected" not in child.stderr.readline():
        pass
    child.send_signal(signal.SIGINT)
    rest = child.stderr.read()
    child.stderr.close()
    assert child.wait() == 130
    assert rest.endswith(b"\nsmtpconn: interrupted\n")
    assert b"Traceback" not in rest


def test_the_script_of_the_package() -> None:
    """`smtpconn` is the same function as `python -m smtpconn`."""
    configuration = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    assert re.search(
        r'^\[project\.scripts\]\nsmtpconn = "smtpconn\._cli:main"$', configuration, re.M
    )
    assert b"exit codes" in program("--help").stdout


# --- what is sent ---------------------------------------------------------------


def test_a_message_of_arguments(server: ScriptedServer, command: Inside, tmp_path: Path) -> None:
    picture, letter = tmp_path / "picture é.png", tmp_path / "old.eml"
    picture.write_bytes(b"\x89PNG\0\xff")
    letter.write_bytes(COMPLETE)
    server.play(
        HELLO.replace("8BITMIME", "DSN"), TWO.replace("c@example.org>", "c@example.org>*"), QUIT
    )
    code = command(
        *at(server),
        *["--from", "Änn <a@example.org>", "--to", "b@example.org", "--cc", "C <c@example.org>"],
        *["-s", "Grüße", "--body", "Tschüß", "--header", "X-Own: 1", "--sender", "s@example.org"],
        *["-a", str(picture), "-a", str(letter)],
        *["--dsn-notify", "FAILURE,DELAY", "--dsn-return", "HDRS", "--dsn-envid", "4711"],
    )
    server.check()
    assert (code, command.err) == (0, "")
    assert server.commands[1:4] == [
        "MAIL FROM:<s@example.org> RET=HDRS ENVID=4711",
        "RCPT TO:<b@example.org> NOTIFY=FAILURE,DELAY",
        "RCPT TO:<c@example.org> NOTIFY=FAILURE,DELAY",
    ]
    (octets,) = server.messages
    assert octets.isascii()
    message: Any = message_from_bytes(octets, policy=policy.SMTP)
    assert (message["From"], message["Subject"]) == ("Änn <a@example.org>", "Grüße")
    assert message["X-Own"] == "1"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"] is not None
    text, image, mail = message.iter_parts()
    assert text.get_content().splitlines() == ["Tschüß"]
    assert (image.get_content_type(), image.get_filename()) == ("image/png", "picture é.png")
    assert image.get_content() == b"\x89PNG\0\xff"
    assert mail.get_content_type() == "message/rfc822"
    assert mail.get_content()["Subject"] == "hi"


def test_the_recipients_of_the_header_and_no_bcc(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, TWO, QUIT)
    hidden = COMPLETE.replace(b"Subject", b"bcc: c@example.org,\n\tb@example.org\nSubject")
    assert command(*at(server), "--message", "-", stdin=b"From a Mon\n" + hidden) == 0
    server.check()
    assert server.messages == [COMPLETE.replace(b"\n", b"\r\n")]


def test_the_recipients_of_the_arguments(server: ScriptedServer, command: Inside) -> None:
    """They may stand between options, and the body may hold what looks like a field."""
    server.play(HELLO, TWO.replace("FROM:*", "FROM:<>"), QUIT)
    body = b"\nBcc: is part of the text\n"
    assert command(TO, *at(server), "c@example.org", "--sender", "", stdin=body) == 0
    server.check()
    assert server.messages == [body.replace(b"\n", b"\r\n")]


def test_text_from_standard_input(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, SEND, QUIT)
    arguments = ["--from", FROM, "--bcc", TO, "--body-file", "-"]
    assert command(*at(server), *arguments, stdin="Grüße\n".encode()) == 0
    server.check()
    message: Any = message_from_bytes(server.messages[0], policy=policy.SMTP)
    assert message.get_content().splitlines() == ["Grüße"]
    assert message["Bcc"] is None


def test_content_is_encoded_where_it_must_be(server: ScriptedServer, command: Inside) -> None:
    eight_bit = COMPLETE.replace(b"\n\n", b"\nContent-Type: text/plain; charset=utf-8\n\n\xc3\xa4")
    server.play(HELLO, SEND, QUIT).play(HELLO.replace("8BITMIME", "SIZE"), SEND, QUIT)
    assert command(*at(server), stdin=eight_bit) == 0
    assert command(*at(server), stdin=eight_bit) == 0
    server.check()
    plain, encoded = server.messages
    assert b"\xc3\xa4Hello" in plain
    assert encoded.isascii()
    content: Any = message_from_bytes(encoded).get_payload(decode=True)
    assert content.splitlines() == ["äHello".encode()]


def test_a_unix_socket_with_lmtp(command: Inside, tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with ScriptedServer(listener) as server:
            server.play(HELLO.replace("EHLO", "LHLO"), SEND, QUIT)
            assert command("--socket", path, "--lmtp", stdin=COMPLETE) == 0
            server.check()


@pytest.mark.parametrize("source", ["env", "argument"])
def test_a_token(
    source: str, server: ScriptedServer, command: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = HELLO.replace("PLAIN LOGIN", "XOAUTH2 PLAIN")
    token = b64("user=ann\1auth=Bearer fresh\1\1")
    server.play(offer, f"C: AUTH XOAUTH2 {token}\nS: 235 ok", SEND, QUIT)
    monkeypatch.setenv("TOKEN", "fresh")
    given = ["--token-env", "TOKEN"] if source == "env" else ["--token", "fresh"]
    assert command(*at(server), "--user", "ann", *given, stdin=COMPLETE) == 0
    server.check()
    assert ("warning: --token is visible" in command.err) == (source == "argument")


def test_starttls(server: ScriptedServer, command: Inside, certificate: Path) -> None:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    begin = "S: 220 test\nC: EHLO *\nS: 250-test\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT:"
    after = HELLO.partition("\n")[2].partition("\n")[2]
    server.play(begin, after, SEND, QUIT)
    arguments = ["--tls", "require", "--ca-file", str(certificate), "--json"]
    option = ["-o", "tls_servername=localhost"]
    assert command(*at(server), *arguments, *option, stdin=COMPLETE) == 0
    server.check()
    assert json.loads(command.out)["tls"]["peer_name"] == "localhost"


# --- how it ends -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (ONE_REFUSED, 67),
        (ONE_REFUSED.replace("550 5.1.1", "450 4.2.1"), 75),
        (ALL_REFUSED.format("550 5.1.1 unknown"), 67),
        (ALL_REFUSED.format("450 4.2.1 later"), 75),
        ("C: MAIL *\nS: 550 5.7.1 not you", 69),
        (TWO.replace("250 2.0.0 Ok: queued as 4F2A", "554 5.6.0 no"), 69),
        (TWO.replace("250 2.0.0 Ok: queued as 4F2A", "452 4.3.1 full"), 75),
        (TWO.replace("S: 250 2.0.0 Ok: queued as 4F2A", "X:\nE:"), 74),
        ("C: MAIL *\nS: 250 ok\nS: 250 what", 76),
    ],
)
def test_exit_codes(script: str, code: int, server: ScriptedServer, command: Inside) -> None:
    more = script == ALL_REFUSED.format("550 5.1.1 unknown") or "450 4.2.1 later" in script
    recipients = [TO] if more else [TO, "c@example.org"]
    server.play(HELLO, script, "" if "E:" in script or "what" in script else QUIT)
    assert command(*at(server), "--json", *recipients, stdin=COMPLETE) == code
    report = json.loads(command.out)
    assert report["exit"] == code
    statuses = {each["status"] for each in report["result"]["recipients"]}
    expected = {67: "rejected", 74: "unknown"}
    assert expected.get(code, "accepted") in statuses or code in (69, 75, 76)


def test_a_refused_recipient_is_shown(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, ONE_REFUSED.replace("unknown", "un\x1bknown"), QUIT)
    assert command(*at(server), "-q", TO, "c@example.org", stdin=COMPLETE) == 67
    assert command.out.splitlines()[1:] == [
        "accepted   b@example.org",
        "rejected   c@example.org  550 5.1.1 un\\x1bknown",
    ]


def test_quiet(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, SEND, QUIT)
    assert command(*at(server), "--quiet", stdin=COMPLETE) == 0
    assert command.out == command.err == ""


def test_dsn_that_is_not_offered_is_warned_about(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, SEND, QUIT)
    assert command(*at(server), "--dsn-notify", "NEVER", stdin=COMPLETE) == 0
    assert command.err == (
        "smtpconn: warning: the server does not offer DSN: no notification is asked for\n"
    )


@pytest.mark.parametrize(
    ("arguments", "query", "kind"),
    [
        (["--timeout", "0.1"], "?socket_timeout=60", "TIMEOUT_GREETING"),
        ([], "?timeout=0.1&socket_timeout=60", "TIMEOUT_GREETING"),
        (["--timeout", "0.1"], "?greeting_timeout=60", "TIMEOUT_SOCKET"),
        (["--timeout", "60", "-o", "greeting_timeout=0.1"], "", "TIMEOUT_GREETING"),
    ],
)
def test_a_limit_for_every_wait(
    arguments: list[str], query: str, kind: str, server: ScriptedServer, command: Inside
) -> None:
    """An option of its own, or in the URL, comes first."""
    server.play("E:")
    url = f"smtp://127.0.0.1:{server.port}{query}"
    assert command("--url", url, "--json", *arguments, stdin=COMPLETE) == Exit.TEMPFAIL
    assert json.loads(command.out)["error"]["kind"] == kind


def test_a_fault_of_the_program_is_told_apart(
    command: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtpconn._cli.target_of", lambda *_: 1 / 0)
    assert command() == 70
    assert "ZeroDivisionError" in command.err
