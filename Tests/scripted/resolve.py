"""Run by test_timeouts.py in a network namespace: connects by a name, with a
name server that answers as the case wants, and prints the outcome as JSON.

The C library asks the name servers of /etc/resolv.conf, which a mount namespace
replaces; 127.0.0.1 port 53 is free in a namespace of our own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import drive as driving


def serve(server: socket.socket, asked: threading.Event, denies: bool) -> None:
    """Answers every question with "no such name", or not at all."""
    while True:
        try:
            question, client = server.recvfrom(512)
        except OSError:
            return
        asked.set()
        if denies:
            # The question again, as a response, with RCODE 3.
            server.sendto(question[:2] + b"\x81\x83" + question[4:], client)


def main() -> None:
    case = sys.argv[1]
    if os.environ.get("SMTPCONN_TEST_RESOLV") is None:
        # Once more, with a resolv.conf of our own in a mount namespace.
        with tempfile.TemporaryDirectory() as folder:
            conf = Path(folder) / "resolv.conf"
            conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
            target = Path("/etc/resolv.conf").resolve()
            mount = f'mount --bind {conf} {target} && exec "$@"'
            done = subprocess.run(
                ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, *sys.argv],
                env={**os.environ, "SMTPCONN_TEST_RESOLV": "1"},
                check=False,
            )
        sys.exit(done.returncode)

    asked = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        thread = threading.Thread(
            target=serve, args=(server, asked, case == "unknown"), daemon=True
        )
        thread.start()
        drive = driving.start()
        limit = 200 if case == "slow" else 0
        connection = drive.connection(host="nowhere.example", port=25, dns_timeout=limit)
        opening = connection.start_connect()
        if case in ("closed", "freed"):
            assert asked.wait(driving.PATIENCE), "nobody asked for the name"
            if case == "closed":
                connection.close()
            else:
                connection.free()
        failure = opening.wait().error
        drive.finish()
        # The answer comes after everything was freed: nobody may be told.
        status = drive.close()
        message = drive.stderr() if status else ""
        drive.remove_files()
    assert failure is not None
    print(
        json.dumps(
            {
                "error": failure.name,
                "message": failure.message,
                "phase": failure.phase,
                "retry": failure.retry,
            }
        )
    )
    print(message, file=sys.stderr)
    sys.exit(status)


main()
