"""A program that was compiled for 0.1.0 runs with the library of today (frozen/README.md)."""

from __future__ import annotations

import base64
import gzip
import platform
import subprocess
from pathlib import Path

import pytest

from support.drive import BUILD
from support.servers.scripted import Peer, ScriptedServer

FROZEN = Path(__file__).with_name("frozen")
CONTENT = b"Subject: frozen\r\n\r\nHello.\r\n.\r\n"

#: What it printed with the library of its time. The first number is of the address that is none.
PRINTED = """\
-8
connect: ok, open
send: ok
  b@example.com: 0 250 2.1.5
  c@example.com: 2 550 5.1.1
  250 2.0.0 queued as 1
packed: ok
  b@example.com: 0 250 2.1.5
  c@example.com: 2 550 5.1.1
  250 2.0.0 queued as 2
quit: ok, closed
released 1, logged yes, version not older
"""


def dialogue(peer: Peer) -> None:
    peer.greet(b"ENHANCEDSTATUSCODES")
    for number in (b"1", b"2"):
        peer.answer(b"MAIL FROM:<a@example.com>", b"250 2.1.0 ok")
        peer.answer(b"RCPT TO:<b@example.com>", b"250 2.1.5 ok")
        peer.answer(b"RCPT TO:<c@example.com>", b"550 5.1.1 no such user")
        peer.answer(b"DATA", b"354 go on")
        assert peer.content() == CONTENT
        peer.reply(b"250 2.0.0 queued as " + number)
    peer.quit()


@pytest.mark.parametrize("machine", ["x86_64"])
def test_client_of_0_1(tmp_path: Path, machine: str) -> None:
    assert platform.machine() == machine, "there is no client for this machine yet"
    program = tmp_path / "client"
    program.write_bytes(
        gzip.decompress(base64.b64decode((FROZEN / f"client.{machine}.b64").read_text()))
    )
    program.chmod(0o755)
    with ScriptedServer(dialogue) as server:
        done = subprocess.run(
            [str(program), str(server.port)],
            env={"LD_LIBRARY_PATH": str(BUILD)},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert (done.stdout, done.stderr, done.returncode) == (PRINTED, "", 0)
