"""The lines of a file of transcripts, with their numbers, and the words in braces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

NAME = re.compile(r"\{([A-Za-z][A-Za-z0-9-]*)\}")
ESCAPES = {"n": "\n", "r": "\r", '"': '"', "\\": "\\"}


class TranscriptError(Exception):
    """A file that cannot be read: where, and why."""

    def __init__(self, file: str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}")


@dataclass(frozen=True)
class Line:
    """A line of the file, and its number."""

    number: int
    text: str


Pieces = Mapping[str, Sequence[Line]]


def values_of(row: str) -> list[str]:
    """The values in a row of a table: words, or text in double quotes, in which \\n is a line
    end."""
    values: list[str] = []
    rest = row.strip()
    while rest:
        if rest[0] != '"':
            value, _, rest = rest.partition(" ")
            values.append(value)
        else:
            value, place = "", 1
            while place < len(rest) and rest[place] != '"':
                if rest[place] == "\\" and rest[place + 1 : place + 2] in ESCAPES:
                    value += ESCAPES[rest[place + 1]]
                    place += 1
                else:
                    value += rest[place]
                place += 1
            if place == len(rest):
                raise ValueError("a text in quotes does not end")
            values.append(value)
            rest = rest[place + 1 :]
        rest = rest.lstrip()
    return values


def replaced(text: str, words: Mapping[str, str]) -> str:
    """The text with the values in place of the words in braces."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise ValueError(f"nothing is called {match[0]}")
        return words[match[1]]

    return NAME.sub(value, text)


def expanded(
    file: str, lines: Sequence[Line], pieces: Pieces, words: Mapping[str, str]
) -> Iterator[Line]:
    """The lines with pieces and values put in. Lines of a piece keep their own numbers."""
    for line in lines:
        name = NAME.fullmatch(line.text)
        if name and name[1] in pieces:
            yield from expanded(file, pieces[name[1]], pieces, words)
            continue
        try:
            text = replaced(line.text, words)
        except ValueError as error:
            raise TranscriptError(file, line.number, str(error)) from None
        for part in text.split("\n"):
            yield Line(line.number, part)
