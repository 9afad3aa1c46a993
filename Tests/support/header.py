"""The public header, as the C compiler sees it."""

from __future__ import annotations

import re
import subprocess

from support.drive import ROOT

HEADER = ROOT / "include" / "smtpconn.h"


def header_functions() -> set[str]:
    """The names of the functions that are declared, without comments and macros."""
    done = subprocess.run(
        ["cc", "-E", "-P", str(HEADER)], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"\b(smtpconn_[a-z0-9_]+) *\(", done.stdout))


def header_version() -> str:
    found = re.search(r'^#define SMTPCONN_VERSION "(.*)"$', HEADER.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]
