"""8. Python: messages a second, one of 50 MB, and a send beside a thread that computes."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.clients import (
    AIOSMTPLIB,
    PYTHON_LOCKSTEP,
    PYTHON_OPTIMISTIC,
    PYTHON_QUEUED,
    SMTPLIB,
    Client,
    ClientError,
    measure,
)
from bench.places import CLIENT_APART, SERVER_APART, TOGETHER
from bench.report import Report
from bench.servers import Sinks
from bench.speed import Series, compare, ratio
from bench.texts import HEAD_LIMIT, Text, of_size, write

EVERY = (PYTHON_QUEUED, PYTHON_OPTIMISTIC, PYTHON_LOCKSTEP, SMTPLIB, AIOSMTPLIB)
ROUNDS = 5
PIECE, TIMES = 1 << 20, 50
MIB = 1 << 20
# A message from memory, from a file, from a generator.
SOURCES = ("memory", "file", "generator")


def small(report: Report, text: Text) -> None:
    for tls in (False, True):
        how = "TLS" if tls else "plain"
        series = compare(report, EVERY, text, TOGETHER, tls)
        show(report, f"{how}, one processor", series)
        for one, other, bound in (
            (PYTHON_QUEUED, SMTPLIB, 4),
            (PYTHON_QUEUED, AIOSMTPLIB, 10),
            (PYTHON_OPTIMISTIC, SMTPLIB, 10),
        ):
            against = ratio(series, one.name, other.name)
            if against is not None:
                report.bar(f"{one.name}, {how}: times {other.name}", against, least=bound)


def computing(report: Report, text: Text) -> None:
    """The other thread gives the interpreter away every 5 ms only."""
    clients = [client.with_options("computing=1") for client in (PYTHON_LOCKSTEP, SMTPLIB)]
    series = compare(report, clients, text, [], tls=False)
    show(report, "plain, beside a thread that computes", series)
    against = ratio(series, clients[0].name, clients[1].name)
    if against is not None:
        report.bar(f"{clients[0].name}, another thread: times smtplib", against, least=1)


def show(report: Report, title: str, series: dict[str, Series]) -> None:
    report.table(title, ["messages/s", "spread", "CPU us", "x smtplib", "x aiosmtplib"])
    for name, one in series.items():
        against = [ratio(series, name, other.name) for other in (SMTPLIB, AIOSMTPLIB)]
        shown = [f"{one.rate:,.0f}", f"{one.spread:.0%}", f"{median(one.cpu) * 1e6:,.1f}"]
        shown += ["" if value is None else f"{value:.2f}" for value in against]
        report.row(name, shown, {"wall": one.wall, "cpu": one.cpu})


def large(report: Report) -> None:
    report.table("one message of 50 MB", ["MB/s", "x smtplib", "MiB above"])
    with TemporaryDirectory() as folder, Sinks(SERVER_APART) as sinks:
        text = write(Path(folder), "large", of_size(PIECE), TIMES)
        little = write(Path(folder), "little", of_size(HEAD_LIMIT))
        runs = [(f"smtplib, {SOURCES[0]}", SMTPLIB, SOURCES[0])]
        runs += [
            (f"smtpconn, {source}", PYTHON_LOCKSTEP.with_options(f"source={source}"), source)
            for source in SOURCES
        ]
        rates: dict[str, list[float]] = {name: [] for name, _, _ in runs}
        above: dict[str, float] = {}
        for _ in range(ROUNDS):
            for name, client, source in runs:
                try:
                    _measure(name, client, source, (text, little), sinks, rates, above)
                except ClientError as error:
                    report.failure(name, str(error))
    base = median(rates[runs[0][0]] or [0.0])
    for name, _, _ in runs:
        if not rates[name] or not base:
            continue
        rate, more = median(rates[name]), above[name] / MIB
        report.row(
            name, [f"{rate / 1e6:,.0f}", f"{rate / base:.2f}", f"{more:.1f}"], (rates[name], more)
        )
        if name != runs[0][0]:
            report.bar(f"{name}, 50 MB: times smtplib", rate / base, least=5)
            report.bar(f"{name}, 50 MB: MiB above the message", more, most=2)


def _measure(
    name: str,
    client: Client,
    source: str,
    texts: tuple[Text, Text],
    sinks: Sinks,
    rates: dict[str, list[float]],
    above: dict[str, float],
) -> None:
    text, little = texts
    figures = measure(client, sinks, text, 1, prefix=CLIENT_APART)
    rates[name].append(text.size / figures.seconds)
    if name not in above:
        held = text.size if source == SOURCES[0] else 0
        beside = measure(client, sinks, little, 1, prefix=CLIENT_APART).peak
        above[name] = figures.peak - beside - held


def run(report: Report, text: Text) -> None:
    report.section("8", "Python")
    small(report, text)
    computing(report, text)
    large(report)
