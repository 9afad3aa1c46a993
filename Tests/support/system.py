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


def _in_namespace(kind: str, commands: list[str]) -> list[str]:
    """The command in front of a program to run it in a namespace of its own, after
    these commands."""
    script = " && ".join([*commands, 'exec "$@"'])
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", f"--{kind}", *root, "sh", "-c", script, "sh"]


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
    return _in_namespace("net", commands)


def in_mount_namespace(mounts: dict[Path, Path]) -> list[str]:
    """The command in front of a program that is to see the first of each pair in
    the place of the second. Nobody else does."""
    commands = [
        f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(target))}"
        for source, target in mounts.items()
    ]
    return _in_namespace("mount", commands)


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
