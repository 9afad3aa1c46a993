"""What the tests ask of the system."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path


def name_servers() -> list[str]:
    """The addresses of the name servers that the C library asks."""
    lines = Path("/etc/resolv.conf").read_text().splitlines()
    found = [line.split()[1] for line in lines if line.startswith("nameserver ")]
    return found[:3] or ["127.0.0.1"]


def in_network_namespace(*addresses: str) -> list[str]:
    """The command in front of a program to run it in a network namespace of its
    own, whose loopback interface has these addresses too."""
    commands = ["ip link set lo up"]
    for address in addresses:
        if address.startswith("127.") or address == "::1":
            continue  # there from the beginning
        length = 128 if ":" in address else 32
        # nodad: an IPv6 address is usable at once.
        extra = " nodad" if ":" in address else ""
        commands.append(f"ip addr add {shlex.quote(address)}/{length} dev lo{extra}")
    script = " && ".join([*commands, 'exec "$@"'])
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--net", *root, "sh", "-c", script, "sh"]


def with_hosts(hosts: Path) -> list[str]:
    """The command in front of a program for which this file is /etc/hosts."""
    script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *root, "sh", "-c", script, "sh", str(hosts)]


@contextlib.contextmanager
def full_listener(address: str = "127.0.0.1") -> Iterator[int]:
    """A port that neither accepts nor refuses: its queue is full."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((address, port))
            fillers.append(filler)
        try:
            yield port
        finally:
            for filler in fillers:
                filler.close()
