"""The text of a comment, as paragraphs, lists and programs, and the words in it.

The header is written to be read as it is.  Its forms are few:

    a paragraph           lines that begin in the same column
    tag  what it means    a list; the tag has two blanks after it, and what it means may go on
                          in further lines, which are indented
    tag: what it means    the same, when one of its lines goes on in an indented one
    1. what it is         a list with numbers
        as it is          four blanks: a program, or a table
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Paragraph:
    text: str


@dataclass
class Literal:
    lines: list[str]


@dataclass
class Listing:
    #: Each with its tag; in a list with numbers that is the number.
    items: list[tuple[str, str]] = field(default_factory=list)
    is_numbered: bool = False


#: Two blanks are also between two sentences: a tag does not end like one.
COLUMN = re.compile(r"( *)(\S+(?: \S+)*?)(?<![.?!])(?<!\.[\")])  +(\S.*)")
COLON = re.compile(r"( *)([^:.]{1,48}): +(\S.*)")
NUMBER = re.compile(r"( *)(\d+)\. +(\S.*)")
LONGEST_TAG = 28


def blocks(comment: str) -> list[object]:
    found: list[object] = []
    for piece in re.split(r"\n{2,}", comment.strip("\n")):
        lines = piece.split("\n")
        indents = [_indent(line) for line in lines]
        is_literal = min(indents) >= 4 or (min(indents) >= 2 and not _column(lines[0]))
        if not piece.strip():
            continue
        if is_literal:
            lines = [line[min(indents) :] for line in lines]
            # A program may have empty lines.
            if found and isinstance(found[-1], Literal):
                found[-1].lines += ["", *lines]
            else:
                found.append(Literal(lines))
        else:
            found += _piece(lines)
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _column(line: str) -> re.Match[str] | None:
    match = COLUMN.fullmatch(line)
    return match if match and len(match[2]) <= LONGEST_TAG else None


def _piece(lines: list[str]) -> Iterator[object]:
    """Lines without an empty one between them."""
    current: object = None
    base = 0
    is_hanging = max(map(_indent, lines)) > _indent(lines[0])
    for index, line in enumerate(lines):
        following = _indent(lines[index + 1]) if index + 1 < len(lines) else 0
        inside = isinstance(current, Listing)
        if inside and _indent(line) > base:
            assert isinstance(current, Listing)
            tag, text = current.items[-1]
            current.items[-1] = (tag, _joined(text, line.strip()))
            continue
        goes_on = following > _indent(line) or inside or (index == 0 and is_hanging)
        match = _column(line) or (
            (NUMBER.fullmatch(line) or COLON.fullmatch(line)) if goes_on else None
        )
        if match:
            if not inside:
                yield from _done(current)
                current = Listing(is_numbered=NUMBER.fullmatch(line) is not None)
            base = len(match[1])
            assert isinstance(current, Listing)
            current.items.append((match[2].rstrip(":"), match[3]))
        elif isinstance(current, Paragraph):
            current.text = _joined(current.text, line.strip())
        else:
            yield from _done(current)
            current = Paragraph(line.strip())
    yield from _done(current)


def _done(block: object) -> Iterator[object]:
    if isinstance(block, Listing):
        # A column at the right, "to resolve the host name      30 000".
        block.items = [
            (tag, re.sub(r"(?<=\w) {2,}(\d[\d ]*)$", r" (\1)", text)) for tag, text in block.items
        ]
        yield block
    elif block is not None:
        yield block


def _joined(text: str, line: str) -> str:
    """Two blanks between sentences, as everywhere, where a line ended with one."""
    ends = re.search(r"[.?!][\")]?$", text) and re.match(r"[\"(`]*[A-Z0-9]", line)
    return f"{text}{'  ' if ends else ' '}{line}"


def sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<=[.?!)\"])  +", text) if each]


# --- words ----------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    #: "text", "function", "type", "enum", "constant", or "name": a parameter or an option.
    kind: str
    value: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Names:
    """What is a name in a text."""

    functions: frozenset[str]
    types: frozenset[str]
    enumerations: frozenset[str]
    #: The value as the text writes it, and the constant that it is: "EAUTH", "SMTPCONN_EAUTH".
    constants: dict[str, str]


def words(text: str, names: Names) -> list[Word]:
    text = re.sub(r"\benum (smtpconn_\w+)", "enum\0\\1", text)
    # A name between backquotes may have blanks.
    text = re.sub(r"`[^`]*`", lambda found: found[0].replace(" ", "\1"), text)
    return [_word(each.replace("\1", " "), names) for each in text.split()]


def _word(text: str, names: Names) -> Word:
    match = re.fullmatch(r"([(\"]*)(enum\0\w+|`[^`]+`|\w+(?:\(\))?)([^\w`]*)", text)
    if match is None:
        return Word("text", text)
    before, core, after = match.groups()
    name = core.removesuffix("()") if core.endswith("()") else core
    if core.startswith("enum\0"):
        kind, name = "enum", core[5:]
    elif core.startswith("`"):
        kind, name = "name", core.strip("`")
    elif name in names.functions:
        kind = "function"
    elif name in names.types:
        kind = "type"
    elif name in names.constants or name == "NULL":
        kind, name = "constant", names.constants.get(name, name)
    else:
        return Word("text", text)
    if kind == "enum" and name not in names.enumerations:
        return Word("text", text.replace("\0", " "))
    return Word(kind, name, before, after)
