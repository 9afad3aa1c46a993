"""A library with the exports of ours, empty, and the description of the header: what abidw and
abidiff read. Among the descriptions that Swift writes they lose types of C.

    described.py LIBRARY TYPES RESULT
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MAP = Path(__file__).resolve().parents[2] / "pkgconfig" / "smtpconn.map"


def describe(library: Path, types: Path, result: Path) -> None:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True
    )
    names = re.findall(r" T (smtpconn_\w+)", listed.stdout)
    # Of one octet each, so that no two are at the same address.
    text = "".join(f".globl {name}\n.type {name}, %function\n{name}: .byte 0\n" for name in names)
    source = result.with_suffix(".s")
    source.write_text(f'.text\n{text}.section .note.GNU-stack,"",%progbits\n')
    linked = [f"-Wl,--version-script={MAP}", "-Wl,-soname,libsmtpconn.so.0"]
    subprocess.run(
        ["cc", "-shared", "-nostdlib", "-o", str(result), str(source), str(types), *linked],
        check=True,
    )


if __name__ == "__main__":
    describe(*map(Path, sys.argv[1:]))
