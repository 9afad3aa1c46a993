"""The numbers in the public header, which programs have inside. As a program: prints them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HEADER = Path(__file__).resolve().parents[2] / "include" / "smtpconn.h"


def constants() -> dict[str, str]:
    """Those of enumerations, as the compiler counts, and those that are defined. Not the numbers
    of the version."""
    done = subprocess.run(
        ["cc", "-E", "-P", str(HEADER)], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = {}
    for body in re.findall(r"enum (?:\w+ )?\{(.*?)\}", done.stdout, re.DOTALL):
        value = -1
        for entry in filter(None, (part.strip() for part in body.split(","))):
            name, _, given = (part.strip() for part in entry.partition("="))
            value = int(given, 0) if given else value + 1
            found[name] = str(value)
    defined = re.findall(
        r"^#define (SMTPCONN_(?!VERSION_)\w+) (\S+)$", HEADER.read_text(), re.MULTILINE
    )
    return found | dict(defined)


if __name__ == "__main__":
    for name, value in constants().items():
        print(name, value)
