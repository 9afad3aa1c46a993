"""The pages of the reference: one for each group of functions, and one for each section.

What a page says comes from the comment of the group, from those of the types that the functions
use, and, where these say nothing, from the rules for all functions (facts.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import facts
import prose
from declarations import Constant, Enumeration, Function, Group, Header, Section

#: Pages of sections that have no object whose name would be theirs, or a better one.
SECTION_PAGES = {
    "Version": "smtpconn_versions",
    "Error codes": "smtpconn_codes",
    "Kinds of failures": "smtpconn_kinds",
    "Send": "smtpconn_sending",
    "Other commands": "smtpconn_commands",
    "Ending a connection": "smtpconn_ending",
    "A connection without a socket": "smtpconn_without_socket",
}
RULES = "smtpconn_rules"
OVERVIEW = "smtpconn"
#: One with more constants is on the page of its section only.
LONGEST_ENUMERATION = 20
LONGEST_SUMMARY = 84

OWNS = re.compile(r"\b(valid (?:until|during|for)|belongs? to|(?:is|are|be) copied|may be freed)\b")
ABOUT_THREADS = re.compile(r"\bthreads?\b")
RETURNS = re.compile(
    r"(?:Returns|The getters? returns?|The return value|NULL (?:when|before|beyond|without|for)|"
    r"0 (?:when|without|and NULL|or NULL|for)|-1 (?:when|for)|1 (?:while|when|after))\b"
)


@dataclass
class Page:
    """What a page says of a group of functions."""

    name: str
    summary: str
    section: str
    #: The page of the section.
    overview: str
    group: Group
    description: list[object]
    #: Callbacks of the functions that the group does not describe itself, with their comments.
    callbacks: list[tuple[Function, list[object]]]
    enumerations: list[Enumeration]
    #: For each name of a parameter: the functions that have it, unless all have, and a text.
    parameters: list[tuple[str, str]]
    #: Functions, none where all are meant, and what they return.
    returns: list[tuple[list[str], str]]
    errors: list[object]
    codes: list[Constant]
    ownership: list[str]
    threads: list[str]
    since: str
    examples: list[str]
    see_also: list[str]

    @property
    def functions(self) -> list[Function]:
        return self.group.functions


@dataclass
class Overview:
    """What a page says of a section."""

    name: str
    summary: str
    title: str
    description: list[object]
    #: Groups of types, constants and remarks, and pages of functions, as the header has them.
    contents: list[Group | Page] = field(default_factory=list)

    @property
    def pages(self) -> list[Page]:
        return [each for each in self.contents if isinstance(each, Page)]


@dataclass
class Reference:
    header: Header
    names: prose.Names
    rules: list[object]
    overviews: list[Overview]
    pages: list[Page]
    #: The page that has a function, a type or an enumeration.
    where: dict[str, str]


def read(root: Path) -> Reference:
    import declarations

    header = declarations.read(root / "include/smtpconn.h")
    table = json.loads((root / "Sources/Options/options.json").read_text(encoding="utf-8"))
    rows = [row for section in table["options"] for row in section["rows"]]
    meanings = {f"smtpconn_options_set_{row['name']}": row["meaning"] for row in rows}
    for row in table["envelope"]:
        meanings[f"smtpconn_envelope_set_{row['name']}"] = row["meaning"]
    examples = {
        path.stem: _example(path.read_text(encoding="utf-8"))
        for path in sorted((root / "docs/man/examples").glob("*.c"))
    }
    return Builder(header, meanings, examples).reference()


def _example(text: str) -> str:
    """A program without what every program has."""
    lines = [line for line in text.split("\n") if not line.startswith("#include")]
    return "\n".join(lines).strip("\n")


class Builder:
    def __init__(self, header: Header, meanings: dict[str, str], examples: dict[str, str]) -> None:
        self.header = header
        self.meanings = meanings
        self.examples = examples
        self.where: dict[str, str] = {}
        self.codes = {each.name: each for each in self._enumeration("smtpconn_code")}
        failures = "|".join(each.removeprefix("SMTPCONN_") for each in self.codes if "_E" in each)
        #: A code, "SMTPCONN_EAUTH" or "EAUTH", and what is about failures alone.
        self.code = re.compile(rf"\b(?:SMTPCONN_)?({failures})\b")
        self.only_failures = re.compile(rf"Returns {self.code.pattern}|The callback gets NULL")
        constants = {
            each.name: each.name
            for group in header.groups
            for each in [*group.macros, *(c for e in group.enumerations for c in e.constants)]
        }
        constants |= {name.removeprefix("SMTPCONN_"): name for name in self.codes if "_E" in name}
        self.names = prose.Names(
            frozenset(header.functions),
            frozenset([*header.types, *header.callbacks]),
            frozenset(header.enumerations),
            constants,
        )
        #: The comment of the group that declares a callback.
        self.comments = {each.name: group for group in header.groups for each in group.callbacks}

    def _enumeration(self, name: str) -> tuple[Constant, ...]:
        return self.header.enumerations[name].constants if name in self.header.enumerations else ()

    def reference(self) -> Reference:
        overviews: list[Overview] = []
        pages: list[Page] = []
        for section in self.header.sections:
            overview = Overview(
                self._section_page(section),
                f"{_lower(section.title)}: the functions and their types",
                section.title,
                prose.blocks(section.comment),
            )
            for group in section.groups:
                names = [each.name for each in [*group.functions, *group.callbacks]]
                names += [*group.types, *(each.name for each in group.enumerations)]
                title = group.functions[0].name if group.functions else overview.name
                for name in names:
                    # smtpconn is a type, and the page about everything.
                    if name != OVERVIEW:
                        self.where[name] = title
            overviews.append(overview)
        for section, overview in zip(self.header.sections, overviews):
            for group in section.groups:
                if group.functions:
                    page = self._page(section, overview, group)
                    pages.append(page)
                    overview.contents.append(page)
                else:
                    overview.contents.append(group)
        return Reference(
            self.header,
            self.names,
            prose.blocks(self.header.rules),
            overviews,
            pages,
            self.where,
        )

    def _section_page(self, section: Section) -> str:
        types = [name for group in section.groups for name in group.types if name != OVERVIEW]
        opaque = [
            name for name in types if f"{name}_new" in self.header.functions or name in facts.LENT
        ]
        slug = re.sub(r"\W+", "_", section.title.lower()).strip("_")
        return SECTION_PAGES.get(section.title) or (opaque[0] if opaque else f"smtpconn_{slug}")

    def _page(self, section: Section, overview: Overview, group: Group) -> Page:
        text = group.comment
        since = self._since(text)
        text = re.sub(r"\s+Since \d+\.\d+\.\d+\.", "", text)
        blocks = prose.blocks(text)
        callbacks = self._callbacks(group)
        everything = "\n\n".join([text, *(self.comments[each.name].comment for each in callbacks)])
        description, errors = self._divided(blocks)
        page = Page(
            name=group.functions[0].name,
            summary=self._summary(group),
            section=section.title,
            overview=overview.name,
            group=group,
            description=description,
            callbacks=[
                (each, prose.blocks(self.comments[each.name].comment)) for each in callbacks
            ],
            enumerations=self._enumerations(group, everything),
            parameters=list(self._parameters(group)),
            returns=[],
            errors=errors,
            codes=[],
            ownership=[],
            threads=[],
            since=since,
            examples=[self.examples[f.name] for f in group.functions if f.name in self.examples],
            see_also=[],
        )
        self._results(page, text, everything)
        page.ownership = self._ownership(group, section, everything)
        page.threads = list(
            _unique(
                [rule for f in group.functions for rule in facts.threads(f, text, self.header)]
                + _sentences(everything, ABOUT_THREADS)
            )
        )
        page.see_also = self._see_also(page, everything)
        return page

    def _summary(self, group: Group) -> str:
        setters = [self.meanings[f.name] for f in group.functions if f.name in self.meanings]
        first = next(iter(_plain(prose.blocks(group.comment))), group.functions[0].name)
        text = re.sub(r"\s*\([^()]*\)", "", setters[0] if len(setters) == 1 else first)
        text = re.split(r"\.(?= |$)", text.replace("`", ""))[0]
        if len(text) > LONGEST_SUMMARY:
            text = _shortened(text)
        return _lower(" ".join(text.split()))

    def _callbacks(self, group: Group) -> list[Function]:
        """The types of callbacks that the parameters have and that other groups describe."""
        found: list[Function] = []
        for function in group.functions:
            for each in function.parameters:
                callback = self.header.callbacks.get(each.type)
                if callback and callback not in [*group.callbacks, *found]:
                    found.append(callback)
        return found

    def _enumerations(self, group: Group, text: str) -> list[Enumeration]:
        names = {each.name for each in group.enumerations}
        names |= set(re.findall(r"\benum (smtpconn_\w+)", text))
        names |= {f"smtpconn_{p.name}" for f in group.functions for p in f.parameters}
        return [
            each
            for name, each in self.header.enumerations.items()
            if name in names and len(each.constants) <= LONGEST_ENUMERATION
        ]

    def _parameters(self, group: Group) -> Iterator[tuple[str, str]]:
        texts: dict[str, dict[str, list[str]]] = {}
        for function in group.functions:
            for each in function.parameters:
                text = facts.parameter(each, function, self.header)
                texts.setdefault(each.name, {}).setdefault(text, []).append(function.name)
        for name, kinds in texts.items():
            longest = max(kinds, key=len)
            yield name, longest

    def _results(self, page: Page, text: str, everything: str) -> None:
        general: dict[str, list[str]] = {}
        for function in page.functions:
            general.setdefault(facts.returned(function, text, self.header), []).append(
                function.name
            )
        page.returns = [
            ([] if len(general) == 1 else names, rule) for rule, names in general.items()
        ]
        own = [
            each
            for each in _sentences(text, RETURNS, at_beginning=True)
            if not self.only_failures.match(each)
        ]
        page.returns += [([], each) for each in own]
        used = [name for name in self.code.findall(everything) if f"SMTPCONN_{name}" in self.codes]
        if page.errors or used:
            page.errors += [
                prose.Paragraph(each)
                for each in _sentences(text, self.code, at_beginning=True)
                if not any(each in block.text for block in page.errors if hasattr(block, "text"))
            ]
        fails = [f for f in page.functions if self._can_fail(f, page.returns)]
        first = page.functions[0]
        if any(facts.is_setter(f) and f.name.startswith("smtpconn_options_") for f in fails):
            used.append("EOPTIONS")
        if fails and first.parameters and facts.handle(first.parameters[0].type):
            used.append("ESTATE")
        reasons = list(_unique(filter(None, (facts.reports(f, self.header) for f in fails))))
        if reasons:
            page.errors.append(
                prose.Paragraph(
                    f"After a failure {' and '.join(reasons)} returns an error object with the"
                    " reason, as text and as a number."
                )
            )
        page.codes = [
            self.codes[f"SMTPCONN_{name}"]
            for name in _unique(sorted(used))
            if f"SMTPCONN_{name}" in self.codes
        ]

    def _can_fail(self, function: Function, returns: list[tuple[list[str], str]]) -> bool:
        return (
            facts.is_operation(function, self.header)
            or (function.result == "int" and facts.is_setter(function))
            or (
                function.result in ("int", "ptrdiff_t")
                and any("negative code" in text for _, text in returns)
            )
        )

    def _ownership(self, group: Group, section: Section, text: str) -> list[str]:
        rules = [
            rule for f in group.functions for rule in facts.ownership(f, group.comment, self.header)
        ]
        rules += _sentences(text, OWNS)
        lends = any(f.result in ("const char *", "const void *") for f in group.functions)
        if lends and not any("valid" in rule for rule in rules):
            rules += _sentences(section.comment, OWNS)
        return list(_unique(rules)) or ["No memory passes between the program and the library."]

    def _since(self, text: str) -> str:
        found = re.search(r"\bSince (\d+\.\d+(?:\.\d+)?)", text)
        return found[1].rstrip(".") if found else "0.1.0"

    def _divided(self, blocks: list[object]) -> tuple[list[object], list[object]]:
        """A paragraph that is about failures alone goes to the errors."""
        description: list[object] = []
        errors: list[object] = []
        for block in blocks:
            about = isinstance(block, prose.Paragraph) and (
                self.code.match(block.text) or self.only_failures.match(block.text)
            )
            (errors if about else description).append(block)
        return description, errors

    def _see_also(self, page: Page, text: str) -> list[str]:
        own = {page.name}
        names = {
            self.where[each] for each in re.findall(r"smtpconn_\w+", text) if each in self.where
        }
        names |= {page.overview, OVERVIEW, RULES}
        reasons = [facts.reports(f, self.header) for f in page.functions]
        names |= {self.where[each] for each in reasons if each}
        return sorted(names - own)


def _shortened(text: str) -> str:
    """Up to a colon, else to a comma, else to a word."""
    for pattern in (r"[:;] ", r", |,? (?:when|which|that|where) ", r" and ", r" "):
        cuts = [found.start() for found in re.finditer(pattern, text)]
        cuts = [cut for cut in cuts if 16 < cut <= LONGEST_SUMMARY]
        if cuts:
            return re.sub(
                r"( (?:when|if|of|the|even|on|in|any|not|a|that|to)|,)+$", "", text[: cuts[-1]]
            )
    return text


def _plain(blocks: list[object]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, prose.Paragraph):
            yield block.text
        elif isinstance(block, prose.Listing):
            yield from (text for _, text in block.items)


def _sentences(comment: str, wanted: re.Pattern[str], at_beginning: bool = False) -> list[str]:
    """The sentences that begin with, or have, what is wanted."""
    found = []
    for text in _plain(prose.blocks(comment)):
        for sentence in prose.sentences(text):
            if wanted.match(sentence) if at_beginning else wanted.search(sentence):
                found.append(
                    sentence if sentence.endswith((".", ")", '"', "?")) else sentence + "."
                )
    return found


def _unique(texts: Iterator[str] | list[str]) -> Iterator[str]:
    return iter(dict.fromkeys(texts))


def _lower(text: str) -> str:
    """As in the middle of a sentence: "a connection", but "TLS" and "SASL"."""
    return text[:1].lower() + text[1:] if re.match(r"[A-Z](?:[a-z]|\s|$)", text) else text
