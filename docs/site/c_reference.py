"""The reference of the functions in C: a page for each section of the header.

The pages are written below docs/reference/c when the site is built, from what the pages of the
manual are made from (docs/man/generate).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "man" / "generate"))

import pages  # noqa: E402
import prose  # noqa: E402
from declarations import Constant, Function, Group  # noqa: E402
from pages import Overview, Page, Reference  # noqa: E402

FOLDER = ROOT / "docs" / "reference" / "c"
ROLES = {"function": "c:func", "type": "c:type", "enum": "c:enum"}


class Writer:
    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.macros = {each.name for group in reference.header.groups for each in group.macros}

    def files(self) -> Iterator[tuple[str, str]]:
        names = [pages.RULES, *(each.name for each in self.reference.overviews)]
        index = [*_title("Functions"), ".. toctree::", "", *(f"   {name}" for name in names)]
        yield "index", _text(index)
        yield pages.RULES, _text([*_title("Rules"), *self._blocks(self.reference.rules)])
        for overview in self.reference.overviews:
            yield overview.name, _text(self._overview(overview))

    def _overview(self, overview: Overview) -> Iterator[str]:
        yield from _title(overview.title)
        yield from self._blocks(overview.description)
        for content in overview.contents:
            yield from self._page(content) if isinstance(content, Page) else self._types(content)

    def _page(self, page: Page) -> Iterator[str]:
        yield from self._declared(page.group)
        first, *others = [each.prototype for each in page.functions]
        yield f".. c:function:: {first}"
        yield from (f"                {each}" for each in others)
        yield ""
        yield from _indented(self._body(page))

    def _body(self, page: Page) -> Iterator[str]:
        yield from self._blocks(page.description)
        for name, remark in page.group.remarks.items():
            yield from ["", self._words(f"{name}: {remark}."), ""]
        for callback, _ in page.callbacks:
            yield from ["", self._words(f"The callback is a {callback.name}."), ""]
        for example in page.examples:
            yield from [".. code-block:: c", "", *(f"   {line}" for line in example.split("\n"))]
            yield ""
        for name, text in page.parameters:
            yield f":param {name}: {self._words(text)}"
        yield from _field("returns", self._returns(page))
        yield from _field("Errors", [*self._blocks(page.errors), *self._codes(page)] or ["None."])
        yield from _field("Ownership", [self._words(" ".join(page.ownership))])
        yield from _field("Threads", [self._words(" ".join(page.threads))])
        yield from _field("Since", [page.since])

    def _returns(self, page: Page) -> Iterator[str]:
        for names, text in page.returns:
            if names:
                functions = ", ".join(f":c:func:`{name}`" for name in names)
                yield f"* {functions}: {self._words(text)}"
        own = " ".join(text for names, text in page.returns if not names)
        if own:
            yield from ["", self._words(own)]

    def _codes(self, page: Page) -> Iterator[str]:
        if page.codes:
            names = ", ".join(f":c:enumerator:`{each.name}`" for each in page.codes)
            yield from ["", f"Codes: {names}."]

    def _types(self, group: Group) -> Iterator[str]:
        """Types, constants and remarks, for which there is no function."""
        if not any([group.types, group.callbacks, group.enumerations, group.macros]):
            yield from self._blocks(prose.blocks(group.comment))
            return
        yield from self._declared(group, group.comment)

    def _declared(self, group: Group, comment: str = "") -> Iterator[str]:
        """The types of a group; the first one has its comment."""
        text = [*self._blocks(prose.blocks(comment))]
        for name in group.types:
            yield from [f".. c:type:: {name}", "", *_indented(text)]
            text = []
        for callback in group.callbacks:
            inside = ", ".join(map(str, callback.parameters))
            yield f".. c:type:: {callback.result} (*{callback.name})({inside})"
            yield from ["", *_indented(text or self._used(callback))]
            text = []
        for macro in group.macros:
            yield from [f".. c:macro:: {macro.name}", ""]
            value = [f"``{macro.value}``", ""] if macro.value else []
            yield from _indented([*value, *text])
            text = []
        for enumeration in group.enumerations:
            yield from [f".. c:enum:: {enumeration.name}", "", *_indented(text)]
            text = []
            for constant in enumeration.constants:
                yield from _indented(self._constant(constant))

    def _used(self, callback: Function) -> Iterator[str]:
        """Its comment is that of the function that takes it, which follows."""
        yield from [f"See :c:func:`{self.reference.where[callback.name]}`.", ""]

    def _constant(self, constant: Constant) -> Iterator[str]:
        value = f" = {constant.value}" if constant.value else ""
        yield from [f".. c:enumerator:: {constant.name}{value}", ""]
        if constant.meaning:
            meaning = constant.meaning[:1].upper() + constant.meaning[1:] + "."
            yield from _indented([self._words(meaning), ""])

    def _blocks(self, blocks: list[Any]) -> Iterator[str]:
        for block in blocks:
            if isinstance(block, prose.Paragraph):
                yield from [self._words(block.text), ""]
            elif isinstance(block, prose.Literal):
                yield from [".. code-block:: none", "", *(f"   {line}" for line in block.lines), ""]
            elif block.is_numbered:
                yield from (f"#. {self._words(text)}" for _, text in block.items)
                yield ""
            else:
                for tag, text in block.items:
                    yield from [f"``{tag}``", f"   {self._words(text)}", ""]

    def _words(self, text: str) -> str:
        return " ".join(self._word(each) for each in prose.words(text, self.reference.names))

    def _word(self, word: prose.Word) -> str:
        if word.kind == "text":
            return _escaped(word.value)
        if word.kind == "constant" and word.value != "NULL":
            role = "c:macro" if word.value in self.macros else "c:enumerator"
            shown = f":{role}:`{word.value}`"
        elif word.kind in ROLES:
            shown = f":{ROLES[word.kind]}:`{word.value}`"
        else:
            shown = f"``{word.value}``"
        # A blank that is not shown ends a role.
        before = _escaped(word.before) + "\\ " if word.before else ""
        after = "\\ " + _escaped(word.after) if word.after else ""
        return f"{before}{shown}{after}"


def _title(text: str) -> list[str]:
    return [text, "=" * len(text), ""]


def _field(name: str, lines: Any) -> Iterator[str]:
    yield f":{name}:"
    yield from _indented(lines)
    yield ""


def _indented(lines: Any) -> list[str]:
    return [f"   {line}" if line else "" for line in lines]


def _escaped(text: str) -> str:
    return re.sub(r"([\\*`_|])", r"\\\1", text)


def _text(lines: Any) -> str:
    return "\n".join(lines) + "\n"


def write_pages(_app: Sphinx) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = {f"{name}.rst": text for name, text in Writer(pages.read(ROOT)).files()}
    for path in FOLDER.iterdir():
        if path.name not in found:
            path.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
