"""smtpconn.smtplib: the standard library's tests of it, and what goes through our library."""

from __future__ import annotations

import email.message
import json
import os
import pickle
import re
import smtplib as standard
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smtpconn
import smtpconn.smtplib as smtplib
from conftest import ROOT
from scripted_server import QUIT, ScriptedServer
from smtpconn._smtp_dialogue import Dialogue
from standard_tests import MISSING

PIPELINING = """
S: 220 test ESMTP
C: ehlo client.example
S: 250-test
S: 250-PIPELINING
S: 250-SIZE
S: 250-8BITMIME
S: 250-DSN
S: 250 AUTH PLAIN LOGIN
"""
#: The client must have said all of it before it hears anything.
GROUP = """
C: MAIL FROM:<a@example.org> SIZE=4
C: RCPT TO:<b@example.org>
C: RCPT TO:<c@example.org>
C: DATA
"""
BYE = QUIT.replace("QUIT", "quit")
FROM, TO = "a@example.org", ["b@example.org", "c@example.org"]


def connect(server: ScriptedServer, **options: Any) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port, "client.example", **options)


def listed_in_docs() -> set[str]:
    """The standard library's tests that the documentation names as not passed."""
    text = (ROOT / "docs" / "python-smtplib.md").read_text(encoding="utf-8")
    section = text.split("## The standard library's tests")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+\.\w+)` \|", section, re.MULTILINE))


def test_the_tests_of_the_standard_library() -> None:
    """In a process of its own: they replace modules, and some leave warnings."""
    runner = Path(__file__).with_name("standard_tests.py")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", runner],
        # The package that is tested here.
        env={**os.environ, "PYTHONPATH": str(Path(smtpconn.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode != MISSING, (
        f"{run.stderr}Install the tests of the standard library: on Debian the package "
        "libpython3-testsuite has them; a Python of pyenv or python.org has them anyway."
    )
    assert run.returncode == 0, run.stderr
    outcome = json.loads(run.stdout)
    assert set(outcome["failed"]) == listed_in_docs(), outcome["failed"]
    assert len(outcome["passed"]) > 75


def test_one_round_trip_for_the_envelope(server: ScriptedServer) -> None:
    answers = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nM:\nS: 250 queued\n"
    server.play(PIPELINING, GROUP, answers, BYE)
    with connect(server) as smtp:
        assert smtp.sendmail(FROM, TO, b".x") == {}
        assert smtp.quit() == (221, b"bye")
        assert smtp.sock is None
    server.check()
    assert server.messages == [b".x\r\n"]


def test_isinstance() -> None:
    assert issubclass(smtplib.SMTP, standard.SMTP)
    assert issubclass(smtplib.SMTP_SSL, standard.SMTP_SSL)
    assert issubclass(smtplib.LMTP, standard.LMTP)
    assert issubclass(smtplib.SMTP_SSL, smtplib.SMTP)


def test_every_public_name() -> None:
    for name in standard.__all__:
        assert hasattr(smtplib, name), name
        assert name in smtplib.__all__, name


def test_some_recipients_refused(server: ScriptedServer) -> None:
    answers = "S: 250 ok\nS: 550-5.1.1 unknown\nS: 550 5.1.1 really\nS: 250 ok\nS: 354 go\nM:\n"
    server.play(PIPELINING, GROUP, answers, "S: 250 queued\n", BYE)
    with connect(server) as smtp:
        refused = smtp.sendmail(FROM, ["B <b@example.org>", TO[1]], b".x")
        assert refused == {"B <b@example.org>": (550, b"5.1.1 unknown\n5.1.1 really")}
        smtp.quit()


REFUSALS = {
    "sender": (
        "S: 550 5.7.1 no\nS: 503 no\nS: 503 no\nS: 503 no\n",
        standard.SMTPSenderRefused,
        smtpconn.EnvelopeError,
        (550, b"5.7.1 no", FROM),
    ),
    "recipients": (
        "S: 250 ok\nS: 550 5.1.1 no\nS: 450 4.2.1 full\nS: 503 no\n",
        standard.SMTPRecipientsRefused,
        smtpconn.EnvelopeError,
        ({TO[0]: (550, b"5.1.1 no"), TO[1]: (450, b"4.2.1 full")},),
    ),
    "data": (
        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 451 4.3.0 disk\n",
        standard.SMTPDataError,
        smtpconn.MessageError,
        (451, b"4.3.0 disk"),
    ),
    "message": (
        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nM:\nS: 554 5.7.1 spam\n",
        standard.SMTPDataError,
        smtpconn.MessageError,
        (554, b"5.7.1 spam"),
    ),
}


@pytest.mark.parametrize("which", REFUSALS)
def test_refusals(server: ScriptedServer, which: str) -> None:
    answers, theirs, ours, arguments = REFUSALS[which]
    retry = smtpconn.Retry.NO if arguments[0] in (550, 554) else smtpconn.Retry.SAFE
    # RSET at once, as the standard library: a program may go on with mail().
    server.play(PIPELINING, GROUP, answers, "C: RSET\nS: 250 ok\nC: noop\nS: 250 ok\n", BYE)
    with connect(server) as smtp:
        with pytest.raises(theirs) as caught:
            smtp.sendmail(FROM, TO, b".x")
        error = caught.value
        assert isinstance(error, ours)
        assert isinstance(error, (smtplib.SMTPException, OSError))
        assert error.args == arguments
        assert error.response is not None
        assert error.retry is retry
        assert error.result is not None
        assert [each.address for each in error.result.recipients] == TO
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.args, again.enhanced) == (
            type(error),
            error.args,
            error.enhanced,
        )
        assert str(error) == str(theirs(*arguments))
        smtp.noop()
        smtp.quit()


def test_the_library_is_asked_again_after_a_refusal(server: ScriptedServer) -> None:
    no = "S: 550 no\nS: 503 no\nS: 503 no\nS: 503 no\nC: RSET\nS: 250 ok\n"
    yes = "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nM:\nS: 250 queued\n"
    server.play(PIPELINING, GROUP, no, GROUP, yes, BYE)
    with connect(server) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail(FROM, TO, b".x")
        assert smtp.sendmail(FROM, TO, b".x") == {}
        smtp.quit()


def test_421_closes(server: ScriptedServer) -> None:
    server.play(PIPELINING, GROUP, "S: 250 ok\nS: 421 closing\nX:\n")
    smtp = connect(server)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        smtp.sendmail(FROM, TO, b".x")
    assert caught.value.recipients == {TO[0]: (421, b"closing")}
    assert smtp.sock is None
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.noop()


@pytest.mark.parametrize(
    ("lost_at", "retry"),
    [("X:", smtpconn.Retry.SAFE), ("S: 354 go\nM:\nX:", smtpconn.Retry.UNKNOWN)],
)
def test_a_lost_connection(server: ScriptedServer, lost_at: str, retry: smtpconn.Retry) -> None:
    server.play(PIPELINING, GROUP, "S: 250 ok\nS: 250 ok\nS: 250 ok\n", lost_at)
    smtp = connect(server)
    with pytest.raises(standard.SMTPServerDisconnected) as caught:
        smtp.sendmail(FROM, TO, b".x")
    error = caught.value
    assert isinstance(error, smtpconn.ConnectionLostError)
    assert isinstance(error, ConnectionError)
    assert error.retry is retry
    assert smtp.sock is None


def test_the_time_limit_of_the_socket(server: ScriptedServer) -> None:
    server.play(PIPELINING, GROUP, "E:")
    smtp = connect(server, timeout=0.2)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        smtp.sendmail(FROM, TO, b".x")
    assert smtp.sock is None


def test_options(server: ScriptedServer) -> None:
    server.play(
        PIPELINING,
        "C: MAIL FROM:<a@example.org> BODY=8BITMIME SIZE=4 RET=HDRS ENVID=a+2Bb\nS: 250 ok\n"
        "C: RCPT TO:<b@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.net\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nM:\nS: 250 ok\n",
        BYE,
    )
    with connect(server) as smtp:
        smtp.sendmail(
            FROM,
            TO[0],
            "\xe9".encode(),
            ["body=8BITMIME", "RET=HDRS", "ENVID=a+2Bb"],
            ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;b@example.net"],
        )
        smtp.quit()


def test_what_the_library_has_no_word_for(server: ScriptedServer) -> None:
    """The standard library sends what it is given, and the server may know it."""
    server.play(
        PIPELINING,
        "C: mail [Ff][Rr][Oo][Mm]:<root> size=3 X-OWN=1\nS: 250 ok\n"
        "C: rcpt [Tt][Oo]:<daemon>\nS: 250 ok\n"
        "C: data\nS: 354 go\nM:\nS: 250 ok\n",
        BYE,
    )
    with connect(server) as smtp:
        smtp.sendmail("root", "daemon", b"x\n", ["X-OWN=1"])
        smtp.quit()
    server.check()
    assert server.messages == [b"x\r\n"]


def test_what_the_library_refuses_waits_for_nothing(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has not been asked, and would never answer."""
    server.play(
        PIPELINING.replace("SIZE", "SIZE 10"),
        "C: mail [Ff][Rr][Oo][Mm]:<a@example.org> size=101\nS: 552 too large\nC: rset\nS: 250 ok\n",
        BYE,
    )

    def wait(*_arguments: object) -> bool:
        raise AssertionError("nothing was sent, and a reply is waited for")

    monkeypatch.setattr(Dialogue, "_wait", wait)
    with connect(server) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail(FROM, TO[0], b"x" * 99 + b"\r\n")
        smtp.quit()


#: The commands of the library, and those of the standard library for what ours refuses.
NAMES = {
    "a@example.org": ("MAIL FROM", "RCPT TO", "DATA"),
    "root": ("mail [Ff][Rr][Oo][Mm]", "rcpt [Tt][Oo]", "data"),
}


@pytest.mark.parametrize("sender", NAMES)
def test_line_ends(server: ScriptedServer, sender: str) -> None:
    """A lone LF or CR beside a dot would end the message for some servers, and begin another."""
    mail, rcpt, data = NAMES[sender]
    lines = [f"{mail}:<{sender}>*", f"{rcpt}:<b@example.org>", data]
    script = "".join(
        f"C: {line}\nS: {answer}\n" for line, answer in zip(lines, ["250 ok", "250 ok", "354 go"])
    )
    server.play(PIPELINING, script, "M:\nS: 250 ok\n", BYE)
    with connect(server) as smtp:
        smtp.sendmail(sender, TO[0], b"a\n.\nb\r.\rc\n\r\n.")
        smtp.quit()
    server.check()
    assert server.messages == [b"a\r\n.\r\nb\r\n.\r\nc\r\n\r\n.\r\n"]


def test_methods_of_the_program_are_called(server: ScriptedServer) -> None:
    class Own(smtplib.SMTP):
        def rcpt(self, recip: str, options: Any = ()) -> tuple[int, bytes]:
            return super().rcpt(recip.replace("@", "+tag@"), options)

    server.play(
        PIPELINING,
        "C: mail [Ff][Rr][Oo][Mm]:<a@example.org> size=3\nS: 250 ok\n"
        "C: rcpt [Tt][Oo]:<b+tag@example.org>\n"
        "S: 250 ok\nC: data\nS: 354 go\nM:\nS: 250 ok\n",
        BYE,
    )
    with Own("127.0.0.1", server.port, "client.example") as smtp:
        smtp.sendmail(FROM, TO[0], b"x\n")
        smtp.quit()


def test_commands_between_messages(server: ScriptedServer) -> None:
    """The library and the commands of the standard library share the connection."""
    message = (
        "C: MAIL FROM:<a@example.org> SIZE=3\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nM:\nS: 250 queued\n"
    )
    server.play(
        PIPELINING,
        message,
        "C: rset\nS: 250 flushed\nC: vrfy b@example.org\nS: 252 maybe\nC: XTEST\nS: 500-no\n"
        "S: 500 never\n",
        message,
        BYE,
    )
    with connect(server) as smtp:
        smtp.sendmail(FROM, TO[0], b"x")
        assert smtp.rset() == (250, b"flushed")
        assert smtp.verify("B <b@example.org>") == (252, b"maybe")
        assert smtp.docmd("XTEST") == (500, b"no\nnever")
        smtp.sendmail(FROM, TO[0], b"x")
        smtp.quit()


def test_capabilities_that_the_program_changes(server: ScriptedServer) -> None:
    """A known way to leave out what a server does badly."""
    answers = (
        "S: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\nC: DATA\nS: 354 go\nM:\nS: 250 queued\n"
    )
    sizes = [" SIZE=3", "", " SIZE=3"]
    server.play(
        PIPELINING, *(f"C: MAIL FROM:<a@example.org>{size}\n{answers}" for size in sizes), BYE
    )
    with connect(server) as smtp:
        smtp.sendmail(FROM, TO[0], b"x")
        del smtp.esmtp_features["size"]
        smtp.sendmail(FROM, TO[0], b"x")
        smtp.esmtp_features["size"] = ""
        smtp.sendmail(FROM, TO[0], b"x")
        smtp.quit()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Local.Part+x@Example.ORG", "Local.Part+x@Example.ORG"),
        ('"a b"@example.org', '"a b"@example.org'),
        ("Name <a@example.org>", "a@example.org"),
        ("<a@example.org>", "a@example.org"),
        ("", ""),
        ("<>", ""),
    ],
)
def test_senders(server: ScriptedServer, given: str, sent: str) -> None:
    """The mailbox is that of the standard library, whoever sends it."""
    server.play(PIPELINING, f"C: MAIL FROM:<{sent}> *\nS: 550 no\nC: *\nS: 503\nC: *\nS: 503\n")
    smtp = connect(server)
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        smtp.sendmail(given, TO[0], b"x")
    assert caught.value.sender == given
    smtp.close()


def test_helo_only(server: ScriptedServer) -> None:
    server.play(
        "S: 220 old\nC: ehlo *\nS: 502 what\nC: helo *\nS: 250 hello\n"
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nM:\nS: 250 queued\n",
        BYE,
    )
    with connect(server) as smtp:
        smtp.sendmail(FROM, TO[0], b"x", ["BODY=8BITMIME"])
        smtp.quit()


def test_send_message(server: ScriptedServer) -> None:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Bcc"] = FROM, TO[0], TO[1]
    message.set_content("hello\n")
    script = GROUP.replace("SIZE=4", "*")
    server.play(
        PIPELINING, script, "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nM:\nS: 250 k\n", BYE
    )
    with connect(server) as smtp:
        assert smtp.send_message(message) == {}
        smtp.quit()
    server.check()
    assert b"Bcc" not in server.messages[0]


def test_connecting_again(server: ScriptedServer) -> None:
    send = (
        "C: MAIL FROM:<a@example.org>*\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nM:\nS: 250 queued\n"
    )
    other = PIPELINING.replace("S: 250-PIPELINING\n", "")
    server.play(PIPELINING, send, BYE).play(other, send, BYE)
    smtp = connect(server)
    smtp.sendmail(FROM, TO[0], b"x")
    smtp.quit()
    smtp.connect("127.0.0.1", server.port)
    assert smtp.sendmail(FROM, TO[0], b"x") == {}
    assert not smtp.has_extn("pipelining")
    smtp.quit()


class Interrupted(socket.socket):
    """A socket during whose use Ctrl-C is pressed."""

    at = b""

    def send(self, octets: Any, *rest: Any) -> int:
        if self.at and self.at in bytes(octets):
            raise KeyboardInterrupt
        return super().send(octets, *rest)

    def sendall(self, octets: Any, *rest: Any) -> None:
        if self.at and self.at in bytes(octets):
            raise KeyboardInterrupt
        super().sendall(octets, *rest)


def test_ctrl_c_closes(server: ScriptedServer) -> None:
    """Else the next command would read the reply to this one."""
    server.play(PIPELINING, "E:")
    smtp = connect(server)
    smtp.ehlo()
    assert smtp.sock is not None
    own = Interrupted(fileno=smtp.sock.detach())
    own.at = b"MAIL"
    smtp.sock = own
    with pytest.raises(KeyboardInterrupt):
        smtp.sendmail(FROM, TO, b"x")
    assert smtp.sock is None
    assert own.fileno() < 0


def test_the_program_of_the_documentation(server: ScriptedServer, certificate: Path) -> None:
    text = (ROOT / "docs" / "python-smtplib.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    tls = "S: 220 a\nC: ehlo *\nS: 250-a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT:\n"
    hello = "C: ehlo *\nS: 250-a\nS: 250 AUTH PLAIN\nC: AUTH PLAIN *\nS: 235 ok\n"
    send = (
        "C: MAIL FROM:<from@example.org>\nS: 250 ok\nC: RCPT TO:<to@example.net>\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nM:\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    )
    server.play(tls, hello, send).play(tls, "E:")
    replaced = {"587": str(server.port), "starttls()": "starttls(context=trusting)"}
    for old, new in replaced.items():
        assert old in first
        first = first.replace(old, new)
    names: dict[str, Any] = {
        "host": "localhost",
        "trusting": ssl.create_default_context(cafile=str(certificate)),
    }
    exec(compile(first, "the first program", "exec"), names)
    assert names["refused"] == {}
    smtp = smtplib.SMTP("localhost", server.port)
    exec(compile(second, "the second program", "exec"), {"ssl": ssl, "smtp": smtp})
    smtp.close()
    server.check()
    assert server.messages == [b"Subject: hi\r\n\r\nHello\r\n"]


@pytest.mark.parametrize("name", ["noop", "getreply", "ehlo"])
def test_without_a_connection(name: str) -> None:
    with pytest.raises(standard.SMTPServerDisconnected, match="connect") as caught:
        getattr(smtplib.SMTP(), name)()
    assert isinstance(caught.value, smtpconn.StateError)


def test_a_command_that_cannot_be_sent(server: ScriptedServer) -> None:
    server.play(PIPELINING, "X:")
    smtp = connect(server)
    smtp.ehlo()
    assert smtp.sock is not None
    smtp.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(standard.SMTPServerDisconnected) as caught:
        smtp.noop()
    assert isinstance(caught.value, smtpconn.ConnectionLostError)
    assert isinstance(caught.value.__cause__, BrokenPipeError)
    assert smtp.sock is None


def test_ctrl_c_in_a_command_closes(server: ScriptedServer) -> None:
    server.play(PIPELINING, "E:")
    smtp = connect(server)
    smtp.ehlo()
    assert smtp.sock is not None
    own = Interrupted(fileno=smtp.sock.detach())
    own.at = b"noop"
    smtp.sock = own
    with pytest.raises(KeyboardInterrupt):
        smtp.noop()
    assert smtp.sock is None


LHLO = "S: 220 lmtp\nC: lhlo client.example\nS: 250-lmtp\nS: 250 PIPELINING\n"


@pytest.fixture
def lmtp_server(tmp_path: Path) -> Iterator[tuple[ScriptedServer, str]]:
    path = str(tmp_path / "lmtp")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    with ScriptedServer(listener) as server:
        yield server, path


@pytest.mark.parametrize("sender", NAMES)
def test_lmtp_answers_for_each_recipient(
    lmtp_server: tuple[ScriptedServer, str], sender: str
) -> None:
    server, path = lmtp_server
    mail, rcpt, data = NAMES[sender]
    script = (
        f"C: {mail}:<{sender}>*\nS: 250 ok\nC: {rcpt}:<b>\nS: 250 ok\nC: {rcpt}:<c>\nS: 250 ok\n"
        f"C: {rcpt}:<d>\nS: 550 no\nC: {data}\nS: 354 go\nM:\n"
    )
    one = "S: 250 stored\nS: 452 4.2.2 full\n"
    none = "S: 452 full\nS: 452 4.2.2 full\n"
    reset = f"C: {'rset' if sender == 'root' else 'RSET'}\nS: 250 ok\n"
    server.play(LHLO, script, one, script, none, reset if sender != "root" else "", BYE)
    with smtplib.LMTP(path, local_hostname="client.example") as lmtp:
        refused = {"c": (452, b"4.2.2 full"), "d": (550, b"no")}
        assert lmtp.sendmail(sender, ["b", "c", "d"], b"x") == refused
        with pytest.raises(standard.SMTPRecipientsRefused) as caught:
            lmtp.sendmail(sender, ["b", "c", "d"], b"x")
        assert caught.value.recipients == {"b": (452, b"full"), **refused}
        assert isinstance(caught.value, smtpconn.SMTPConnError)
        lmtp.quit()


def test_control_characters(server: ScriptedServer) -> None:
    server.play(PIPELINING, BYE)
    with connect(server) as smtp:
        smtp.ehlo()
        with pytest.raises(ValueError, match="control character"):
            smtp.docmd("VRFY", "a\0b")
        with pytest.raises(ValueError, match="prohibited"):
            smtp.sendmail("a@example.org\r\nRCPT TO:<x@example.org>", TO, b"x")
        smtp.quit()


def test_a_large_message(server: ScriptedServer) -> None:
    """More than fits into the buffers of the system, both ways."""
    many = [f"user{n}@example.org" for n in range(3000)]
    text = "S: 250 " + "x" * 400 + "\n"
    script = ["C: MAIL*\n", text]
    for each in many:
        script += [f"C: RCPT TO:<{each}>\n", text]
    server.play(PIPELINING, "".join(script), "C: DATA\nS: 354 go\nM:\nS: 250 queued\n", BYE)
    message = b"0123456789abcdef" * 8 + b"\r\n"
    message *= 30000
    with connect(server, timeout=60) as smtp:
        assert smtp.sendmail(FROM, many, message) == {}
        smtp.quit()
    server.check()
    assert server.messages[0] == message
