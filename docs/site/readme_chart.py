"""Draws docs/chart.svg, the chart of README.md, from bench.json; `--check` compares it.

A file of its own has its colours inside, for light and for dark pages.
"""

from __future__ import annotations

import sys

from bench_drawing import DATA, draw, find_rows, find_table

CHART = DATA.parents[1] / "chart.svg"
TITLE = "Seconds for 100 messages, with a server that is 50 ms away"
ROWS = (
    "smtpconn, optimistic; smtpconn, queued; Python: smtpconn, queued; "
    "libESMTP; libcurl; Python: smtplib; Python: aiosmtplib"
)
STYLE = """<style>
text { font: 14px sans-serif; fill: #1f2328; }
.name { text-anchor: end; }
.tick { text-anchor: middle; font-size: 12px; fill: #59636e; }
.grid { stroke: #d1d9e0; }
.own { fill: #0969da; }
.other { fill: #818b98; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .tick { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .own { fill: #4493f8; }
  .other { fill: #6e7681; }
}
</style>"""


def chart() -> str:
    table = find_table("3", "waits", "100 messages")
    rows = find_rows(table, table["columns"].index("100 messages") + 1, ROWS)
    start, end, rest = draw(TITLE, rows, "linear").partition(">")
    return f"{start}{end}\n{STYLE}\n{rest}\n".replace("><", ">\n<")


def main() -> int:
    if sys.argv[1:] != ["--check"]:
        CHART.write_text(chart())
        return 0
    if not CHART.exists() or CHART.read_text() != chart():
        print(f"{CHART.name} is not current: run docs/site/readme_chart.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
