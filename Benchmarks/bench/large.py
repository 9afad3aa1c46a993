"""4. One message of 256 MB: how fast it leaves, and what memory that takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.clients import (
    LIBCURL,
    LIBESMTP,
    QUEUED,
    SMTPLIB,
    STRAIGHT_GROUP,
    Client,
    ClientError,
    Figures,
    measure,
)
from bench.clients import (
    run as run_command,
)
from bench.places import CLIENT_APART, PROGRAMS, SERVER_APART
from bench.report import Report
from bench.servers import Sinks
from bench.texts import HEAD_LIMIT, Text, of_size, write

ROUNDS = 5
PIECE, TIMES = 1 << 20, 256
SOURCES = ("memory", "callback", "descriptor")
MEMORY_BAR = 1.0  # MiB above the message


@dataclass(frozen=True)
class Run:
    """A client with a source, the line ends of what it is given, and TLS or not."""

    client: Client
    source: str
    ends: str
    tls: bool

    @property
    def name(self) -> str:
        return f"{self.client.name.split(',')[0].split(':')[0]}, {self.source}"

    @property
    def configured(self) -> Client:
        options = [f"source={self.source}"]
        if self.client == LIBCURL and self.ends == "LF":
            options.append("mode=lf")
        return self.client.with_options(*options)


def plan(tls: bool) -> list[Run]:
    """libcurl has no message in memory, only a callback; smtplib and libESMTP have no
    other source."""
    runs = [Run(QUEUED, source, ends, tls) for ends in ("CRLF", "LF") for source in SOURCES]
    runs.append(Run(QUEUED, "copy", "CRLF", tls))
    runs += [Run(STRAIGHT_GROUP, source, "CRLF", tls) for source in SOURCES]
    runs += [Run(LIBCURL, source, "CRLF", tls) for source in SOURCES]
    runs.append(Run(LIBCURL, "memory", "LF", tls))
    runs += [Run(LIBESMTP, "memory", "CRLF", tls), Run(SMTPLIB, "memory", "CRLF", tls)]
    return runs


class Large:
    """The measured runs, with what is known of each."""

    def __init__(self, report: Report, folder: Path) -> None:
        self._report = report
        piece = of_size(PIECE)
        lf = piece.replace(b"\r\n", b"\n")
        self._texts = {
            "CRLF": write(folder, "large", piece, TIMES),
            "LF": write(folder, "large-lf", lf, TIMES),
        }
        self._small = {
            "CRLF": write(folder, "small", of_size(HEAD_LIMIT)),
            "LF": write(folder, "small-lf", of_size(HEAD_LIMIT).replace(b"\r\n", b"\n")),
        }
        self.rates: dict[Run, list[float]] = {}
        self.cpu: dict[Run, list[float]] = {}
        self._peaks: dict[Run, float] = {}

    def _measure(self, run: Run, sinks: Sinks, text: Text) -> Figures:
        return measure(run.configured, sinks, text, 1, prefix=CLIENT_APART, tls=run.tls)

    def measure(self, runs: Sequence[Run]) -> None:
        broken: set[Run] = set()
        with Sinks(SERVER_APART) as sinks:
            for number in range(ROUNDS):
                for run in runs:
                    text = self._texts[run.ends]
                    # smtplib takes as long as all the others together.
                    if run in broken or (number > 0 and run.client == SMTPLIB):
                        continue
                    try:
                        figures = self._measure(run, sinks, text)
                        if run not in self._peaks:
                            small = self._measure(run, sinks, self._small[run.ends])
                            self._peaks[run] = figures.peak - small.peak
                    except ClientError as error:
                        self._report.failure(f"{run.name}, {run.ends}", str(error))
                        broken.add(run)
                        continue
                    self.rates.setdefault(run, []).append(text.size / figures.seconds / 1e6)
                    self.cpu.setdefault(run, []).append(figures.cpu / text.size * 1e12)

    def above(self, run: Run) -> float:
        """The peak of memory, in MiB, without what the client itself holds."""
        text = self._texts[run.ends]
        size = text.path.stat().st_size
        holds = {"memory": size, "copy": 2 * size, "callback": text.piece, "descriptor": 0}
        return (self._peaks[run] - holds[run.source]) / (1 << 20)

    def rate(self, run: Run) -> float | None:
        return median(self.rates[run]) if run in self.rates else None

    def show(self, tls: bool) -> None:
        kind = "TLS" if tls else "plain"
        self._report.table(
            f"{kind}, each on its processor",
            ["text", "MB/s", "x straight", "x libcurl", "CPU ms/GB", "MiB above"],
        )
        for run in plan(tls):
            rate = self.rate(run)
            if rate is None:
                continue
            self._report.row(
                run.name,
                [
                    run.ends,
                    f"{rate:,.0f}",
                    *(f"{value:.2f}" if value else "" for value in self.ratios(run)),
                    f"{median(self.cpu[run]):,.0f}",
                    # The straight loop has a copy of its own.
                    "" if run.client == STRAIGHT_GROUP else f"{self.above(run):.2f}",
                ],
                {"MB/s": self.rates[run], "CPU": self.cpu[run], "above": self.above(run)},
            )

    def ratios(self, run: Run) -> tuple[float | None, float | None]:
        """To the straight loop with the same source, which sends what is ready, and to
        libcurl with the same source and the same text."""
        source = "memory" if run.source == "copy" else run.source
        rate = self.rate(run)
        straight = self.rate(Run(STRAIGHT_GROUP, source, "CRLF", run.tls))
        libcurl = self.rate(Run(LIBCURL, source, run.ends, run.tls))
        return (
            rate / straight if rate and straight else None,
            rate / libcurl if rate and libcurl else None,
        )

    def judge(self, tls: bool) -> None:
        kind = "TLS" if tls else "plain"
        for run in plan(tls):
            if run.client != QUEUED or run.source == "copy" or run not in self.rates:
                continue
            name = f"{run.name}, {run.ends}, {kind}"
            straight, libcurl = self.ratios(run)
            if straight is not None:
                least = 0.9 if run.ends == "CRLF" else 0.6
                self._report.bar(f"{name}: of the straight loop", straight, least=least)
            # Under TLS not even the straight loop is twice as fast: OpenSSL takes the time.
            if libcurl is not None and run.ends == "CRLF" and not tls:
                self._report.bar(f"{name}: times libcurl", libcurl, least=2)
            self._report.bar(f"{name}: MiB above the message", self.above(run), most=MEMORY_BAR)


def content_pass(report: Report) -> None:
    figures = json.loads(run_command([*CLIENT_APART, str(PROGRAMS / "content")]))
    report.table("the content pass alone", ["MB/s", "x memcpy"])
    for name, rate in figures.items():
        share = rate / figures["memcpy"]
        report.row(name, [f"{rate / 1e6:,.0f}", f"{share:.2f}"], rate)
    for name in ("crlf", "lf"):
        what = f"the content pass, {name.upper()} text of 76 columns: of memcpy"
        report.bar(what, figures[name] / figures["memcpy"], least=0.25)


def run(report: Report, _: Text) -> None:
    report.section("4", "One message of 256 MB")
    # In memory where that is possible: what is written to a disk later would be measured
    # with what comes then.
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else PROGRAMS) as folder:
        large = Large(report, Path(folder))
        for tls in (False, True):
            large.measure(plan(tls))
            large.show(tls)
            large.judge(tls)
    content_pass(report)
