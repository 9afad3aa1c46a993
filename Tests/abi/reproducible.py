"""Builds the library again, in another folder, and compares: for `make test-reproducible`.

The folder has a name of another length, and with spaces. What is built there has to be the
same, octet for octet. It takes as long as a build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
SOURCES = ("Makefile", "Sources", "include", "pkgconfig", "Tests/support/running/require.sh")
#: Links are left out, and what is not part of a release.
PATTERNS = ("libsmtpconn*", "smtpconn.pc", "types.o", "smtpconn.o", "stripped/*", "modules/*.ll")


def results(build: Path) -> set[Path]:
    found = {path for pattern in PATTERNS for path in build.glob(pattern)}
    return {path.relative_to(build) for path in found if not path.is_symlink()}


def copy(folder: Path) -> None:
    """The sources of the library."""
    for name in SOURCES:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy2(ROOT / name, target)


def different(one: Path, other: Path) -> list[str]:
    """The files that are not the same in both, or only in one of them."""
    names = results(one) | results(other)
    return sorted(
        str(name)
        for name in names
        if not (one / name).exists()
        or not (other / name).exists()
        or (one / name).read_bytes() != (other / name).read_bytes()
    )


def main() -> int:
    folder = BUILD / "again" / "in another folder"
    shutil.rmtree(folder.parent, ignore_errors=True)
    copy(folder)
    environment = {**os.environ, "MAKEFLAGS": ""}
    subprocess.run(["make", "all"], cwd=folder, env=environment, check=True)
    found = different(BUILD, folder / "build")
    for name in sorted(results(BUILD)):
        print("DIFFERENT" if str(name) in found else "equal", name)
    if found:
        print(f"not reproducible: {', '.join(found)}", file=sys.stderr)
        return 1
    shutil.rmtree(folder.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
