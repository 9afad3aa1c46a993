"""Run by test_timeouts.py in a network namespace: connects by a name, with name
servers that answer as the case wants, and prints the outcome as JSON.

    resolve.py CASE ADDRESS...

The addresses are those of the name servers that the machine is configured for;
in the namespace they are ours."""

from __future__ import annotations

import json
import socket
import sys
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
    case, *addresses = sys.argv[1:]
    asked = threading.Event()
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.socket(family, socket.SOCK_DGRAM)
        server.bind((address, 53))
        arguments = (server, asked, case == "unknown")
        threading.Thread(target=serve, args=arguments, daemon=True).start()

    drive = driving.start()
    limit = 200 if case == "slow" else 0
    connection = drive.connection(host="nowhere.example", port=25, dns_timeout=limit)
    opening = connection.start_connect()
    if case in ("closed", "freed"):
        assert asked.wait(driving.PATIENCE), "nobody asked for the name"
        getattr(connection, "close" if case == "closed" else "free")()
    failure = opening.wait().error
    # The resolving thread goes on when its connection has given up, so the question
    # may come later than the failure.
    assert asked.wait(driving.PATIENCE), "nobody asked for the name"
    drive.finish()
    # An answer that came now would find everything freed: nobody may be told.
    status = drive.close()
    print(drive.stderr(), file=sys.stderr)
    drive.remove_files()
    assert failure is not None
    told = {
        "error": failure.name,
        "message": failure.message,
        "phase": failure.phase,
        "retry": failure.retry,
    }
    print(json.dumps(told))
    sys.exit(status)


main()
