"""The table that is printed, and the figures that are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = 34
COLUMN = 11
BAR = 68


@dataclass
class Row:
    name: str
    shown: Sequence[str]
    # What was measured, for the file.
    raw: object


@dataclass
class Table:
    title: str
    columns: Sequence[str]
    rows: list[Row] = field(default_factory=list)

    def line(self, name: str, cells: Sequence[str]) -> str:
        # Without a cell for each column the last ones stay empty.
        columns = zip(self.columns, cells, strict=False)
        return f"{name:{NAME}}" + "".join(
            f"{cell:>{max(COLUMN, len(column) + 2)}}" for column, cell in columns
        )


@dataclass
class Bar:
    """A figure with what it is to be."""

    what: str
    figure: float
    least: float | None
    most: float | None
    met: bool

    def line(self) -> str:
        bound = f"at most {self.most:g}" if self.least is None else f"at least {self.least:g}"
        verdict = "met" if self.met else "NOT met"
        return f"  {self.what:<{BAR}} {self.figure:>8.3g}  {bound:<15} {verdict}"


@dataclass
class Section:
    title: str
    tables: list[Table] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


class Report:
    """Prints as it is told, and keeps everything for the file."""

    def __init__(self, machine: dict[str, object]) -> None:
        self._machine = machine
        self._sections: dict[str, Section] = {}
        self._section = Section("")
        for key, value in machine.items():
            print(f"{key:{NAME}}  {value}")

    def section(self, number: str, title: str) -> None:
        self._section = self._sections[number] = Section(title)
        print(f"\n=== {number}. {title}", flush=True)

    def table(self, title: str, columns: Sequence[str]) -> None:
        table = Table(title, columns)
        self._section.tables.append(table)
        print(f"\n{table.line(title, columns)}", flush=True)

    def row(self, name: str, shown: Sequence[str], raw: object) -> None:
        table = self._section.tables[-1]
        table.rows.append(Row(name, shown, raw))
        print(table.line(name, shown), flush=True)

    def failure(self, name: str, why: str) -> None:
        self._section.failures[name] = why
        print(f"{name:{NAME}} failed: {why}", flush=True)

    def bar(
        self, what: str, figure: float, *, least: float | None = None, most: float | None = None
    ) -> None:
        met = (least is None or figure >= least) and (most is None or figure <= most)
        bar = Bar(what, figure, least, most, met)
        self._section.bars.append(bar)
        print(bar.line(), flush=True)

    def summary(self) -> str:
        bars = [bar for section in self._sections.values() for bar in section.bars]
        met = sum(bar.met for bar in bars)
        return f"{met} met, {len(bars) - met} NOT met"

    def write(self, path: Path) -> None:
        sections = {number: asdict(section) for number, section in self._sections.items()}
        path.write_text(json.dumps({"machine": self._machine, "sections": sections}, indent=1))
