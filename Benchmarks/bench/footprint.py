"""6. What a program pays for the library before its first message, and with it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.clients import Client
from bench.clients import run as run_command
from bench.places import LIBRARY, PROGRAMS, TOGETHER, libcurl
from bench.report import Report
from bench.servers import Sinks
from bench.texts import Text

ROUNDS = 15


@dataclass
class Footprint:
    to_first: list[float]
    resident: list[float]


def loaded(library: Path) -> int:
    """Octets of the libraries that come with it, the C library's own left out."""
    listed = subprocess.run(["ldd", str(library)], capture_output=True, text=True, check=True)
    paths = re.findall(r"=> (/\S+)", listed.stdout)
    own = re.compile(r"lib(c|m|dl|pthread|rt|resolv)\.so")
    return sum(
        Path(path).resolve().stat().st_size for path in paths if not own.match(Path(path).name)
    )


def run(report: Report, text: Text) -> None:
    report.section("6", "Loading the library, and one message")
    libraries = {"smtpconn": LIBRARY, "libcurl": libcurl()}
    found = {name: Footprint([], []) for name in libraries}
    with Sinks(TOGETHER) as sinks:
        sink = sinks.of("")
        for _ in range(ROUNDS):
            for name, path in libraries.items():
                client = Client(name, (str(PROGRAMS / "open"),), (f"mode={path.resolve()}",))
                arguments = client.arguments(sink.port, text, 1, tls=False)
                figures = json.loads(run_command([*TOGETHER, *arguments]))
                (seen,) = sink.reports()
                found[name].to_first.append((seen.hello - figures["start"]) * 1e3)
                found[name].resident.append(figures["after"] - figures["before"])
    columns = ["ms to EHLO", "own KiB", "others KiB", "resident KiB"]
    report.table("one processor", columns)
    for name, path in libraries.items():
        own, others = path.resolve().stat().st_size / 1024, loaded(path) / 1024
        one = found[name]
        report.row(
            name,
            [
                f"{median(one.to_first):.2f}",
                *(f"{value:,.0f}" for value in (own, others, median(one.resident))),
            ],
            {"ms": one.to_first, "resident": one.resident, "own": own, "others": others},
        )
