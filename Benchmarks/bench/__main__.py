"""python -m bench [SECTION]...: measures, prints, and keeps the figures."""

from __future__ import annotations

import os
import sys
import time

from bench import cost, crowd, footprint, in_asyncio, large, newsletter, python, speed, texts, waits
from bench.places import PROGRAMS, describe
from bench.report import Report

SECTIONS = {
    "1": speed.run,
    "2": cost.run,
    "3": waits.run,
    "4": large.run,
    "5": crowd.run,
    "6": footprint.run,
    "7": in_asyncio.run,
    "8": python.run,
    "9": newsletter.run,
}
# How many others may want a processor before it is worth a word.
BUSY = 0.5


def main() -> None:
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = set(wanted) - set(SECTIONS)
    if unknown:
        sys.exit(f"there is no section {', '.join(sorted(unknown))}: 1 to {len(SECTIONS)}")
    load = os.getloadavg()[0]
    started = time.monotonic()
    report = Report(describe() | {"load before": round(load, 2)})
    if load > BUSY:
        print("The machine has other work: figures will vary from run to run.")
    small = texts.write(PROGRAMS, "message-1KiB", texts.of_size(1024))
    for number in wanted:
        SECTIONS[number](report, small)
        report.write(PROGRAMS / "results.json")
    print(f"\n{report.summary()}; {time.monotonic() - started:.0f} seconds")


if __name__ == "__main__":
    main()
