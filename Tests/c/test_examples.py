"""The examples do what their first comment says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT, valgrind
from support.servers.certificates import Certificates
from support.servers.scripted import Peer, ScriptedServer

EXAMPLES = BUILD / "examples"
#: Those inside the loop of another library.
LOOPS = ["libuv", "glib", "libevent"]

either = pytest.mark.parametrize(
    "prefix",
    [
        pytest.param([], id="plain"),
        pytest.param(valgrind(), id="valgrind", marks=pytest.mark.valgrind),
    ],
)


def run(
    prefix: list[str], name: str, *arguments: str, given: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*prefix, str(EXAMPLES / name), *arguments],
        input=given,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        check=False,
        timeout=600,
    )


def test_all_are_tested() -> None:
    """The one with Kerberos in Tests/interop/test_gssapi.py."""
    names = {path.stem for path in (ROOT / "examples").glob("*.c")}
    assert names == {"send", "poll", "two", "memory", "own_sockets", "gssapi", "newsletter", *LOOPS}


@either
@pytest.mark.parametrize("from_file", [False, True])
def test_send(
    prefix: list[str], from_file: bool, certificates: Certificates, tmp_path: Path
) -> None:
    def dialogue(peer: Peer) -> None:
        peer.secure(certificates.good, b"AUTH PLAIN")
        peer.answer(b"AUTH PLAIN ", b"235 welcome")
        assert peer.delivery(b"b@example.com", b"c@example.com") == b"hello\r\n.\r\n"
        peer.answer(b"QUIT", b"221 bye")

    message = tmp_path / "message"
    message.write_bytes(b"hello\n")
    with ScriptedServer(dialogue) as server:
        done = run(
            prefix,
            "send",
            *["--starttls", "--cafile", str(certificates.ca_file), "--verbose"],
            *["--user", "alice", "--pass-env", "SECRET", "localhost", str(server.port)],
            *["--from", "a@example.com", "--to", "b@example.com", "--to", "c@example.com"],
            *([str(message)] if from_file else []),
            given=b"" if from_file else b"hello\n",
            SECRET="open sesame",
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        b"b@example.com: accepted",
        b"c@example.com: accepted",
        b"server: 250 2.0.0 Ok: queued as 4F2A",
    ]
    assert b"C: MAIL FROM:<a@example.com>" in done.stderr
    assert b"sesame" not in done.stderr


def test_send_reports_refusals() -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"550 5.1.1 no one")
        peer.quit_after_reset()

    with ScriptedServer(dialogue) as server:
        done = run(
            [],
            "send",
            *["127.0.0.1", str(server.port), "--from", "a@example.com", "--to", "b@example.com"],
        )
    assert done.returncode == 1
    assert b"b@example.com: not accepted, 550 5.1.1 no one" in done.stdout
    assert b"EENVELOPE" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["localhost"],
        ["localhost", "99999", "--from", "a@b", "--to", "a@b"],
        ["localhost", "25", "--from", "nobody", "--to", "a@b"],
        ["localhost", "25", "--cafile"],
        ["localhost", "25", "--nonsense", "x"],
    ],
)
def test_send_refuses_nonsense(arguments: list[str]) -> None:
    done = run([], "send", *arguments)
    assert done.returncode == 2
    assert b"usage" in done.stderr


@either
def test_poll(prefix: list[str]) -> None:
    contents: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for _ in range(3):
            contents.append(peer.delivery())
        peer.quit()

    with ScriptedServer(dialogue) as server:
        done = run(
            prefix,
            "poll",
            *["127.0.0.1", str(server.port), "a@example.com", "b@example.com"],
            given=b"one\ntwo\nthree",
        )
        assert done.returncode == 0, done.stderr
    assert contents == [
        b"Subject: a line\r\n\r\n" + line + b"\r\n.\r\n" for line in (b"one", b"two", b"three")
    ]
    assert done.stdout.count(b"queued as") == 3


@pytest.mark.parametrize("name", LOOPS)
def test_loop(name: str, certificates: Certificates) -> None:
    contents: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.secure(certificates.good)
        contents.append(peer.delivery())
        peer.quit()

    with ScriptedServer(dialogue) as server:
        done = run(
            [],
            name,
            *["localhost", str(server.port), "a@example.com", "b@example.com"],
            given=b"hello\n",
            SSL_CERT_FILE=str(certificates.ca_file),
        )
        assert done.returncode == 0, done.stderr
    assert contents == [b"hello\r\n.\r\n"]
    assert done.stdout.splitlines() == [
        b"the program goes on",
        b"250 2.0.0 Ok: queued as 4F2A",
    ]


@pytest.mark.parametrize("name", LOOPS)
def test_loop_ends_when_the_server_does(name: str) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.end()

    with ScriptedServer(dialogue) as server:
        done = run(
            [],
            name,
            *["127.0.0.1", str(server.port), "a@example.com", "b@example.com"],
            given=b"hello\n",
        )
    assert done.returncode == 1
    assert b"send: the server closed the connection" in done.stderr
    assert b"queued" not in done.stdout


@pytest.mark.parametrize("name", LOOPS)
def test_loop_refuses_nonsense(name: str) -> None:
    done = run([], name, "localhost", "25", "nobody", "b@example.com")
    assert done.returncode == 2
    assert b"usage" in done.stderr


@either
def test_two(prefix: list[str]) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        assert b"twice" in peer.delivery()
        peer.quit()

    with ScriptedServer(dialogue) as one, ScriptedServer(dialogue) as other:
        done = run(
            prefix,
            "two",
            *["a@example.com", "b@example.com"],
            *["127.0.0.1", str(one.port), "127.0.0.1", str(other.port)],
        )
        assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert sorted(line.split(":")[0] for line in lines) == ["connection 1", "connection 2"]


@either
def test_memory(prefix: list[str]) -> None:
    """The server is in the program."""
    done = run(prefix, "memory", "a@example.com", "b@example.com", given=b"Subject: x\n\nhello\n")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.decode().splitlines() if line.startswith("C: ")]
    assert [line[3:7] for line in said[1:4]] == ["MAIL", "RCPT", "DATA"]
    assert said[-3:] == ["C: hello", "C: .", "C: QUIT"]
    assert b"\n250 2.0.0 queued as MEMORY1\n" in done.stdout


@either
def test_own_sockets(prefix: list[str], certificates: Certificates) -> None:
    contents: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.secure(certificates.good)
        contents.append(peer.delivery())
        peer.quit()

    with ScriptedServer(dialogue) as server:
        done = run(
            prefix,
            "own_sockets",
            *["localhost", str(server.port), str(certificates.ca_file)],
            *["a@example.com", "b@example.com"],
            given=b"hello\n" * 10_000,
        )
        assert done.returncode == 0, done.stderr
    assert contents == [b"hello\r\n" * 10_000 + b".\r\n"]
    assert b"queued as" in done.stdout


def test_own_sockets_reports_what_is_lost(certificates: Certificates) -> None:
    def dialogue(peer: Peer) -> None:
        peer.secure(certificates.good)
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.end()

    with ScriptedServer(dialogue) as server:
        done = run(
            [],
            "own_sockets",
            *["localhost", str(server.port), str(certificates.ca_file)],
            *["a@example.com", "b@example.com"],
            given=b"hello\n",
        )
    assert done.returncode == 1
    assert b"send: the server closed the connection" in done.stderr


@either
def test_newsletter(prefix: list[str]) -> None:
    """One of the addresses is refused for now at first, one for good, and one is none."""
    tried: set[bytes] = set()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        while (line := peer.line()) != b"QUIT":
            if line.startswith(b"RCPT TO:<bad"):
                peer.reply(b"550 5.1.1 who?")
            elif line.startswith(b"RCPT TO:<later") and line not in tried:
                tried.add(line)
                peer.reply(b"451 4.7.1 later")
            elif line == b"DATA":
                peer.reply(b"354 go on")
                assert b"there is news" in peer.content()
                peer.reply(b"250 2.0.0 ok")
            else:
                peer.reply(b"250 2.0.0 ok")
        peer.reply(b"221 2.0.0 bye")

    addresses = b"a@example.com\nbad@example.com\nlater@example.com\n\nno address\nb@example.com\n"
    with ScriptedServer(dialogue, repeat=True) as server:
        port = str(server.port)
        done = run(prefix, "newsletter", "localhost", port, "n@example.com", given=addresses)
    assert done.returncode == 1
    assert done.stdout == b"3 sent, 2 not\n"
    assert b"bad@example.com: " in done.stderr
    assert b"no address: not an address\n" in done.stderr
    assert tried == {b"RCPT TO:<later@example.com>"}


def test_newsletter_is_short() -> None:
    text = (ROOT / "examples" / "newsletter.c").read_text()
    assert len(text.splitlines()) <= 70
