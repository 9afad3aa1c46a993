"""The programs in README.md deliver mail, and the tables of options and errors in docs are
complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT
from support.realservers.mailboxes import ALICE, BOB, PASSWORD, USER
from support.realservers.postfix import Postfix
from support.servers.certificates import Certificates

README = (ROOT / "README.md").read_text()
OPTIONS = (ROOT / "docs" / "options.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
HEADER = (ROOT / "include" / "smtpconn.h").read_text()
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
DELIVERED = f"From: {ALICE}\nSubject: Hello\n\nHello Bob.\n".encode()
PATIENCE = 600.0


def first_block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found is not None, f"README.md has no program in {language}"
    return found[1]


def sections(document: str) -> dict[str, str]:
    """The text below each title of a document."""
    found = re.findall(r"^## (.*)\n((?:(?!^## ).*\n)*)", document, re.MULTILINE)
    return {title: text for title, text in found}


def first_column(table: str) -> list[str]:
    """The words in code type in the first column of a table."""
    rows = re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)
    return [word for row in rows for word in re.findall(r"`([^`]*)`", row)]


def for_server(program: str, server: Postfix) -> str:
    """The program, with the addresses and secrets of the test server in place of
    those of the reader. JSON writes a string as C and Python do."""
    values = {
        '"mail.example.com"': json.dumps(server.host),
        "587": str(server.ports["submission"]),
        '"alice"': json.dumps(USER),
        '"secret"': json.dumps(PASSWORD),
        "alice@example.com": ALICE,
        "bob@example.com": BOB,
    }
    for shown, meant in values.items():
        assert shown in program, f"the program in README.md does not mention {shown}"
        program = program.replace(shown, meant)
    assert "example.com" not in program
    return program


def run(command: list[str | Path], folder: Path, **environment: str | Path) -> str:
    """Runs what must succeed and say nothing on standard error."""
    done = start(command, folder, **environment)
    assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
    assert done.stderr == "", f"{command}: {done.stderr}"
    return done.stdout


def start(
    command: list[str | Path], folder: Path, **environment: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# Where both programs find the library and the package as they were built.
BUILT: dict[str, str | Path] = {
    "LD_LIBRARY_PATH": BUILD,
    "SMTPCONN_LIBRARY": BUILD / "libsmtpconn.so.0",
    "PYTHONPATH": ROOT / "bindings" / "python" / "src",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def prepare(language: str, server: Postfix, folder: Path) -> list[str | Path]:
    """The command that runs the program in this language."""
    text = for_server(first_block(language), server)
    if language == "python":
        (folder / "hello.py").write_text(text)
        return [sys.executable, "-W", "error", "hello.py"]
    # As README.md says, but with the library where it was built.
    line = re.search(r"^    cc (\w+\.c) \$\((pkg-config .*)\) -o (\w+)$", README, re.MULTILINE)
    assert line is not None, "README.md does not say how to compile it"
    source, ask, program = line.groups()
    (folder / source).write_text(text)
    folders = [
        f"--define-variable=includedir={ROOT / 'include'}",
        f"--define-variable=libdir={BUILD}",
    ]
    flags = run([*ask.split(), *folders], folder, PKG_CONFIG_PATH=BUILD)
    run(["cc", *STRICT, source, *flags.split(), "-o", program], folder)
    return [folder / program]


both = pytest.mark.parametrize("language", ["c", "python"])


@both
def test_program(
    postfix: Postfix, certificates: Certificates, tmp_path: Path, language: str
) -> None:
    command = prepare(language, postfix, tmp_path)
    printed = run(command, tmp_path, **BUILT, SSL_CERT_FILE=certificates.ca_file)
    found = re.match(r"250 2\.0\.0 Ok: queued as (\w+)", printed)
    assert found is not None, f"the program printed {printed!r}"
    delivery = postfix.delivery(BOB, found[1])
    assert delivery.content == DELIVERED
    assert delivery.protocol == "ESMTPSA"


@both
def test_program_verifies_the_server(postfix: Postfix, tmp_path: Path, language: str) -> None:
    """With an untrusted certificate it stops in the TLS handshake."""
    command = prepare(language, postfix, tmp_path)
    since = len(postfix.log())
    done = start(command, tmp_path, **BUILT, SSL_CERT_FILE=os.devnull)
    assert "certificate" in done.stdout + done.stderr
    postfix.wait_log(r"submission/smtpd.*: disconnect .* ehlo=1 starttls=0/1 commands=1/2\n", since)


def documented_options() -> list[str]:
    """Every section but that on the envelope has a table of options."""
    return [
        name
        for title, text in sections(OPTIONS).items()
        if title != "Fields of an envelope"
        for name in first_column(text)
    ]


def test_options() -> None:
    """docs/options.md lists every option, and nothing else."""
    documented = documented_options()
    assert len(documented) == len(set(documented))
    # A URL sets several of them.
    assert {*documented, "url"} == set(re.findall(r"\bsmtpconn_options_set_(\w+)\(", HEADER))
    # The name without set_ is the getter; callbacks and a key have none.
    write_only = {
        "proxy_password",
        "tls_key",
        "tls_key_password_callback",
        "tls_context_callback",
        "tls_key_log_callback",
        "custom_mechanism",
    }
    assert set(documented) - write_only == set(documented) & set(
        re.findall(r"\bsmtpconn_options_(\w+)\(", HEADER)
    )


def test_envelope_fields() -> None:
    """docs/options.md lists every field of an envelope, and nothing else."""
    documented = first_column(sections(OPTIONS)["Fields of an envelope"])
    # By name: they are in the text below the table.
    documented += ["parameter", "to_parameter"]
    assert set(documented) == set(re.findall(r"\bsmtpconn_envelope_(?:set|add)_(\w+)\(", HEADER))


def test_options_in_python(tmp_path: Path) -> None:
    """Each is a keyword of Connection."""
    ask = "import inspect, smtpconn; print(*inspect.signature(smtpconn.Connection).parameters)"
    keywords = run([sys.executable, "-c", ask], tmp_path, **BUILT).split()
    # Three have the name of what Python takes instead of a function and its user.
    python = {
        "tls_key_password_callback": "tls_key_password",
        "tls_key_log_callback": "tls_key_log",
        "custom_mechanism": "custom_mechanisms",
    }
    options = {python.get(name, name) for name in documented_options()}
    assert options <= set(keywords)


def test_errors() -> None:
    """docs/errors.md lists every code."""
    named = first_column(sections(ERRORS)["Codes"])
    assert len(named) == len(set(named))
    assert set(named) == set(re.findall(r"\bSMTPCONN_(E[A-Z0-9]+) = -\d+", HEADER))
