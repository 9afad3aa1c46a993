"""How many scenarios there are, and on which levels and in how many ways they are played:
`cd Tests && python -m support.transcripts`."""

from __future__ import annotations

from collections import Counter

from support.transcripts import FOLDER
from support.transcripts.scenario import read
from support.transcripts.ways import ways

totals: Counter[str] = Counter()
for scenario in read(FOLDER):
    totals["scenarios"] += 1
    totals[f"only {scenario.only}" if scenario.only else "both levels"] += 1
    if scenario.only != "core":
        totals["ways over a socket"] += len(ways(scenario))
for name, count in sorted(totals.items()):
    print(f"{count:6} {name}")
