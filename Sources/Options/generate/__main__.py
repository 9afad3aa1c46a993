"""Writes everything that follows from the table and from the header.

    python3 Sources/Options/generate [--check | --list] [FOLDER]

`--check` writes nothing, shows what is not as it would be written, and ends with 1 then.  `--list`
names the files.  FOLDER is the project, for tests of this program.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

# Nothing beside the sources, whose folder decides whether the library is built again.
sys.dont_write_bytecode = True

import c_rows
import docs
import ffi
import header
import python
import regions
import row
import swift
import table
from regions import Part

ABI = "Sources/SMTPConnABI/Generated"
PACKAGE = "bindings/python/src/smtpconn"


def files(root: Path) -> Iterator[tuple[str, str]]:
    """Files that are written as a whole: the path, and what is to be in it."""
    rows = table.read(root / "Sources/Options/options.json")
    for section in rows.sections:
        yield f"{ABI}/{section.file}.swift", swift.accessors(section)
    yield f"{ABI}/EnvelopeFields.swift", swift.fields(rows)
    yield "Sources/SMTPConnection/Generated/OptionValues.swift", swift.values(rows)
    yield f"{PACKAGE}/_ffi.py", ffi.module(header.read(root / "include/smtpconn.h"))
    yield f"{PACKAGE}/_table.py", python.module(rows)
    yield "bindings/python/tests/option_rows.py", python.test_rows(rows)
    yield "Tests/c/option_rows.h", c_rows.header(rows)
    yield "Tests/abi/option_symbols.txt", "".join(f"{name}\n" for name in rows.symbols)
    for path, parts in _parts(rows).items():
        text = (root / path).read_text(encoding="utf-8")
        for part in parts:
            text = regions.replace(text, part, path)
        yield path, text


def _parts(rows: table.Table) -> dict[str, list[Part]]:
    """Files of which parts are written."""

    def marked(comment: str, name: str, body: str, times: int = 1) -> Part:
        return Part(comment % f"generated: {name}", comment % "generated: end", body, times)

    return {
        f"{PACKAGE}/_connection.py": [
            marked("# %s", "options", python.parameters(rows)),
            marked("# %s", "option types", python.option_types(rows)),
            Part("Options:", regions.DOCSTRING_END, python.option_list(rows)),
        ],
        f"{PACKAGE}/_client.py": [
            # The overload, and the function.
            marked("# %s", "fields", python.send_parameters(rows), times=3),
        ],
        f"{PACKAGE}/_aio_connection.py": [
            marked("# %s", "options", python.parameters(rows)),
            marked("# %s", "fields", python.send_parameters(rows), times=3),
        ],
        f"{PACKAGE}/_envelope.py": [
            marked("# %s", "fields", python.envelope_fields(rows)),
            Part("Fields:", regions.DOCSTRING_END, python.field_list(rows)),
        ],
        "bindings/python/README.md": [
            marked("<!-- %s -->", "options", python.readme_table(rows)),
        ],
        "docs/options.md": [
            marked("<!-- %s -->", "options", docs.options(rows)),
            marked("<!-- %s -->", "envelope", docs.envelope(rows)),
        ],
        "docs/man/smtpconn.3": [
            marked('.\\" %s', "options", docs.manual_options(rows)),
            marked('.\\" %s', "envelope", docs.manual_envelope(rows)),
        ],
    }


def stale(root: Path, outputs: dict[str, str]) -> Iterator[str]:
    """Generated files that no row makes any more."""
    for folder in (ABI, "Sources/SMTPConnection/Generated"):
        for path in sorted((root / folder).glob("*")):
            name = f"{folder}/{path.name}"
            if name not in outputs:
                yield name


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes what follows from the table of options.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--list", action="store_true", help="write nothing, name the files")
    parser.add_argument("folder", nargs="?", default=Path(__file__).resolve().parents[3], type=Path)
    arguments = parser.parse_args()
    root: Path = arguments.folder
    try:
        outputs = dict(files(root))
    except (row.TableError, regions.RegionError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.list:
        print(*outputs, sep="\n")
        return 0
    different = list(stale(root, outputs))
    for name in different:
        print(f"{name} is not written any more: remove it")
    for name, text in outputs.items():
        path = root / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == text:
            continue
        if arguments.check:
            different.append(name)
            lines = difflib.unified_diff(
                old.splitlines(keepends=True), text.splitlines(keepends=True), name, "as written"
            )
            sys.stdout.writelines(lines)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    if different:
        print("`make generated` writes these files; do not change them by hand.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
