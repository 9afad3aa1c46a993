"""Run by test_token_endpoint.py where "localhost" has another address than usual: asks for a
token by http there, and prints what became of it as JSON.

    elsewhere.py ADDRESS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import drive as driving
from support.servers.endpoint import TokenEndpoint, granted
from support.servers.scripted import Peer, ScriptedServer


def dialogue(peer: Peer) -> None:
    peer.greet(b"AUTH XOAUTH2")
    line = peer.line()
    if line != b"QUIT":
        peer.reply(b"235 welcome")
        peer.expect(b"QUIT")
    peer.reply(b"221 bye")


def main() -> None:
    drive = driving.start()
    endpoint = TokenEndpoint(granted("token"), repeat=True, host="localhost", address=sys.argv[1])
    with endpoint, ScriptedServer(dialogue) as server:
        connection = drive.connection(None, host="127.0.0.1", port=server.port, name="client.test")
        connection.start_connect().succeeds()
        login = connection.start_login(
            "alice", refresh_token="refresh", client=("id", "secret"), access_url=endpoint.url
        )
        failure = login.wait().error
        connection.start_quit().succeeds()
        connections = len(endpoint.peers)
    drive.finish()
    status = drive.close()
    drive.remove_files()
    answer = {
        "error": failure and failure.name,
        "message": failure and failure.message,
        "connections": connections,
    }
    print(json.dumps(answer))
    sys.exit(status)


main()
