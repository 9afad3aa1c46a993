"""Arguments of the command that are wrong: each names itself, and nothing is sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from command import Inside
from smtpconn import _cli_message
from smtpconn._cli_exit import Exit

COMPLETE = b"From: a@example.org\nTo: b@example.org\n\nHello\n"
MAKE = ["--from", "a@example.org", "--to", "b@example.org"]

#: Arguments, and the beginning of what is said about them.
WRONG = {
    "--hots h": "argument --hots: there is no such argument",
    "--passwrod=sesame": "argument --passwrod: there is no such argument",
    "--hos h": "argument --hos: there is no such argument",
    "--host": "argument --host: expected one argument",
    "--port smtp": "argument --port: a number from 1 to 65535 is needed, not 'smtp'",
    "--port 0": "argument --port: a number from 1 to 65535",
    "--port 65536": "argument --port: a number from 1 to 65535",
    "--port 100000025": "argument --port: a number from 1 to 65535",
    "--timeout soon": "argument --timeout: a number of seconds is needed, as 30 or 2.5, not 'soon'",
    "--timeout 0": "timeout must be more than 0",
    "--tls maybe": "argument --tls: invalid choice: 'maybe'",
    "--url smtp:h": "the URL must begin with a scheme",
    "--url smtp://h --host i": "host is given twice: by the URL and as an argument",
    "--url smtp://ann@h --user ann": "user is given twice",
    "--url smtps://h --tls implicit": "secure is given twice",
    "--url smtp://h?nam=x": "nam is not an option of a connection: did you mean name?",
    "-o name": "argument -o/--option: name needs a value: name=...",
    "-o nam=x": "argument -o/--option: nam is not an option of a connection: did you mean name?",
    "-o command_timeout=x": "argument -o/--option: command_timeout must be a number of seconds",
    "--host h -o host=i": "argument -o/--option: host is given twice",
    "-o name=a -o name=b": "argument -o/--option: name is given twice",
    "-o command_timeout=0": "command_timeout must be more than 0",
    "--host a/b": "host must be a host name",
    "--tls never -o require_tls=true": "require_tls",
    "--password-fd 3 --password-env X": "argument --password-env: not allowed with argument",
    "--password x --token x": "argument --token: not allowed with argument",
    "--password-fd x": "argument --password-fd: a number of a descriptor is needed, not 'x'",
    "--token-env HOME": "argument --token-env: it needs --user, or a user in the URL",
    "--url smtp://ann:x@h --password-env HOME": "argument --password-env: the URL has a password",
    "--user ann --password-env NOT_THERE": "argument --password-env: the environment has no NOT_TH",
    "--user ann --password-fd 999": "argument --password-fd: 999 cannot be read: Bad file",
    "--message x --subject y": "argument --subject: not with --message",
    "--message x --body-file y": "argument --body-file: not with --message",
    "--subject x": "argument --from: a message needs an author",
    "--from a@example.org --body x --body-file y": "argument --body-file: not with --body",
    "--from a@example.org --header x": "argument --header: 'NAME: VALUE' is needed, not 'x'",
    "--from a@example.org --header x\N{NO-BREAK SPACE}y:z": "argument --header: 'NAME: VALUE'",
    "--from a@example.org --header Subject:1 --subject 2": "argument --header: There may be at",
    "--from a@b --subject x\N{LINE FEED}Bcc:c@d": "argument --subject: Header values may not",
    "--dsn-return PART": "argument --dsn-return: invalid choice: 'PART'",
    "--check b@example.org": "argument RECIPIENT: a check without a message has none",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_names_itself(line: str, command: Inside) -> None:
    assert command(*line.split(" "), stdin=COMPLETE) == Exit.USAGE
    *_warnings, error = command.err.splitlines()
    assert error.startswith("smtpconn: ")
    assert WRONG[line] in error
    assert command.out == ""
    assert "sesame" not in command.err


def test_the_report_of_a_wrong_argument_in_json(command: Inside) -> None:
    assert command("--json", "--port", "x") == 64
    report = json.loads(command.out)
    assert (report["exit"], report["action"]) == (64, "send")
    assert report["error"]["name"] == "EARGUMENT"
    assert report["error"]["message"].startswith("argument --port:")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["-m", "/nowhere/x.eml"], 66, "argument --message: /nowhere/x.eml: No such file"),
        ([*MAKE, "-a", "/nowhere/x"], 66, "argument --attach: /nowhere/x: No such file"),
        ([*MAKE, "--body-file", "/nowhere/x"], 66, "argument --body-file: /nowhere/x: No such"),
        (["-m", "/"], 66, "argument --message: /: Is a directory"),
        (["--from", "a@example.org"], 65, "give recipients after the options"),
        (["--from", "a b", "--to", "b@example.org"], 65, "give --sender"),
        ([*MAKE, "--sender", "A <a@b>"], 65, '"A <a@b>" (from) has a display name'),
        ([*MAKE, "A <a@b>"], 65, '"A <a@b>" (to) has a display name'),
        ([*MAKE, "--dsn-notify", "X"], 65, "dsn_notify must be NEVER, or a list of"),
        ([*MAKE, "--user", "ann", "--dsn-envid", "ä"], 65, "dsn_envid must be 1 to 100"),
        (["--from", "a@example.org", "--to", "b c@d"], 65, "the field To is no correct list"),
    ],
)
def test_input_that_is_wrong(arguments: list[str], code: int, reason: str, command: Inside) -> None:
    assert command(*arguments) == code
    assert reason in command.err


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (b"", "the message is empty"),
        (b"\n\r\n", "the message is empty"),
        (b"Subject: x\n\nbody", "the header names no sender in Sender or From: give --sender"),
        (b"From: a@example.org\n\nbody", "give recipients after the options"),
    ],
)
def test_messages_that_are_wrong(stdin: bytes, reason: str, command: Inside) -> None:
    assert command(stdin=stdin) == 65
    assert reason in command.err


def test_a_descriptor_for_two_things(command: Inside) -> None:
    assert command("--user", "ann", "--password-fd", "0", stdin=COMPLETE) == 64
    assert "argument --message: standard input holds the password" in command.err


@pytest.mark.parametrize("octets", [b"", b"\n", b"\xff\n", b"x" * 65537])
def test_a_descriptor_without_a_password(octets: bytes, command: Inside, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(octets)
    descriptor = os.open(file, os.O_RDONLY)
    code = command("--user", "ann", "--password-fd", str(descriptor), stdin=COMPLETE)
    os.close(descriptor)
    assert code == 64
    assert "argument --password-fd: " in command.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--url", "smtp://ann:x@h"], "the password in --url is visible"),
        (["-o", "proxy=http://p:1", "-o", "proxy_password=x"], "proxy_password is visible"),
        (["-o", "proxy=http://u:x@p:1"], "the login in the URL of the proxy is visible"),
        (["-o", "tls_key_password=x"], "tls_key_password is visible"),
        (["--user", "ann", "--token", "x"], "--token is visible"),
    ],
)
def test_what_others_can_see(arguments: list[str], reason: str, command: Inside) -> None:
    command(*arguments, "-m", "/nowhere")
    assert f"smtpconn: warning: {reason} to other users in the list of processes" in command.err


@pytest.mark.parametrize(
    ("octets", "header", "body"),
    [
        (b"", b"", b""),
        (b"A: 1", b"A: 1", b""),
        (b"A: 1\n", b"A: 1\n", b""),
        (b"A: 1\n\n", b"A: 1\n", b"\n"),
        (b"A: 1\r\n\r\n\r\nx", b"A: 1\r\n", b"\r\n\r\nx"),
        (b"A: 1\n\r\nx", b"A: 1\n", b"\r\nx"),
        (b"\nA: 1\n\nx", b"", b"\nA: 1\n\nx"),
        (b"\r\n", b"", b"\r\n"),
    ],
)
def test_where_a_header_ends(octets: bytes, header: bytes, body: bytes) -> None:
    assert _cli_message._split(octets) == (header, body)


@pytest.mark.parametrize(
    ("header", "left"),
    [
        (b"A: 1\nBcc: x\nB: 2\n", b"A: 1\nB: 2\n"),
        (b"BCC: x,\n y,\r\n\tz\r\nB: 2\n", b"B: 2\n"),
        (b"A: 1\nbcc : x", b"A: 1\n"),
        (b"Resent-Bcc: x\n", b""),
        (b"A: 1\n Bcc: folded\nBccs: x\n", b"A: 1\n Bcc: folded\nBccs: x\n"),
    ],
)
def test_no_hidden_recipient_is_sent(header: bytes, left: bytes) -> None:
    assert _cli_message._BCC.sub(b"", header) == left
