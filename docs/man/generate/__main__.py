"""Writes the pages of the manual.

    python3 docs/man/generate FOLDER
    python3 docs/man/generate --list

FOLDER gets a page for each group of functions and for each section of the header, a file for each
further name of a page, which refers to it, and the pages that are written by hand.  Other pages
there are removed.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

# Nothing beside the sources.
sys.dont_write_bytecode = True

import mdoc
import pages
from declarations import HeaderError

ROOT = Path(__file__).resolve().parents[3]


def files(reference: pages.Reference, writer: mdoc.Writer) -> Iterator[tuple[str, str]]:
    written = {pages.OVERVIEW, pages.RULES}
    for path in (ROOT / "docs/man").glob("*.3"):
        yield path.name, writer.by_hand(path.read_text(encoding="utf-8"))
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
    parser = argparse.ArgumentParser(description="Writes the pages of the manual.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--list", action="store_true", help="name the files, and write nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project, for tests")
    arguments = parser.parse_args()
    if (arguments.folder is None) != arguments.list:
        parser.error("give a folder, or --list")
    try:
        reference = pages.read(arguments.root)
    except HeaderError as error:
        print(f"smtpconn.h: {error}", file=sys.stderr)
        return 1
    found = dict(files(reference, mdoc.Writer(reference, day(arguments.root))))
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


def day(root: Path) -> date:
    """That of the release, so that two builds of it are equal; before it, that of the build."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc).date()
    heading = re.search(
        r"^## \[[\d.]+\] - (\d{4}-\d\d-\d\d)$",
        (root / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return date.fromisoformat(heading[1]) if heading else datetime.now(timezone.utc).date()


if __name__ == "__main__":
    sys.exit(main())
