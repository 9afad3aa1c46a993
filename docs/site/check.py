"""Looks through the site that `make docs` has built: every link, every anchor, and the search.

Nothing is asked of the network: links to other hosts are not followed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
#: Words that a reader looks for, and a page that must be among the results.
SEARCHES = {
    "starttls": "guide/tls",
    "gmail": "guide/providers",
    "twice": "guide/results",
    "pytest": "guide/testing",
    "greylisted": "errors",
    "nodemailer": "guide/migration",
    "django": "guide/django",
    "lmtp": "guide/lmtp",
    "libuv": "c/loops",
    "glib": "c/loops",
    "fork": "c/threads",
    "libesmtp": "c/porting",
    "musl": "platforms",
    "envelope": "reference/python",
}


class Page(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[tuple[int, str]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if name in ("href", "src") and value is not None and tag != "base":
                self.links.append((self.getpos()[0], value))


def broken(root: Path) -> Iterator[str]:
    pages = {path.resolve(): Page(path.resolve()) for path in root.rglob("*.html")}
    if len(pages) < 20:
        yield f"{root}: only {len(pages)} pages"
    for page in pages.values():
        for line, link in page.links:
            where = f"{page.path.relative_to(root.resolve())}:{line}: {link}"
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto", "data") or parts.netloc:
                continue
            path = unquote(parts.path)
            target = (page.path.parent / path).resolve() if path else page.path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield f"{where}: there is no such file"
            elif not target.is_relative_to(root.resolve()):
                yield f"{where}: leaves the site"
            elif target in pages and parts.fragment:
                anchors = pages[target].anchors
                if unquote(parts.fragment) not in anchors:
                    yield f"{where}: there is no such anchor"


def not_found(root: Path) -> Iterator[str]:
    """The index of the search, as the script of the pages reads it."""
    text = (root / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    for word, page in SEARCHES.items():
        found: set[str] = set()
        for terms in (index["terms"], index["titleterms"]):
            for term, numbers in terms.items():
                # Terms are stems.
                if word.startswith(term) and len(term) > len(word) - 4:
                    numbers = [numbers] if isinstance(numbers, int) else numbers
                    found |= {index["docnames"][number] for number in numbers}
        if page not in found:
            yield f"a search for {word!r} does not find {page}: {sorted(found)}"


def without_anchor(root: Path) -> Iterator[str]:
    """The functions of the library: each has an anchor, to which a search for it leads."""
    names = {
        name
        for path in (ROOT / "Tests/abi").glob("*symbols.txt")
        for name in path.read_text(encoding="utf-8").split()
    }
    anchors = {
        anchor for path in (root / "reference/c").glob("*.html") for anchor in Page(path).anchors
    }
    text = (root / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    found = {entry[-1] for entries in index["objects"].values() for entry in entries}
    for name in sorted(names):
        if f"c.{name}" not in anchors:
            yield f"reference/c: no page has the anchor c.{name}"
        elif name not in found:
            yield f"a search for {name} does not find it"


def main() -> int:
    root = Path(sys.argv[1])
    faults = [*broken(root), *not_found(root), *without_anchor(root)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
