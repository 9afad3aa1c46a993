"""What becomes of a connect while its name is resolved: tests call `resolving`.

In a network namespace of its own a test can be the name servers that the machine
is configured for. So the rest of this file is run there, as a program: it connects
by a name that these servers deny ("unknown"), never answer ("slow"), or answer
late, when the caller has waited ("answered"), closed or freed; or they fail for now
("failing"), or are asked for many names at a time ("many"). It prints the outcome as
JSON."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import drive as driving
from support.drive import Drive
from support.drive.connection import Operation
from support.drive.outcomes import Json
from support.system import in_network_namespace, name_servers

SERVED_HERE = b"\x7f\x00\x00\x01"
TYPE_A = b"\x00\x01"


def resolving(case: str) -> Json:
    """What this file prints when it is run."""
    servers = name_servers()
    command = [*in_network_namespace(*servers), sys.executable, __file__, case, *servers]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    told: Json = json.loads(done.stdout)
    return told


#: RFC 1035 section 4.1.1, the response codes "server failure" and "name error".
CODES = {"failing": 2, "unknown": 3}


def answer(question: bytes, code: int) -> bytes:
    """RFC 1035 section 4.1: one IPv4 address, and none of any other type; with a response
    code nothing."""
    end = question.index(b"\0", 12) + 5
    asked, kind = question[12:end], question[end - 4 : end - 2]
    flags = bytes([0x81, 0x80 | code])
    if code != 0 or kind != TYPE_A:
        return question[:2] + flags + b"\0\1\0\0\0\0\0\0" + asked
    record = b"\xc0\x0c" + TYPE_A + b"\0\1" + b"\0\0\0\x3c" + b"\0\4" + SERVED_HERE
    return question[:2] + flags + b"\0\1\0\1\0\0\0\0" + asked + record


class NameServers:
    """Answers every question once it is `released`."""

    def __init__(self, addresses: list[str], code: int) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()
        self._code = code
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            server = socket.socket(family, socket.SOCK_DGRAM)
            server.bind((address, 53))
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()

    def _serve(self, server: socket.socket) -> None:
        while True:
            question, client = server.recvfrom(512)
            self.asked.set()
            self.released.wait()
            server.sendto(answer(question, self._code), client)


def wait_for_resolver(drive: Drive, threads: int) -> None:
    """The thread that resolves goes on when nobody waits for it any more."""
    deadline = time.monotonic() + driving.PATIENCE
    while drive.counts()[1] > threads:
        assert time.monotonic() < deadline, "the resolving thread does not end"


def came(listener: socket.socket, expected: bool) -> bool:
    """Whether somebody has connected. An answer that led to a connection has done
    so by now, unless it is waited for."""
    listener.settimeout(driving.PATIENCE if expected else 0)
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def ask_for_many(drive: Drive, servers: NameServers, listener: socket.socket) -> Json:
    """A hundred names that are not answered in time; then all are, and so is one more."""
    threads = drive.counts()[1]
    port = listener.getsockname()[1]

    def opening(name: str, limit: int) -> Operation:
        connection = drive.connection(host=name, port=port, dns_timeout=limit)
        return connection.start_connect()

    openings = [opening(f"n{number}.nowhere.example", 1000) for number in range(100)]
    failures = [each.wait().error for each in openings]
    most = drive.counts()[1] - threads
    late = opening("last.nowhere.example", 0)
    servers.released.set()
    connected = came(listener, expected=True)
    late.wait()
    wait_for_resolver(drive, threads)
    return {
        "errors": [failure.name for failure in failures if failure],
        "threads": most,
        "connected": connected,
    }


def main() -> None:
    case, *addresses = sys.argv[1:]
    servers = NameServers(addresses, CODES.get(case, 0))
    if case in CODES:
        servers.released.set()
    listener = socket.create_server(("127.0.0.1", 0))

    drive = driving.start()
    if case == "many":
        told = ask_for_many(drive, servers, listener)
        drive.finish()
        status = drive.close()
        drive.remove_files()
        print(json.dumps(told))
        sys.exit(status)
    threads = drive.counts()[1]
    limit = 200 if case == "slow" else 0
    connection = drive.connection(
        host="nowhere.example", port=listener.getsockname()[1], dns_timeout=limit
    )
    opening = connection.start_connect()
    # The resolving thread goes on when its connection has given up, so the question
    # may come later than the failure.
    assert servers.asked.wait(driving.PATIENCE), "nobody asked for the name"
    if case in ("closed", "freed"):
        getattr(connection, "close" if case == "closed" else "free")()
        opening.fails("ECANCELLED")
    connected = False
    if case in ("answered", "closed", "freed"):
        servers.released.set()
        wait_for_resolver(drive, threads)
        connected = came(listener, expected=case == "answered")
    failure = opening.wait().error
    drive.finish()
    status = drive.close()
    print(drive.stderr(), file=sys.stderr)
    drive.remove_files()
    assert failure is not None
    told = {
        "error": failure.name,
        "message": failure.message,
        "phase": failure.phase,
        "retry": failure.retry,
        "connected": connected,
    }
    print(json.dumps(told))
    sys.exit(status)


if __name__ == "__main__":
    main()
