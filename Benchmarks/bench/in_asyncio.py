"""7. Many connections in one event loop of Python's asyncio."""

from __future__ import annotations

from statistics import median

from bench.clients import AIO_OPTIMISTIC, AIO_QUEUED, AIO_SERIAL, AIOSMTPLIB, ClientError
from bench.crowd import measure
from bench.places import TOGETHER
from bench.report import Report
from bench.servers import Sinks
from bench.texts import Text

ROUNDS = 5
CONNECTIONS, COUNT = 50, 100
CLIENTS = (AIOSMTPLIB, AIO_SERIAL, AIO_QUEUED, AIO_OPTIMISTIC)


def compare(report: Report, sinks: Sinks, text: Text, *, tls: bool) -> None:
    times: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    clients = list(CLIENTS)
    for _ in range(ROUNDS):
        for client in tuple(clients):
            try:
                figures = measure(client, sinks, text, CONNECTIONS, COUNT, prefix=TOGETHER, tls=tls)
            except ClientError as error:
                report.failure(client.name, str(error))
                clients.remove(client)
                continue
            times.setdefault(client.name, []).append(figures["seconds"])
            cpu.setdefault(client.name, []).append(figures["cpu"])
    messages = CONNECTIONS * COUNT
    kind = "TLS" if tls else "plain"
    rates = {client.name: messages / median(times[client.name]) for client in clients}
    base = rates.get(AIOSMTPLIB.name)
    report.table(f"messages/s, {kind}", ["rate", "CPU us", "x aiosmtplib"])
    for client in clients:
        name = client.name
        each = median(cpu[name]) / messages * 1e6
        times_base = f"{rates[name] / base:.1f}" if base else ""
        report.row(name, [f"{rates[name]:,.0f}", f"{each:.0f}", times_base], times[name])
    if base and AIO_QUEUED in clients:
        report.bar(
            f"smtpconn.aio, queued, {kind}: times aiosmtplib",
            rates[AIO_QUEUED.name] / base,
            least=8,
        )


def run(report: Report, text: Text) -> None:
    report.section("7", f"{CONNECTIONS} connections with {COUNT} messages each in asyncio")
    with Sinks(TOGETHER) as sinks:
        for tls in (False, True):
            compare(report, sinks, text, tls=tls)
