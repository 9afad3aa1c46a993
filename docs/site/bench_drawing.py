"""Bars of figures of the benchmark, as SVG."""

from __future__ import annotations

import json
import math
from html import escape
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("bench.json")

#: In units of the drawing, which grows and shrinks with the page.
WIDTH, VALUES, LETTER = 720, 70, 8
ROW, BAR, TOP = 30, 18, 8
AXIS = 26


def find_table(section: str, title: str, column: str) -> dict[str, Any]:
    """The table of this title that has the column: titles stand more than once."""
    tables: list[dict[str, Any]] = json.loads(DATA.read_text())["sections"][section]["tables"]
    (found,) = [each for each in tables if each["title"] == title and column in each["columns"]]
    return found


def find_rows(table: dict[str, Any], at: int, wanted: str) -> list[tuple[str, float, str]]:
    """Name, figure and its text, in the order in which they are wanted."""
    rows = {row["name"]: row["shown"][at] for row in table["rows"]}
    names = [name.strip() for name in wanted.split(";") if name.strip()] or list(rows)
    return [(name, float(rows[name].replace(",", "")), rows[name]) for name in names]


def ticks(largest: float, smallest: float, scale: str) -> list[float]:
    if scale == "log":
        # Lower than the smallest, so that its bar can be seen.
        first, last = math.floor(math.log10(smallest / 2)), math.ceil(math.log10(largest))
        return [10.0**power for power in range(first, last + 1)]
    step = 10 ** math.floor(math.log10(largest))
    step = next(each for each in (step / 5, step / 2, step, step * 2) if largest / each <= 6)
    return [step * number for number in range(math.ceil(largest / step) + 1)]


def draw(title: str, rows: list[tuple[str, float, str]], scale: str) -> str:
    """SVG without colours: the page, or a style, gives them by class."""
    figures = [figure for _, figure, _ in rows]
    marks = ticks(max(figures), min(figures), scale)
    left = LETTER * max(len(name) for name, _, _ in rows) + 12
    room = WIDTH - left - VALUES

    def place(figure: float) -> float:
        if scale == "log":
            low, high = math.log10(marks[0]), math.log10(marks[-1])
            return left + room * (math.log10(figure) - low) / (high - low)
        return left + room * figure / marks[-1]

    bottom = TOP + ROW * len(rows)
    parts = []
    for mark in marks:
        x = place(mark)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 18}">{mark:,g}</text>')
    for number, (name, figure, text) in enumerate(rows):
        y = TOP + ROW * number
        own = "own" if "smtpconn" in name else "other"
        end = max(place(figure), left + 1)
        middle = y + BAR / 2 + 5
        parts.append(f'<text class="name" x="{left - 10}" y="{middle}">{escape(name)}</text>')
        parts.append(
            f'<rect class="{own}" x="{left}" y="{y}" width="{end - left:.1f}" height="{BAR}"/>'
        )
        parts.append(f'<text class="value" x="{end + 6:.1f}" y="{middle}">{escape(text)}</text>')
    words = "; ".join(f"{name}: {text}" for name, _, text in rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + AXIS}" '
        f'role="img" aria-label="{escape(title)}: {escape(words)}">{"".join(parts)}</svg>'
    )
