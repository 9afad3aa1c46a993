"""What smtpconn.h declares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Prototype:
    name: str
    #: Each as it is written, with the name of the parameter.
    parameters: tuple[str, ...]
    result: str
    #: The title of the part of the header that it is in.
    part: str


@dataclass(frozen=True)
class Header:
    #: The opaque types, "smtpconn_error".
    handles: tuple[str, ...]
    callbacks: tuple[Prototype, ...]
    functions: tuple[Prototype, ...]


def read(path: Path) -> Header:
    text = path.read_text(encoding="utf-8")
    handles: list[str] = []
    callbacks: list[Prototype] = []
    functions: list[Prototype] = []
    for title, code in _parts(text):
        handles += re.findall(r"typedef struct (\w+) \1;", code)
        for result, name, inside in re.findall(
            r"typedef\s+(\w+)\s*\(\*(\w+)\)\s*\(([^)]*)\)\s*;", code
        ):
            callbacks.append(Prototype(name, _parameters(inside), result, title))
        code = re.sub(r'typedef[^;]*;|enum\s+\w+\s*\{[^}]*\};|extern "C" \{', "", code)
        for result, name, inside in re.findall(
            r"([\w\s*]+?)\b(smtpconn_\w+)\s*\(([^)]*)\)\s*;", code
        ):
            functions.append(Prototype(name, _parameters(inside), result.strip(), title))
    return Header(tuple(handles), tuple(callbacks), tuple(functions))


def _parts(text: str) -> list[tuple[str, str]]:
    """The code of each part, with the title from the comment above it, and without comments."""
    pieces = re.split(r"/\* -{20,}\n \* (.+)\n", text)
    titles = ["", *pieces[1::2]]
    parts = []
    for index, (title, piece) in enumerate(zip(titles, pieces[::2])):
        # The comment that the title began ends in the piece.
        code = piece if index == 0 else "/*" + piece
        code = re.sub(r"/\*.*?\*/", " ", code, flags=re.DOTALL)
        # Lines of the preprocessor, continued ones included.
        parts.append((title, re.sub(r"^#(?:.*\\\n)*.*$", "", code, flags=re.MULTILINE)))
    return parts


def _parameters(inside: str) -> tuple[str, ...]:
    if inside.strip() == "void":
        return ()
    return tuple(" ".join(part.split()) for part in inside.split(","))
