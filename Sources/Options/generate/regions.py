"""Parts of files that are written by hand around them."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A line that begins or ends a part, in any of the files.
MARK = re.compile(r'(#|<!--|\.\\") generated: ')
DOCSTRING_END = '"""'


class RegionError(Exception):
    """The lines that enclose a part are not there."""


class Part(NamedTuple):
    """What is to be between two lines, which are compared without the blanks around them."""

    begin: str
    end: str
    #: Without blanks in front of the lines: they get those of the line that begins.
    body: str
    #: How often the two lines are in the file.
    times: int = 1


def replace(text: str, part: Part, path: str) -> str:
    """The text of a file with the body wherever the part is; `path` names it in an error."""
    begin, end, body, times = part
    result: list[str] = []
    found = 0
    inside = False
    for line in text.splitlines(keepends=True):
        if inside and line.strip() == end:
            inside = False
        if inside and _is_beyond(line.strip(), end):
            break
        if not inside:
            result.append(line)
        if not inside and line.strip() == begin:
            inside = True
            found += 1
            indent = line[: len(line) - len(line.lstrip())]
            result += [
                f"{indent}{added}" if added.strip() else added
                for added in body.splitlines(keepends=True)
            ]
    if not found or inside:
        raise RegionError(f'{path}: there is no line "{begin}" with a line "{end}" after it')
    if found != times:
        raise RegionError(f'{path}: "{begin}" must be there {times} times, not {found}')
    return "".join(result)


def _is_beyond(line: str, end: str) -> bool:
    """Whether a part must have ended above this line: its end was lost."""
    return bool(MARK.match(line)) or (end == DOCSTRING_END and not line)
