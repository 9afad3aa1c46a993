"""Parts of files that are written by hand around them."""

from __future__ import annotations


class RegionError(Exception):
    """The lines that enclose a part are not there."""


def replace(text: str, begin: str, end: str, body: str, path: str) -> str:
    """The text with `body` between each line that says `begin` and the next that says `end`.

    Both are compared without the blanks around them.  The body has no blanks in front of its lines:
    they get those of the line that begins.  `path` names the file in an error.
    """
    result: list[str] = []
    inside = found = False
    for line in text.splitlines(keepends=True):
        if inside and line.strip() == end:
            inside = False
        if not inside:
            result.append(line)
        if not inside and line.strip() == begin:
            inside = found = True
            indent = line[: len(line) - len(line.lstrip())]
            result += [
                f"{indent}{part}" if part.strip() else part
                for part in body.splitlines(keepends=True)
            ]
    if not found or inside:
        raise RegionError(f'{path}: there is no line "{begin}" with a line "{end}" after it')
    return "".join(result)
