"""Pages of the manual, in mdoc(7)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import date

import prose
from declarations import Constant, Function, Group
from pages import OVERVIEW, RULES, Overview, Page, Reference

WIDTH = 78
#: Punctuation that mdoc sets without a blank before it.
CLOSING = set(".,;:?!)]")


class Writer:
    def __init__(self, reference: Reference, day: date) -> None:
        self.reference = reference
        self.day = day
        self.date = f"{day:%B} {day.day}, {day.year}"
        #: Functions that the page at hand describes itself.
        self.own: set[str] = set()

    def page(self, page: Page) -> str:
        self.own = {each.name for each in page.functions}
        return "\n".join(self._page(page)) + "\n"

    def overview(self, overview: Overview) -> str:
        self.own = set()
        return "\n".join(self._overview(overview)) + "\n"

    def rules(self) -> str:
        self.own = set()
        lines = [
            *self._head(RULES, [RULES], "what holds for every function of the library"),
            *self._synopsis_line(),
            ".Sh DESCRIPTION",
            *self._blocks(self.reference.rules),
            ".Sh SEE ALSO",
            *self._references([OVERVIEW, *(each.name for each in self.reference.overviews)]),
        ]
        return "\n".join(lines) + "\n"

    def by_hand(self, text: str) -> str:
        """A page that is written by hand, in man(7), with what it leaves out."""
        text = text.replace("@DATE@", self.day.isoformat())
        text = text.replace("@VERSION@", self.reference.header.version)
        index = "".join(f"{line}\n" for line in self._index(text))
        return text.replace('.\\" functions\n', index)

    def _index(self, text: str) -> Iterator[str]:
        """The functions that the text does not name itself, by section."""
        yield ".nh"
        for overview in self.reference.overviews:
            yield f".SS {overview.title}: {overview.name}(3)"
            for page in overview.pages:
                names = [f.name for f in page.functions if f" {f.name} " not in text]
                if not names:
                    continue
                for name in names:
                    yield ".TP" if name == names[0] else ".TQ"
                    yield f".BR {name} ()"
                yield from _filled(_man(page.summary[:1].upper() + page.summary[1:] + "."))
        yield ".hy"

    def _head(self, title: str, names: list[str], summary: str) -> Iterator[str]:
        yield f".Dd {self.date}"
        yield f".Dt {title.upper()} 3"
        yield ".Os"
        yield ".Sh NAME"
        for name in names[:-1]:
            yield f".Nm {name} ,"
        yield f".Nm {names[-1]}"
        yield f".Nd {_text(summary)}"
        yield ".Sh LIBRARY"
        yield "libsmtpconn (\\-lsmtpconn)"

    def _synopsis_line(self) -> Iterator[str]:
        yield ".Sh SYNOPSIS"
        yield ".In smtpconn.h"

    def _page(self, page: Page) -> Iterator[str]:
        yield from self._head(page.name, [each.name for each in page.functions], page.summary)
        yield from self._synopsis_line()
        for callback in page.group.callbacks:
            yield from self._prototype(callback, is_type=True)
        for function in page.functions:
            yield from self._prototype(function)
        yield ".Sh DESCRIPTION"
        yield from self._blocks(page.description)
        for name, remark in page.group.remarks.items():
            if page.description:
                yield ".Pp"
            yield from self._words(f"{name}: {remark}.")
        for callback, comment in page.callbacks:
            yield ".Ss " + callback.name
            yield from self._typedef(callback)
            yield from self._blocks(comment)
        for enumeration in page.enumerations:
            yield ".Ss enum " + enumeration.name
            yield from self._constants(enumeration.constants)
        if page.parameters:
            yield ".Sh PARAMETERS"
            yield ".Bl -tag -width Ds"
            for name, text in page.parameters:
                yield f".It Fa {name}"
                yield from self._words(text)
            yield ".El"
        yield ".Sh RETURN VALUES"
        yield from self._returns(page)
        yield ".Sh OWNERSHIP"
        yield from self._paragraphs(page.ownership)
        yield ".Sh THREADS"
        yield from self._paragraphs(page.threads)
        if page.examples:
            yield ".Sh EXAMPLES"
            for example in page.examples:
                yield from self._literal(example.split("\n"), offset="")
        yield ".Sh ERRORS"
        yield from self._errors(page)
        yield ".Sh SEE ALSO"
        yield from self._references(page.see_also)
        yield ".Sh HISTORY"
        if len(page.functions) == 1:
            yield f".Fn {page.name}"
            yield f"was added in smtpconn {page.since}."
        else:
            yield f"These functions were added in smtpconn {page.since}."

    def _returns(self, page: Page) -> Iterator[str]:
        tagged = [(names, text) for names, text in page.returns if names]
        if tagged:
            yield ".Bl -tag -width Ds"
            for names, text in tagged:
                yield f".It Fn {' , Fn '.join(names)}"
                yield from self._words(text)
            yield ".El"
        for names, text in page.returns:
            if not names:
                yield from self._words(text)

    def _errors(self, page: Page) -> Iterator[str]:
        if not page.errors and not page.codes:
            returned = {each.result for each in page.functions}
            is_object = any(each.startswith("smtpconn") for each in returned)
            yield "A failure is NULL, and has no code." if is_object else "None."
            return
        yield from self._blocks(page.errors)
        if page.codes:
            if page.errors:
                yield ".Pp"
            yield "What these codes mean:"
            yield from self._constants(tuple(page.codes))

    def _overview(self, overview: Overview) -> Iterator[str]:
        yield from self._head(overview.name, [overview.name], overview.summary)
        yield from self._synopsis_line()
        for content in overview.contents:
            if isinstance(content, Page):
                for function in content.functions:
                    yield from self._prototype(function)
        yield ".Sh DESCRIPTION"
        yield from self._blocks(overview.description)
        yield from self._functions(overview)
        for content in overview.contents:
            if isinstance(content, Group):
                yield from self._types(content)
        yield ".Sh SEE ALSO"
        others = [each.name for each in self.reference.overviews if each is not overview]
        yield from self._references([OVERVIEW, RULES, *others])

    def _functions(self, overview: Overview) -> Iterator[str]:
        pages = overview.pages
        if not pages:
            return
        if overview.description:
            yield ".Pp"
        yield "The functions, each with a page of its own:"
        yield ".Bl -tag -width Ds"
        for page in pages:
            names = [each.name for each in page.functions]
            others = f" , {' , '.join(names[1:])}" if len(names) > 1 else ""
            yield f".It Xr {names[0]} 3{others}"
            yield from self._words(page.summary[:1].upper() + page.summary[1:] + ".")
        yield ".El"

    def _types(self, group: Group) -> Iterator[str]:
        titles = [
            *group.types,
            *(each.name for each in group.callbacks),
            *(f"enum {each.name}" for each in group.enumerations),
            *(each.name for each in group.macros),
        ]
        if group.types and not group.comment and len(titles) == 1:
            return
        yield ".Ss " + ", ".join(titles) if titles else ".Ss Remarks"
        for callback in group.callbacks:
            yield from self._typedef(callback)
        yield from self._blocks(prose.blocks(group.comment))
        macros = tuple(each for each in group.macros if each.value)
        if macros:
            yield from self._constants(macros)
        for enumeration in group.enumerations:
            yield from self._constants(enumeration.constants)

    def _prototype(self, function: Function, is_type: bool = False) -> Iterator[str]:
        yield f".Ft {'typedef ' if is_type else ''}{function.result}"
        yield f".Fo {'(*' + function.name + ')' if is_type else function.name}"
        for each in function.parameters:
            yield f'.Fa "{each}"'
        if not function.parameters:
            yield ".Fa void"
        yield ".Fc"

    def _typedef(self, callback: Function) -> Iterator[str]:
        """As the header has it: the macros for functions are for SYNOPSIS."""
        lines = [f"typedef {callback.result} (*{callback.name})("]
        lines += [f"    {each}," for each in callback.parameters]
        yield from self._literal([*lines[:-1], lines[-1].removesuffix(",") + ");"])

    def _constants(self, constants: tuple[Constant, ...]) -> Iterator[str]:
        yield ".Bl -tag -width Ds"
        for each in constants:
            yield f".It Dv {each.name}" + (f" Pq {_argument(each.value)}" if each.value else "")
            if each.meaning:
                yield from self._words(each.meaning[:1].upper() + each.meaning[1:] + ".")
        yield ".El"

    def _paragraphs(self, texts: list[str]) -> Iterator[str]:
        for text in texts:
            yield from self._words(text)

    def _blocks(self, blocks: list[object]) -> Iterator[str]:
        for index, block in enumerate(blocks):
            if isinstance(block, prose.Paragraph):
                if index:
                    yield ".Pp"
                yield from self._words(block.text)
            elif isinstance(block, prose.Literal):
                yield from self._literal(block.lines)
            elif isinstance(block, prose.Listing):
                yield f".Bl -{'enum' if block.is_numbered else 'tag'} -width Ds"
                for tag, text in block.items:
                    yield ".It" if block.is_numbered else f".It {_argument(tag)}"
                    yield from self._words(text)
                yield ".El"

    def _literal(self, lines: list[str], offset: str = " -offset indent") -> Iterator[str]:
        yield f".Bd -literal{offset}"
        for line in lines:
            yield (_line(line.replace("\\", "\\e").replace("'", "\\(aq").replace("-", "\\-")))
        yield ".Ed"

    def _references(self, names: list[str]) -> Iterator[str]:
        names = sorted(set(names))
        for name in names:
            yield f".Xr {name} 3" + (" ," if name != names[-1] else "")

    # --- words ----------------------------------------------------------------

    def _words(self, text: str) -> Iterator[str]:
        for sentence in prose.sentences(text):
            line = ""
            pending: list[str] = []
            for word in prose.words(sentence, self.reference.names):
                macro = self._macro(word)
                if macro is None:
                    pending.append(self._plain(word))
                    continue
                line = " ".join(pending)
                pending = []
                if line:
                    yield from _filled(line)
                yield macro
            if pending:
                yield from _filled(" ".join(pending))

    def _macro(self, word: prose.Word) -> str | None:
        if word.kind == "text":
            call = re.fullmatch(r"(\w+)\(\)([.,;:]?)", word.value)  # Of the system.
            return f".Fn {call[1]} {call[2]}".rstrip() if call else None
        after = list(word.after)
        if word.before not in ("", "(") or any(each not in CLOSING for each in after):
            return None
        name = {
            "function": self._function(word.value),
            "type": f"Vt {word.value}",
            "enum": f'Vt "enum {word.value}"',
            "constant": f"Dv {word.value}",
            "name": f"Fa {_argument(word.value)}",
        }[word.kind]
        macro, _, argument = name.partition(" ")
        return " ".join(["." + macro, *word.before, argument, *after])

    def _function(self, name: str) -> str:
        if name in self.own:
            return f"Fn {name}"
        return (
            f"Xr {self.reference.where.get(name, name)} 3" if self._is_page(name) else f"Fn {name}"
        )

    def _is_page(self, name: str) -> bool:
        """Xr names the page, so that it is the function itself or a link to it."""
        return self.reference.where.get(name) == name

    def _plain(self, word: prose.Word) -> str:
        value = f"enum {word.value}" if word.kind == "enum" else word.value
        return _text(f"{word.before}{value}{word.after}")


def _filled(text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [_line(line) for line in lines]


def _text(text: str) -> str:
    return text.replace("\\", "\\e")


def _man(text: str) -> str:
    return _text(text).replace("-", "\\-")


def _argument(text: str) -> str:
    text = _text(text).replace('"', "\\(dq")
    return f'"{text}"' if re.search(r"[^\w]", text) else text


def _line(text: str) -> str:
    return f"\\&{text}" if text.startswith((".", "'")) else text
