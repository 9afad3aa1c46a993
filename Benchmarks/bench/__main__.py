"""Measures smtpconn beside other libraries: python run.py FOLDER-OF-PROGRAMS.

See README.md for what is measured, and how.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PROGRAMS = Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench")
HERE = Path(__file__).parent

SIZES = {"1 KiB": 1 << 10, "100 KiB": 100 << 10, "10 MiB": 10 << 20}
ROUNDS = 5
# How long one measurement is to take, and the first one, which only tells how
# many messages that will be.
SECONDS = 0.15
TRIAL = {"1 KiB": 200, "100 KiB": 20, "10 MiB": 2}
# Instructions: the difference of two runs, without what both need to start.
COUNTED = {"1 KiB": (100, 1100), "100 KiB": (5, 55), "10 MiB": (1, 3)}
LINE = b"It is a long established fact that a reader looks at the layout of a page.\r\n"


@dataclass
class Client:
    name: str
    command: list[str]
    mode: list[str] = field(default_factory=list)


@dataclass
class Series:
    """What one client took, in seconds for each message."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def spread(self) -> float:
        return (max(self.wall) - min(self.wall)) / median(self.wall)


def clients() -> list[Client]:
    send = [str(PROGRAMS / "send")]
    binding = [sys.executable, str(HERE / "smtpconn_client.py")]
    found = [
        Client("smtpconn", send, ["queued"]),
        Client("smtpconn, lockstep", send, ["lockstep"]),
        Client("libcurl", [str(PROGRAMS / "curl")]),
        Client("libESMTP", [str(PROGRAMS / "esmtp")]),
        Client("Python: smtpconn", binding, ["queued"]),
        Client("Python: smtpconn, lockstep", binding, ["lockstep"]),
        Client("Python: smtplib", [sys.executable, str(HERE / "smtplib_client.py")]),
    ]
    return [client for client in found if Path(client.command[0]).exists()]


def message(size: int) -> bytes:
    """Lines of 76 octets; some begin with a dot."""
    head = b"From: sender@example.com\r\nTo: recipient@example.net\r\nSubject: measured\r\n\r\n"
    page = LINE * 50 + b"." + LINE[1:]
    return (head + page * (size // len(page) + 1))[: size - 2] + b"\r\n"


@contextmanager
def sink(prefix: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [*prefix, str(PROGRAMS / "sink")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, server.stdout.readline().split()[1]
        finally:
            server.terminate()


def measure(
    server: subprocess.Popen[str], prefix: Sequence[str], client: Client, arguments: list[str]
) -> tuple[float, float]:
    """Seconds and processor seconds for each message."""
    command = [*prefix, *client.command, *arguments, *client.mode]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    count = int(arguments[2])
    assert server.stdout is not None
    _, messages, _ = server.stdout.readline().split()
    if int(messages) != count + 1:
        sys.exit(f"{client.name} was to send {count + 1} messages; {messages} arrived")
    wall, cpu = map(float, done.stdout.split())
    return wall / count, cpu / count


def compare(prefix: Sequence[str], size: str, path: Path) -> dict[str, Series]:
    """The clients in turn, again and again, so that what else the machine does meets all."""
    series = {client.name: Series() for client in clients()}
    counts: dict[str, int] = {}
    with sink(prefix) as (server, port):
        for client in clients():
            arguments = [port, str(path), str(TRIAL[size])]
            wall, _ = measure(server, prefix, client, arguments)
            counts[client.name] = max(2, round(SECONDS / wall))
        for _ in range(ROUNDS):
            for client in clients():
                arguments = [port, str(path), str(counts[client.name])]
                wall, cpu = measure(server, prefix, client, arguments)
                series[client.name].wall.append(wall)
                series[client.name].cpu.append(cpu)
    return series


def show(title: str, octets: int, series: dict[str, Series]) -> None:
    print(f"\n{title:30} {'messages/s':>11} {'MB/s':>8} {'CPU us':>9} {'spread':>7}", end="")
    print(f" {'x smtpconn':>11} {'x in Python':>12}")
    base = median(series["smtpconn"].wall)
    python = median(series["Python: smtpconn"].wall)
    for name, one in series.items():
        wall, cpu = median(one.wall), median(one.cpu)
        print(f"{name:30} {1 / wall:11,.0f} {octets / wall / 1e6:8,.0f} {cpu * 1e6:9,.1f}", end="")
        print(f" {one.spread:7.0%} {wall / base:11.2f}", end="")
        print(f" {wall / python:12.2f}" if name.startswith("Python") else "", flush=True)


def instructions(client: Client, path: Path, count: int) -> int:
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    with sink([]) as (_, port):
        command = [*valgrind, *client.command, port, str(path), str(count), *client.mode]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        sys.exit(f"valgrind did not count:\n{done.stderr}")
    return int(found[1])


def show_instructions(paths: dict[str, Path]) -> None:
    if shutil.which("valgrind") is None:
        return
    print(f"\n{'instructions for a message':30}" + "".join(f"{size:>15}" for size in paths))
    for client in clients():
        if client.name.startswith("Python"):
            continue
        print(f"{client.name:30}", end="")
        for size, path in paths.items():
            few, many = COUNTED[size]
            extra = instructions(client, path, many) - instructions(client, path, few)
            print(f"{extra // (many - few):15,}", end="", flush=True)
        print()


def main() -> None:
    paths = {}
    for size, octets in SIZES.items():
        paths[size] = PROGRAMS / f"message-{octets}"
        paths[size].write_bytes(message(octets))
    processor = min(os.sched_getaffinity(0))
    pinned = ["taskset", "-c", str(processor)]
    for place, prefix in (("one processor", pinned), ("unpinned", [])):
        for size, path in paths.items():
            show(f"{size}, {place}", SIZES[size], compare(prefix, size, path))
    show_instructions(paths)


if __name__ == "__main__":
    main()
