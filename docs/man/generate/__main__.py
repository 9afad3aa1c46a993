"""Writes the pages of the manual.

    python3 docs/man/generate FOLDER [--list]

FOLDER gets a page for each group of functions and for each section of the header, and a file for
each further name of a page, which refers to it.  `--list` names the files and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

# Nothing beside the sources.
sys.dont_write_bytecode = True

import mdoc
import pages
from declarations import HeaderError

ROOT = Path(__file__).resolve().parents[3]


def files(reference: pages.Reference, writer: mdoc.Writer) -> Iterator[tuple[str, str]]:
    written = {pages.OVERVIEW, pages.RULES}
    yield f"{pages.RULES}.3", writer.rules()
    for overview in reference.overviews:
        written.add(overview.name)
        yield f"{overview.name}.3", writer.overview(overview)
    for page in reference.pages:
        written.add(page.name)
        yield f"{page.name}.3", writer.page(page)
    for name, page_name in reference.where.items():
        if name not in written:
            yield f"{name}.3", f".so man3/{page_name}.3\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT, help="the project")
    parser.add_argument("--list", action="store_true", help="only name the files")
    arguments = parser.parse_args()
    try:
        reference = pages.read(arguments.root)
    except HeaderError as error:
        print(f"smtpconn.h: {error}", file=sys.stderr)
        return 1
    # Two builds of one version are equal.
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or _newest(arguments.root)
    day = datetime.fromtimestamp(seconds, timezone.utc).date()
    found = dict(files(reference, mdoc.Writer(reference, day)))
    if arguments.list:
        print("\n".join(sorted(found)))
        return 0
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in arguments.folder.glob("*.3"):
        if path.name not in found:
            path.unlink()
    for name, text in found.items():
        (arguments.folder / name).write_text(text, encoding="utf-8")
    return 0


def _newest(root: Path) -> int:
    return int((root / "include/smtpconn.h").stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
