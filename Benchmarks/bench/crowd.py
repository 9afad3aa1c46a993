"""5. 2,000 connections on one loop, beside 10 that send as many messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median

from bench.clients import AIOSMTPLIB, OPTIMISTIC, QUEUED, Client, ClientError
from bench.clients import run as run_command
from bench.places import CLIENT_APART, PROGRAMS, SERVER_APART
from bench.report import Report
from bench.servers import Sinks
from bench.texts import Text

ROUNDS = 3
MANY, FEW = 2000, 10
MESSAGES = 20_000
# For the memory of a connection under TLS, where a connection takes a millisecond.
SECURE = 500
KIB = 1024

CROWD = Client("smtpconn, queued", (str(PROGRAMS / "many"),), QUEUED.options)
OPTIMISTIC_CROWD = Client("smtpconn, optimistic", CROWD.command, OPTIMISTIC.options)
LIBCURL_CROWD = Client("libcurl, multi interface", (str(PROGRAMS / "many_curl"),))
STRAIGHT = Client("straight C: end+envelope", (str(PROGRAMS / "many_straight"),), ("warm=0",), True)
BARE = Client("OpenSSL alone", STRAIGHT.command, STRAIGHT.options)
RELEASED = Client("OpenSSL alone, buffers released", BARE.command, ("warm=0", "mode=released"))
OURS = (CROWD, OPTIMISTIC_CROWD)
CLIENTS = (*OURS, STRAIGHT, LIBCURL_CROWD, AIOSMTPLIB)

Figures = dict[str, float]


def measure(
    client: Client,
    sinks: Sinks,
    text: Text,
    connections: int,
    count: int,
    *,
    prefix: Sequence[str] = CLIENT_APART,
    tls: bool = False,
) -> Figures:
    """What the client prints, when everything arrived."""
    kind = client.kind(tls)
    sink = sinks.of(kind)
    many = client.with_options(f"connections={connections}")
    try:
        printed = run_command([*prefix, *many.arguments(sink.port, text, count, tls)])
    except ClientError:
        sinks.replace(kind)
        raise
    messages = sum(seen.messages for seen in sink.reports(connections))
    if messages != connections * (count + ("warm=0" not in client.options)):
        raise ClientError(f"{messages} messages arrived")
    figures: Figures = json.loads(printed)
    return figures


def speeds(report: Report, sinks: Sinks, text: Text) -> dict[Client, list[Figures]]:
    """Per client the figures of the many; what has failed is not in it."""
    rates: dict[tuple[Client, int], list[float]] = {}
    heaps: dict[Client, list[Figures]] = {}
    clients = list(CLIENTS)
    for number in range(ROUNDS):
        for client in tuple(clients):
            # These take long, and only their order of size is wanted.
            if number > 0 and client in (LIBCURL_CROWD, AIOSMTPLIB):
                continue
            try:
                for connections in (MANY, FEW):
                    count = MESSAGES // connections
                    figures = measure(client, sinks, text, connections, count)
                    rate = MESSAGES / figures["seconds"]
                    rates.setdefault((client, connections), []).append(rate)
                    if connections == MANY:
                        heaps.setdefault(client, []).append(figures)
            except ClientError as error:
                report.failure(client.name, str(error))
                clients.remove(client)
    report.table("messages/s, plain", [f"{MANY:,}", f"{FEW}", "of that"])
    for client in clients:
        many, few = (median(rates[client, number]) for number in (MANY, FEW))
        raw = {str(number): rates[client, number] for number in (MANY, FEW)}
        report.row(client.name, [f"{many:,.0f}", f"{few:,.0f}", f"{many / few:.2f}"], raw)
    for client in OURS:
        if client in clients:
            share = median(rates[client, MANY]) / median(rates[client, FEW])
            report.bar(f"{client.name}: {MANY:,} of {FEW} connections", share, least=0.8)
    return {client: heaps[client] for client in clients}


def memory(report: Report, sinks: Sinks, text: Text, plain: Figures) -> None:
    """Of smtpconn, libcurl and OpenSSL alone. libcurl gives the buffers back."""
    secure = {
        client: measure(client, sinks, text, SECURE, 0, tls=True)
        for client in (CROWD, LIBCURL_CROWD, BARE, RELEASED)
    }
    libcurl = measure(LIBCURL_CROWD, sinks, text, SECURE, 0)
    title = "heap of an idle connection, KiB"
    report.table(title, ["plain", "TLS", "after use", "TLS", "beyond OpenSSL"])
    bare = secure[BARE]["idle"] / KIB
    rows: Sequence[tuple[Client, Figures]] = ((CROWD, plain), (LIBCURL_CROWD, libcurl))
    for client, clear in rows:
        figures = [
            *(clear["idle"] / KIB, secure[client]["idle"] / KIB),
            *(clear["used"] / KIB, secure[client]["used"] / KIB),
        ]
        figures.append(figures[3] - bare)
        report.row(client.name, [f"{one:,.1f}" if one else "" for one in figures], figures)
    for client in (BARE, RELEASED):
        alone = secure[client]["idle"] / KIB
        report.row(client.name, ["", f"{alone:.1f}"], alone)
    for name, key in (("new", "idle"), ("after use", "used")):
        report.bar(f"an idle connection, plain, {name}: KiB", plain[key] / KIB, most=8)
        beyond = secure[CROWD][key] / KIB - bare
        report.bar(f"an idle connection, TLS, {name}: KiB beyond OpenSSL", beyond, most=40)


def run(report: Report, text: Text) -> None:
    report.section("5", f"{MESSAGES:,} messages over many connections on one loop")
    with Sinks(SERVER_APART) as sinks:
        heaps = speeds(report, sinks, text)
        if CROWD in heaps:
            memory(report, sinks, text, heaps[CROWD][0])
