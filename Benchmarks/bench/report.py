"""The table that is printed, and the figures that are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

NAME = 34
COLUMN = 11


class Report:
    """Prints as it is told, and keeps everything for the file."""

    def __init__(self, machine: dict[str, object]) -> None:
        self._kept: dict[str, object] = {"machine": machine, "sections": {}}
        self._section: dict[str, list[object]] = {}
        self.missed = 0
        self.met = 0
        print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)

    def section(self, number: str, title: str) -> None:
        self._section = {"tables": [], "bars": [], "failures": []}
        sections = self._kept["sections"]
        assert isinstance(sections, dict)
        sections[number] = {"title": title, **self._section}
        print(f"\n=== {number}. {title}", flush=True)

    def table(self, title: str, columns: Sequence[str]) -> None:
        self._section["tables"].append({"title": title, "rows": []})
        heads = "".join(f"{column:>{max(COLUMN, len(column) + 2)}}" for column in columns)
        self._widths = [max(COLUMN, len(column) + 2) for column in columns]
        print(f"\n{title:{NAME}}{heads}", flush=True)

    def row(self, name: str, shown: Sequence[str], raw: object) -> None:
        """`raw` is what the file gets: the figures that were measured."""
        table = self._section["tables"][-1]
        assert isinstance(table, dict)
        table["rows"].append({"name": name, "shown": list(shown), "raw": raw})
        cells = "".join(
            f"{cell:>{width}}" for cell, width in zip(shown, self._widths, strict=False)
        )
        print(f"{name:{NAME}}{cells}", flush=True)

    def failure(self, name: str, why: str) -> None:
        self._section["failures"].append({"name": name, "why": why})
        print(f"{name:{NAME}} failed: {why}", flush=True)

    def bar(
        self, what: str, figure: float, *, least: float | None = None, most: float | None = None
    ) -> None:
        """A figure with what it is to be."""
        met = (least is None or figure >= least) and (most is None or figure <= most)
        self.met += met
        self.missed += not met
        bound = f"at least {least:g}" if least is not None else f"at most {most:g}"
        self._section["bars"].append(
            {"what": what, "figure": figure, "least": least, "most": most, "met": met}
        )
        shown = f"{figure:.3g}" if figure < 1000 else f"{figure:,.0f}"
        print(f"  {what:<64} {shown:>8}  {bound:<15} {'met' if met else 'NOT met'}", flush=True)

    def gap(self) -> None:
        print()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self._kept, indent=1) + "\n")
