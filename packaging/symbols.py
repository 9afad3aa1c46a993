"""Writes packaging/debian/libsmtpconn0.symbols: the exported functions, each with the first
version of the library that had it, by which a package finds the oldest library that it can use.

New functions get the version of the header. Those that are there keep theirs; one that is gone
was in no release, or the library needs another SONAME.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "packaging" / "debian" / "libsmtpconn0.symbols"
HEAD = """\
libsmtpconn.so.0 libsmtpconn0 #MINVER#
* Build-Depends-Package: libsmtpconn-dev
"""


def exported() -> list[str]:
    lists = [ROOT / "Tests" / "abi" / name for name in ("symbols.txt", "option_symbols.txt")]
    return sorted(name for path in lists for name in path.read_text().split())


def header_version() -> str:
    header = (ROOT / "include" / "smtpconn.h").read_text()
    found = re.search(r'^#define SMTPCONN_VERSION "(.*)"$', header, re.MULTILINE)
    assert found is not None, "the header has no version"
    return found[1]


def written(before: str, names: list[str], version: str) -> str:
    """The file for these functions, from what it was."""
    since = dict(re.findall(r"^ (\w+)@SMTPCONN_0 (\S+)$", before, re.MULTILINE))
    gone = sorted(name for name, first in since.items() if name not in names and first != version)
    if gone:
        raise SystemExit(
            f"The library of an earlier version had {', '.join(gone)}: programs need them. "
            "Without them the library must have another SONAME."
        )
    return HEAD + "".join(f" {name}@SMTPCONN_0 {since.get(name, version)}\n" for name in names)


def main() -> int:
    before = FILE.read_text() if FILE.exists() else ""
    after = written(before, exported(), header_version())
    if after != before:
        FILE.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
