"""The command on a terminal: it asks for a password, and draws a bar."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

from command import LIMIT, Inside, environment
from logins import b64
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import _cli_progress

COMPLETE = b"From: a@example.org\nTo: b@example.org\nSubject: hi\n\nHello\n"
LOGIN = f"C: AUTH PLAIN {b64(chr(0) + 'ann' + chr(0) + 'sesame')}\nS: 235 ok"

#: A terminal belongs to the first of a session that opens it.
BEGIN = """
import os, runpy, sys
os.setsid()
terminal = os.open(sys.argv.pop(1), os.O_RDWR)
os.dup2(terminal, 2)
sys.argv[0] = "smtpconn"
runpy.run_module("smtpconn", run_name="__main__", alter_sys=True)
"""


def on_terminal(
    arguments: list[str], stdin: bytes, answer: Callable[[bytes], bytes | None]
) -> tuple[int, bytes, bytes]:
    """Runs the program with a terminal of its own, and types what `answer` says to what is shown.

    Returns its exit code, what it wrote to standard output, and what the terminal showed.
    """
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", BEGIN, os.ttyname(slave), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment(COLUMNS="80"),
    )
    assert child.stdin is not None
    child.stdin.write(stdin)
    child.stdin.close()
    os.close(slave)
    shown = b""
    try:
        while block := os.read(master, 65536):
            shown += block
            typed = answer(shown)
            if typed is not None:
                os.write(master, typed)
    except OSError:  # The other end of the terminal is closed.
        pass
    os.close(master)
    assert child.stdout is not None
    output = child.stdout.read()
    child.stdout.close()
    return child.wait(LIMIT), output, shown


def test_the_prompt(server: ScriptedServer) -> None:
    """The message comes from standard input all the same, and the password is not shown."""
    server.play(HELLO, LOGIN, SEND, QUIT)
    typed = iter([b"sesame\n"])

    def answer(shown: bytes) -> bytes | None:
        return next(typed, None) if b"Password of ann: " in shown else None

    url = f"smtp://ann@127.0.0.1:{server.port}"
    code, output, shown = on_terminal(["--url", url], COMPLETE, answer)
    server.check()
    assert code == 0
    assert output.endswith(b"accepted   b@example.org\n")
    assert shown.strip() == b"Password of ann:"
    assert server.messages == [COMPLETE.replace(b"\n", b"\r\n")]


def test_the_bar(server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    # More pieces than percents.
    large = COMPLETE + (b"0123456789" * 99 + b"\n") * 8192
    address = ["--host", "127.0.0.1", "--port", str(server.port)]
    code, output, shown = on_terminal(address, large, lambda _: None)
    server.check()
    assert code == 0
    assert b"accepted" in output
    bars = shown.split(b"\r\x1b[K")
    assert bars[0] == b""
    assert bars[1].startswith(b"[.")
    assert bars[1].endswith(b"]   0% 0.0 of 8.1 MB")
    assert bars[-2].endswith(b"#] 100% waiting for the reply")
    assert bars[-1] == b""
    percents = [int(bar.partition(b"] ")[2].partition(b"%")[0]) for bar in bars[1:-1]]
    assert percents == sorted(set(percents))
    assert len(percents) > 50
    assert server.messages == [large.replace(b"\n", b"\r\n")]


def test_no_bar_elsewhere(server: ScriptedServer, command: Inside) -> None:
    server.play(HELLO, SEND, QUIT)
    large = COMPLETE + b"0123456789\n" * 100_000
    assert command("--host", "127.0.0.1", "--port", str(server.port), stdin=large) == 0
    assert command.err == ""


@pytest.mark.parametrize("source", [[], ["--token-prompt"], ["--password-prompt"]])
def test_without_a_terminal_nothing_is_asked(
    source: list[str], command: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """getpass would take the message for the password."""

    def refuse(*_arguments: object) -> int:
        raise OSError

    monkeypatch.setattr("smtpconn._cli_secrets.os.open", refuse)
    monkeypatch.setattr("getpass.getpass", lambda prompt: pytest.fail(prompt))
    assert command("--user", "ann", *source, stdin=COMPLETE) == 64
    assert "there is no terminal to ask on: use --password-fd" in command.err


@pytest.mark.parametrize(
    ("source", "prompt", "answer"),
    [
        ("--token-prompt", "Access token of ann: ", ""),
        ("--password-prompt", "Password of ann: ", ""),
    ],
)
def test_an_empty_answer(
    source: str, prompt: str, answer: str, command: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("smtpconn._cli_secrets.os.open", lambda *_: os.dup(1))

    def ask(text: str) -> str:
        asked.append(text)
        return answer

    monkeypatch.setattr("getpass.getpass", ask)
    assert command("--user", "ann", source, stdin=COMPLETE) == 64
    assert asked == [prompt]
    assert f"argument {source}: nothing was entered" in command.err


def test_an_8_bit_message_with_a_bar_is_declared(
    server: ScriptedServer, command: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library cannot inspect what comes in pieces."""
    monkeypatch.setattr("smtpconn._cli.wants_progress", lambda *_: True)
    server.play(HELLO, SEND, QUIT)
    message = COMPLETE.replace(b"hi", "hé".encode())
    assert command("--host", "127.0.0.1", "--port", str(server.port), stdin=message) == 0
    server.check()
    assert server.commands[1] == "MAIL FROM:<a@example.org> SMTPUTF8 BODY=8BITMIME"
    assert server.messages == [message.replace(b"\n", b"\r\n")]
    assert len(message) < _cli_progress.LARGE
