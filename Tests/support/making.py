"""Programs that a test runs as a user of the built files would, and `make`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.drive import ROOT

PATIENCE = 600.0


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> str:
    """What a program that succeeds prints."""
    done = start(*command, folder=folder, **environment)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def start(
    *command: str | Path, folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def make(*arguments: str) -> str:
    # Not the flags of the make that runs the tests: its job server is not ours.
    return run("make", *arguments, MAKEFLAGS="")
