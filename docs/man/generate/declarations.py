"""The header, as the documentation reads it: declarations, each with the comment above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Parameter:
    #: As C writes it in front of the name, "const char *".
    type: str
    name: str

    def __str__(self) -> str:
        return self.type + ("" if self.type.endswith("*") else " ") + self.name


@dataclass(frozen=True)
class Function:
    """A function, or the type of a callback."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]

    @property
    def prototype(self) -> str:
        inside = ", ".join(map(str, self.parameters)) or "void"
        return f"{self.result}{'' if self.result.endswith('*') else ' '}{self.name}({inside})"


@dataclass(frozen=True)
class Constant:
    name: str
    #: As the header writes it; "" for a macro that is longer than a line.
    value: str
    meaning: str


@dataclass(frozen=True)
class Enumeration:
    name: str
    constants: tuple[Constant, ...]


@dataclass
class Group:
    """Declarations that one comment describes."""

    comment: str
    functions: list[Function] = field(default_factory=list)
    callbacks: list[Function] = field(default_factory=list)
    #: Opaque types.
    types: list[str] = field(default_factory=list)
    enumerations: list[Enumeration] = field(default_factory=list)
    macros: list[Constant] = field(default_factory=list)
    #: Remarks after a declaration on its line, by the name of the function.
    remarks: dict[str, str] = field(default_factory=dict)


@dataclass
class Section:
    title: str
    comment: str
    groups: list[Group] = field(default_factory=list)

    @property
    def functions(self) -> list[Function]:
        return [each for group in self.groups for each in group.functions]


@dataclass(frozen=True)
class Header:
    version: str
    #: The comment at the beginning: rules that hold for every function.
    rules: str
    sections: tuple[Section, ...]

    @property
    def groups(self) -> list[Group]:
        return [group for section in self.sections for group in section.groups]

    @property
    def functions(self) -> dict[str, Function]:
        return {each.name: each for group in self.groups for each in group.functions}

    @property
    def callbacks(self) -> dict[str, Function]:
        return {each.name: each for group in self.groups for each in group.callbacks}

    @property
    def enumerations(self) -> dict[str, Enumeration]:
        return {each.name: each for group in self.groups for each in group.enumerations}

    @property
    def types(self) -> list[str]:
        return [name for group in self.groups for name in group.types]


class HeaderError(Exception):
    """The header has what this program does not understand."""


def read(path: Path) -> Header:
    text = path.read_text(encoding="utf-8")
    version = re.search(r'^#define SMTPCONN_VERSION "(.*)"$', text, re.MULTILINE)
    if version is None:
        raise HeaderError(f"{path}: there is no SMTPCONN_VERSION")
    rules, sections = "", []
    for comment, code in _pieces(text):
        banner = re.fullmatch(r"-{20,}\n(.+?)\n(.*?)-{20,}", comment, re.DOTALL)
        if banner:
            sections.append(Section(banner[1], banner[2].strip("\n")))
            comment = ""
        if not sections:
            rules = rules or comment
            continue
        # Without a comment, and after an empty line, nothing says what a declaration is.
        group = Group(comment)
        _declare(group, code)
        sections[-1].groups.append(group)
    for section in sections:
        section.groups = [group for group in section.groups if not _is_empty(group)]
    return Header(version[1], rules, tuple(sections))


def _is_empty(group: Group) -> bool:
    return group == Group("")


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Each comment that begins a line, and the code until the next one."""
    parts = re.split(r"^/\*(.*?)\*/", text, flags=re.DOTALL | re.MULTILINE)
    for comment, code in zip(parts[1::2], parts[2::2]):
        lines = [re.sub(r"^ \* ?", "", line) for line in comment.strip(" ").split("\n")]
        yield "\n".join(line.rstrip() for line in lines).strip("\n"), code


def _declare(group: Group, code: str) -> None:
    """Finds what the code declares."""
    for name, value in re.findall(
        r"^#define (SMTPCONN_\w+)[ \t]+((?:.*\\\n)*.*)$", code, re.MULTILINE
    ):
        group.macros.append(Constant(name, "" if "\n" in value else value.strip(), ""))
    code = re.sub(r"^#(?:.*\\\n)*.*$", "", code, flags=re.MULTILINE)
    for name, inside in re.findall(r"^enum (\w+) \{(.*?)^\};", code, re.DOTALL | re.MULTILINE):
        group.enumerations.append(Enumeration(name, tuple(_constants(inside))))
    code = re.sub(r"^enum \w+ \{.*?^\};", "", code, flags=re.DOTALL | re.MULTILINE)
    code = re.sub(r'^extern "C" \{$|^\}$', "", code, flags=re.MULTILINE)
    for declaration, remark in re.findall(r"([^;]+);[ \t]*(?:/\*(.*?)\*/)?", code):
        declaration = " ".join(declaration.split())
        opaque = re.fullmatch(r"typedef struct (\w+) \1", declaration)
        callback = re.fullmatch(r"typedef (.+?)\(\*(\w+)\)\((.*)\)", declaration)
        function = re.fullmatch(r"(.+?)\b(smtpconn\w*)\((.*)\)", declaration)
        if opaque:
            group.types.append(opaque[1])
        elif callback:
            group.callbacks.append(_function(*callback.groups()))
        elif function:
            group.functions.append(_function(*function.groups()))
        else:
            raise HeaderError(f"this is neither a function nor a type: {declaration}")
        if function and remark:
            group.remarks[function[2]] = remark.strip()


def _function(result: str, name: str, inside: str) -> Function:
    parameters = []
    for each in inside.split(", ") if inside != "void" else []:
        found = re.fullmatch(r"(.*?)\s*(\w+)", each)
        if found is None:
            raise HeaderError(f"{name}: a parameter needs a type and a name: {each}")
        parameters.append(Parameter(found[1], found[2]))
    return Function(name, result.strip(), tuple(parameters))


def _constants(inside: str) -> Iterator[Constant]:
    """The constants of an enumeration, each with the comment after it."""
    for name, value, meaning in re.findall(
        r"(SMTPCONN_\w+)(?:\s*=\s*([^,/\s]+))?\s*,?[ \t]*(?:/\*(.*?)\*/)?", inside, re.DOTALL
    ):
        yield Constant(name, value, " ".join(meaning.split()))
