"""Run by test_clear_login.py in a network namespace: logs in, in the clear, to a
server at an address, and prints what became of it as JSON.

    clear_login.py ADDRESS STARTTLS MEANS OPTIONS

STARTTLS is what the server makes of it: "missing", "refused" or "broken"; MEANS with
what to log in: "password", "token" or "mechanism"; OPTIONS is JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import drive as driving
from support.drive import Connection, Operation, Option
from support.drive.credentials import Mechanism
from support.servers.scripted import Peer, ScriptedServer

OFFER = b"AUTH PLAIN LOGIN XOAUTH2 X-MINE"


def breaks_off(peer: Peer) -> None:
    """Agrees to STARTTLS, and cannot."""
    peer.greet(b"STARTTLS", OFFER)
    peer.answer(b"STARTTLS", b"220 go ahead")
    peer.handshake_began()


def logs_in(peer: Peer, refuses_tls: bool) -> None:
    if refuses_tls:
        peer.greet(b"STARTTLS", OFFER)
        peer.answer(b"STARTTLS", b"454 4.7.0 not now")
    else:
        peer.greet(OFFER)
    line = peer.line()
    if line != b"QUIT":
        peer.reply(b"235 welcome")
        peer.expect(b"QUIT")
    peer.reply(b"221 bye")


def start_login(connection: Connection, means: str) -> Operation:
    if means == "token":
        return connection.start_login("alice", access_token="token")
    return connection.start_login("alice", "sesame")


def main() -> None:
    address, starttls, means, text = sys.argv[1:]
    options: dict[str, Option] = json.loads(text)
    drive = driving.start()
    dialogues = [lambda peer: logs_in(peer, starttls == "refused")]
    if starttls == "broken":
        dialogues.insert(0, breaks_off)
    with ScriptedServer(*dialogues, address=address) as server:
        if options.get("connection") == "ours":
            options["connection"] = f"to:{address}:{server.port}"
        if means == "mechanism":
            options["custom_mechanism"] = Mechanism(drive)
        options |= {"host": address, "port": server.port, "name": "client.test"}
        connection = drive.connection(None, **options)
        connection.start_connect().succeeds()
        failure = start_login(connection, means).wait().error
        connection.start_quit().succeeds()
    drive.finish()
    status = drive.close()
    drive.remove_files()
    print(
        json.dumps(
            {
                "error": failure and failure.name,
                "message": failure and failure.message,
                "sent": any(b"AUTH" in peer.received for peer in server.peers),
            }
        )
    )
    sys.exit(status)


main()
