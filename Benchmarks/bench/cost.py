"""2. What one message costs in instructions and in system calls.

Each is the slope between two runs, so that starting up and the end are not in it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import NamedTemporaryFile

from bench.clients import (
    LIBCURL,
    LIBESMTP,
    LOCKSTEP,
    OPTIMISTIC,
    QUEUED,
    STRAIGHT,
    Client,
)
from bench.places import PROCESSORS
from bench.report import Report
from bench.servers import sink
from bench.texts import Text

FEW, MANY = 1000, 2000
CLIENTS = (QUEUED, LOCKSTEP, OPTIMISTIC, LIBCURL, LIBESMTP, *STRAIGHT)
PATIENCE = 300

Count = Callable[[list[str]], int]


class ToolError(Exception):
    """A tool did not count."""


def _tool(command: list[str]) -> str:
    """What it says on its standard error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode != 0:
        # Valgrind begins its own lines with its number.
        said = [line for line in done.stderr.splitlines() if not line.startswith("==")]
        raise ToolError(said[-1] if said else f"it ended with {done.returncode}")
    return done.stderr


def _instructions(command: list[str]) -> int:
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    found = re.search(r"Collected : (\d+)", _tool([*valgrind, *command]))
    if found is None:
        raise ToolError("valgrind did not count")
    return int(found[1])


def _system_calls(command: list[str]) -> int:
    with NamedTemporaryFile(mode="r") as file:
        _tool(["strace", "-f", "-c", "-U", "calls,name", "-o", file.name, *command])
        total = Path(file.name).read_text().splitlines()[-1].split()
    if len(total) != 2 or total[1] != "total":
        raise ToolError("strace did not count")
    return int(total[0])


def slope(count: Count, client: Client, text: Text) -> float:
    def of(messages: int) -> int:
        with sink([]) as server:
            return count(client.arguments(server.port, text, messages, tls=False))

    return (of(MANY) - of(FEW)) / (MANY - FEW)


def slopes(report: Report, count: Count, what: str, text: Text) -> dict[str, float]:
    """Of all clients, as many at a time as there are processors: counts do not mind."""
    found: dict[str, float] = {}
    with ThreadPoolExecutor(len(PROCESSORS)) as pool:
        runs = {client: pool.submit(slope, count, client, text) for client in CLIENTS}
    for client, one in runs.items():
        try:
            found[client.name] = one.result()
        except ToolError as error:
            report.failure(f"{client.name}, {what}", str(error))
    return found


def run(report: Report, text: Text) -> None:
    report.section("2", "What a message of 1 KiB costs the client, in the clear")
    instructions = slopes(report, _instructions, "instructions", text)
    calls = slopes(report, _system_calls, "system calls", text)
    of_libcurl = instructions[LIBCURL.name]
    report.table("", ["instructions", "of libcurl's", "system calls"])
    for client in CLIENTS:
        if client.name not in instructions or client.name not in calls:
            continue
        cost = instructions[client.name]
        report.row(
            client.name,
            [f"{cost:,.0f}", f"1/{of_libcurl / cost:.1f}", f"{calls[client.name]:.2f}"],
            {"instructions": cost, "system calls": calls[client.name]},
        )
    for client in (QUEUED, LOCKSTEP, OPTIMISTIC):
        if client.name in instructions:
            times = of_libcurl / instructions[client.name]
            report.bar(f"{client.name}: libcurl's instructions over its", times, least=8)
    for client, most in ((QUEUED, 3.0), (OPTIMISTIC, 1.0)):
        if client.name in calls:
            report.bar(f"{client.name}: system calls", calls[client.name], most=most)
