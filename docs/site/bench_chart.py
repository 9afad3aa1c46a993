"""Charts of the benchmark, drawn from bench.json while the pages are built.

    ```{bench-chart} Messages a second over one connection
    :section: 1
    :table: plain, one processor
    :column: messages/s
    :scale: log
    :rows: smtpconn, queued; libcurl; smtplib
    ```

A chart is SVG inside of the page, whose colours are those of the theme: one drawing for light and
dark.  A name or a column that bench.json does not have stops the build.
"""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar

from bench_drawing import DATA, draw, find_rows, find_table
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class BenchChart(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "section": directives.unchanged_required,
        "table": directives.unchanged,
        "column": directives.unchanged_required,
        "offset": directives.nonnegative_int,
        "rows": directives.unchanged,
        "scale": lambda value: directives.choice(value, ("linear", "log")),
    }

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(DATA))
        column = self.options["column"]
        table = find_table(self.options["section"], self.options.get("table", ""), column)
        # Some columns have no name of their own: they are so many after one that has.
        at = table["columns"].index(column) + self.options.get("offset", 0)
        rows = find_rows(table, at, self.options.get("rows", ""))
        title, scale = self.arguments[0], self.options.get("scale", "linear")
        note = " The scale is logarithmic." if scale == "log" else ""
        figure = (
            f'<figure class="bench"><figcaption>{escape(title)}.{note}</figcaption>'
            f"{draw(title, rows, scale)}</figure>"
        )
        return [nodes.raw("", figure, format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("bench-chart", BenchChart)
    return {"parallel_read_safe": True}
