"""Programs that were built with an installed smtpconn, sending mail."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.making import run
from support.servers.scripted import Peer, ScriptedServer


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def deliver(*command: str | Path, library: Path | None = None, host: str = "127.0.0.1") -> None:
    """Sends a message with examples/send.c, built as this command, which finds the library
    in this folder or by itself."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        assert peer.delivery() == b"Subject: installed\r\n.\r\n"
        peer.quit()

    with ScriptedServer(dialogue) as server:
        done = subprocess.run(
            [
                *[*command, host, str(server.port)],
                *["--from", "a@example.com", "--to", "b@example.com"],
            ],
            input=b"Subject: installed\n",
            env={} if library is None else {"LD_LIBRARY_PATH": str(library)},
            capture_output=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
    assert b"b@example.com: accepted" in done.stdout


def check_form(program: Path, form: str) -> None:
    """How a program is linked."""
    dynamic, headers = run("readelf", "-dW", program), run("readelf", "-lhW", program)
    needs = {name for name in ("libsmtpconn.so.0", "libssl.so.3") if f"[{name}]" in dynamic}
    assert (
        needs
        == {
            "shared": {"libsmtpconn.so.0"},
            "static": {"libssl.so.3"},
            "-static": set(),
            "-static-pie": set(),
        }[form]
    ), dynamic
    assert (" INTERP " in headers) == (form in {"shared", "static"})
    if form.startswith("-static"):
        assert (" DYN (" in headers) == (form == "-static-pie")
