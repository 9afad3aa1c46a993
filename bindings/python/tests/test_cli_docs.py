"""docs/python-command.md: its examples run, and its tables are complete."""

from __future__ import annotations

import argparse
import json
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from command import LIMIT, environment
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn._cli_arguments import _parser
from smtpconn._cli_exit import Exit

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "python-command.md").read_text()
MESSAGE = "From: ann@example.org\nTo: bob@example.net\nSubject: hi\n\nHello\n"
LOGIN = "C: AUTH PLAIN *\nS: 235 2.7.0 ok"
STARTTLS = "S: 220 test\nC: EHLO *\nS: 250-test\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT:"
AFTER = HELLO.partition("\n")[2].partition("\n")[2]
#: By what an example has in it.
SCRIPTS = {
    "--check": ["T:", HELLO, LOGIN, QUIT],
    "smtps://": ["T:", HELLO, LOGIN, SEND, QUIT],
    "smtp+starttls://": [STARTTLS, AFTER, LOGIN, SEND, QUIT],
    "--host": [HELLO, SEND, QUIT],
}


def examples() -> list[tuple[str, str]]:
    """The command and what it writes."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL):
        line, _, output = re.sub(r" \\\n> +", " ", block).partition("\n")
        assert line.startswith("$ smtpconn ")
        found.append((line[2:], output))
    return found


def same_everywhere(output: str) -> list[str]:
    """What no other server, machine or day changes."""
    for pattern, shown in (
        (r"(127\.0\.0\.1|192\.0\.2\.1):\d+", "ADDRESS"),
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r" +\d+ ms", " N ms"),
        (r"TLS_\w+", "CIPHER"),
        (r"(?m)^Client .*$", "Client"),
        (r"(?m)^Server  .*,", "Server"),
        (r"mail\.example\.org|localhost", "HOST"),
    ):
        output = re.sub(pattern, shown, output)
    return output.splitlines()


@pytest.mark.parametrize(("line", "output"), examples())
def test_an_example(
    line: str, output: str, server: ScriptedServer, certificate: Path, tmp_path: Path
) -> None:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    script = next(script for part, script in SCRIPTS.items() if part in line)
    server.play(*script)
    for name, text in (("message.eml", MESSAGE), ("secret.txt", "x\n"), ("figures.csv", "1;2\n")):
        (tmp_path / name).write_text(text)
    place = f"127.0.0.1:{server.port}"
    trust = f"?tls_servername=localhost\\&tls_ca_file={certificate}"
    line = line.replace("--host mail.example.org", f"--host 127.0.0.1 --port {server.port}")
    line = line.replace("@mail.example.org", f"@{place}{trust}")
    done = subprocess.run(
        ["sh", "-c", f'smtpconn() {{ "$PYTHON" -m smtpconn "$@"; }}\n{line}'],
        capture_output=True,
        cwd=tmp_path,
        env=environment(SECRET="x", PYTHON=sys.executable),
        timeout=LIMIT,
    )
    server.check()
    assert (done.returncode, done.stderr) == (0, b"")
    written = done.stdout.decode()
    if output:
        assert same_everywhere(written) == same_everywhere(output)
    else:
        assert json.loads(written)["exit"] == 0
    assert len(server.messages) == ("--check" not in line)


def test_there_are_examples() -> None:
    assert len(examples()) >= 5


def test_every_argument_is_described() -> None:
    arguments = [
        name
        for action in _parser()._actions
        for name in action.option_strings
        if name not in ("-m", "-s", "-a")
    ]
    assert len(arguments) > 30
    assert [name for name in arguments if f"{name}" not in DOCUMENT] == []


def test_every_choice_of_tls_is_described() -> None:
    (tls,) = (each for each in _parser()._actions if each.dest == "tls")
    assert isinstance(tls, argparse.Action)
    assert set(tls.choices or ()) == set(re.findall(r"^\| `--tls (\w+)`", DOCUMENT, re.MULTILINE))


def test_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(each.value, each.name) for each in Exit]
