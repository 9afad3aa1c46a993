"""Run by test_login.py in a network namespace: logs in, in the clear, to a
server at the address given, and prints what became of it as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import drive as driving
from support.scripted import Peer, ScriptedServer


def dialogue(peer: Peer) -> None:
    peer.greet(b"AUTH PLAIN LOGIN")
    line = peer.line()
    if line != b"QUIT":
        peer.reply(b"235 welcome")
        peer.expect(b"QUIT")
    peer.reply(b"221 bye")


def main() -> None:
    address, allowed = sys.argv[1], int(sys.argv[2])
    drive = driving.start()
    with ScriptedServer(dialogue, address=address) as server:
        connection = drive.connection(
            host=address, port=server.port, name="client.test", allow_insecure_auth=allowed
        )
        connection.start_connect().succeeds()
        failure = connection.start_login("alice", "sesame").wait().error
        connection.start_quit().succeeds()
    drive.finish()
    status = drive.close()
    drive.remove_files()
    print(
        json.dumps(
            {
                "error": failure and failure.name,
                "message": failure and failure.message,
                "sent": b"AUTH" in server.peer.received,
            }
        )
    )
    sys.exit(status)


main()
