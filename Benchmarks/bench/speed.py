"""1. How many messages a second, and what of a processor one takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from bench.clients import (
    EVERY,
    LIBCURL,
    LIBESMTP,
    LOCKSTEP,
    OPTIMISTIC,
    QUEUED,
    STRAIGHT_BDAT,
    STRAIGHT_GROUP,
    STRAIGHT_LOCKSTEP,
    STRAIGHT_NEXT,
    STRAIGHT_RSET,
    Client,
    ClientError,
    measure,
)
from bench.clients import run as run_command
from bench.places import TOGETHER
from bench.report import Report
from bench.servers import Sinks, sink, smtp_sink
from bench.texts import Text

ROUNDS = 7
# How long one measurement is to take, and with how many messages that is found out.
SECONDS = 0.08
TRIAL = 300
# The check of the sink.
CHECK_ROUNDS, CHECKED = 5, 1000


@dataclass
class Series:
    """What one client took, in seconds for each message."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    commands: float = 0

    @property
    def rate(self) -> float:
        return 1 / median(self.wall)

    @property
    def spread(self) -> float:
        return (max(self.wall) - min(self.wall)) / median(self.wall)


def compare(
    report: Report, clients: Sequence[Client], text: Text, prefix: Sequence[str], tls: bool
) -> dict[str, Series]:
    """The clients in turn, again and again, so that what else the machine does meets all."""
    series: dict[str, Series] = {}
    counts = {client: TRIAL for client in clients}
    with Sinks(prefix) as sinks:
        for number in range(-1, ROUNDS):
            for client, count in list(counts.items()):
                try:
                    figures = measure(client, sinks, text, count, prefix=prefix, tls=tls)
                except ClientError as error:
                    report.failure(client.name, str(error))
                    del counts[client]
                    continue
                if number < 0:
                    counts[client] = max(TRIAL, round(SECONDS * TRIAL / figures.seconds))
                    series[client.name] = Series(commands=figures.seen.commands / TRIAL)
                    continue
                series[client.name].wall.append(figures.seconds / count)
                series[client.name].cpu.append(figures.cpu / count)
    return {name: one for name, one in series.items() if one.wall}


def same_dialogue(client: Client, series: dict[str, Series]) -> str | None:
    """The straight loop that says what this client says."""
    if client == QUEUED:
        resets = series[client.name].commands > 3.5
        return STRAIGHT_RSET.name if resets else STRAIGHT_NEXT.name
    others = {LOCKSTEP: STRAIGHT_GROUP, OPTIMISTIC: STRAIGHT_BDAT}
    return others[client].name if client in others else None


def ratio(series: dict[str, Series], one: str, other: str | None) -> float | None:
    if one not in series or other not in series:
        return None
    return series[one].rate / series[other].rate


def show(report: Report, title: str, series: dict[str, Series], clients: Sequence[Client]) -> None:
    columns = ["messages/s", "spread", "CPU us", "x libcurl", "x libESMTP", "x straight"]
    report.table(title, columns)
    for client in clients:
        if client.name not in series:
            continue
        one = series[client.name]
        ratios = [
            ratio(series, client.name, other)
            for other in (LIBCURL.name, LIBESMTP.name, same_dialogue(client, series))
        ]
        report.row(
            client.name,
            [
                f"{one.rate:,.0f}",
                f"{one.spread:.0%}",
                f"{median(one.cpu) * 1e6:,.1f}",
                *("" if value is None else f"{value:.2f}" for value in ratios),
            ],
            asdict(one),
        )


def judge(report: Report, series: dict[str, Series], how: str, least: dict[Client, float]) -> None:
    for client, bound in least.items():
        against = ratio(series, client.name, LIBCURL.name)
        if against is not None:
            report.bar(f"{client.name}, {how}: times libcurl", against, least=bound)


def judge_pinned(report: Report, series: dict[str, Series], how: str) -> None:
    for client, bound in {QUEUED: 2.0, OPTIMISTIC: 5.0}.items():
        against = ratio(series, client.name, LIBESMTP.name)
        if against is not None:
            report.bar(f"{client.name}, {how}: times libESMTP", against, least=bound)
        if client.name in series:
            limit = same_dialogue(client, series)
            slower = ratio(series, limit or "", client.name)
            if slower is not None:
                report.bar(f"{client.name}, {how}: straight C is faster by", slower, most=1.5)


def check_sink(report: Report, text: Text) -> None:
    """Whether the sink flatters somebody: the same with postfix's, which has no BDAT."""
    clients = (QUEUED, LOCKSTEP, LIBCURL, LIBESMTP, STRAIGHT_LOCKSTEP, STRAIGHT_GROUP)
    rates: dict[str, dict[str, list[float]]] = {}
    with sink(TOGETHER, "--without", "CHUNKING") as ours, smtp_sink(TOGETHER) as postfix:
        for _ in range(CHECK_ROUNDS):
            for client in clients:
                for name, port in (("sink", ours.port), ("smtp-sink", postfix)):
                    command = client.arguments(port, text, CHECKED, tls=False)
                    figures = json.loads(run_command([*TOGETHER, *command]))
                    of_client = rates.setdefault(client.name, {"sink": [], "smtp-sink": []})
                    of_client[name].append(CHECKED / figures["seconds"])
    report.table("plain, one processor", ["sink", "x libcurl", "smtp-sink", "x libcurl"])
    for client in clients:
        shown = []
        for name in ("sink", "smtp-sink"):
            rate = median(rates[client.name][name])
            shown += [f"{rate:,.0f}", f"{rate / median(rates[LIBCURL.name][name]):.2f}"]
        report.row(client.name, shown, rates[client.name])


def run(report: Report, text: Text) -> None:
    report.section("1", "Messages of 1 KiB over one connection")
    for tls in (False, True):
        clients = [client for client in EVERY if client.has_tls or not tls]
        kind = "TLS" if tls else "plain"
        series = compare(report, clients, text, TOGETHER, tls)
        show(report, f"{kind}, one processor", series, clients)
        judge(report, series, f"{kind}, pinned", {QUEUED: 4, OPTIMISTIC: 10})
        judge_pinned(report, series, f"{kind}, pinned")
        series = compare(report, clients, text, [], tls)
        show(report, f"{kind}, unpinned", series, clients)
        judge(report, series, f"{kind}, unpinned", {QUEUED: 4, OPTIMISTIC: 20})
    check_sink(report, text)
