"""9. A newsletter over four connections, to a server that defers, ends and drops."""

from __future__ import annotations

import subprocess
import time
from statistics import median

from bench.places import BUILD, CLIENT_APART, PROGRAMS, SERVER_APART
from bench.report import Report
from bench.servers import sink
from bench.texts import Text

ROUNDS = 7
LETTERS = 500
PATIENCE = 60.0
ROUND_TRIP = "1"  # milliseconds
TROUBLES = {
    "none": (),
    "every 20th recipient deferred": ("--defer", "20"),
    "421 after 50 messages": ("--limit", "50"),
    "dropped after 50 messages": ("--cut", "50"),
}
# The example as it is, and the same task for libcurl.
OURS, LIBCURL = "smtpconn, pool", "libcurl, multi interface"
PROGRAM = {
    OURS: str(BUILD / "examples" / "newsletter"),
    LIBCURL: str(PROGRAMS / "newsletter_curl"),
}
ADDRESSES = "".join(f"r{number}@example.org\n" for number in range(LETTERS))


def _seconds(program: str, options: tuple[str, ...]) -> float:
    """From the start of the program to its end; every letter must have arrived."""
    with sink(SERVER_APART, "--delay", ROUND_TRIP, *options) as server:
        command = [*CLIENT_APART, program, "127.0.0.1", str(server.port), "news@example.com"]
        begin = time.monotonic()
        done = subprocess.run(
            command,
            input=ADDRESSES,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        taken = time.monotonic() - begin
    if done.stdout != f"{LETTERS} sent, 0 not\n":
        raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
    return taken


def run(report: Report, text: Text) -> None:
    del text
    title = f"A newsletter of {LETTERS} letters, a round trip of {ROUND_TRIP} ms"
    report.section("9", title)
    for trouble, options in TROUBLES.items():
        times: dict[str, list[float]] = {name: [] for name in PROGRAM}
        for _ in range(ROUNDS):
            for name, program in PROGRAM.items():
                times[name].append(_seconds(program, options))
        base = median(times[LIBCURL])
        report.table(f"trouble: {trouble}", ["ms", "x libcurl"])
        for name, taken in times.items():
            shown = [f"{median(taken) * 1000:,.0f}", f"{base / median(taken):.2f}"]
            report.row(name, shown, {"seconds": taken})
        report.bar(f"newsletter, {trouble}: times libcurl", base / median(times[OURS]), least=1)
