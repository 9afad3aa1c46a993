"""3. How often a client waits for the server, and what that takes when it is far away.

The server counts, and its clock runs from the first MAIL to the last reply: connecting,
EHLO and QUIT are not in it, and no client had to be changed.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from bench.clients import (
    EVERY,
    OPTIMISTIC,
    QUEUED,
    Client,
    ClientError,
    Figures,
    measure,
)
from bench.report import Report
from bench.servers import Sinks
from bench.texts import Text

ROUND_TRIP = 50  # milliseconds
# Messages and recipients.
CASES = {"1 message": (1, 1), "to 50": (1, 50), "100 messages": (100, 1)}
BARS = {QUEUED: (2, 2, 101), OPTIMISTIC: (1, 1, 5)}


def _measure(client: Client, text: Text, messages: int, recipients: int) -> Figures:
    far = client.with_options("warm=0", f"recipients={recipients}")
    with Sinks([], "--delay", str(ROUND_TRIP)) as sinks:
        return measure(far, sinks, text, messages)


def run(report: Report, text: Text) -> None:
    report.section("3", f"Waits, and seconds through a round trip of {ROUND_TRIP} ms")
    # They do nothing but wait, so all may do it at the same time; the long ones last,
    # so that the short ones have the machine for themselves.
    results: dict[tuple[str, str], Future[Figures]] = {}
    for case, (messages, recipients) in CASES.items():
        with ThreadPoolExecutor(len(EVERY)) as pool:
            for client in EVERY:
                results[client.name, case] = pool.submit(
                    _measure, client, text, messages, recipients
                )
    columns = [column for case in CASES for column in (case, "seconds")]
    report.table("waits", columns)
    for client in EVERY:
        shown: list[str] = []
        raw: dict[str, dict[str, float]] = {}
        try:
            for case in CASES:
                seen = results[client.name, case].result().seen
                shown += [str(seen.waits), f"{seen.seconds:.2f}"]
                raw[case] = {"waits": seen.waits, "seconds": seen.seconds}
        except ClientError as error:
            report.failure(client.name, str(error))
            continue
        report.row(client.name, shown, raw)
    for client, bounds in BARS.items():
        for case, most in zip(CASES, bounds, strict=True):
            if results[client.name, case].exception() is None:
                waits = results[client.name, case].result().seen.waits
                report.bar(f"{client.name}: waits, {case}", waits, most=most)
