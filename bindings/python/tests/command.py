"""Runs the command as a program, or inside of the test."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn._cli import main

PACKAGES = str(Path(smtpconn.__file__).parents[1])
#: Seconds; much longer than a program takes.
LIMIT = 120.0


def environment(**more: str) -> dict[str, str]:
    """That of the tests, with the package that they test."""
    kept = {name: value for name, value in os.environ.items() if name != "SMTPCONN_URL"}
    return {**kept, "PYTHONPATH": PACKAGES, "PYTHONIOENCODING": "utf-8", **more}


def program(
    *arguments: str, stdin: bytes = b"", variables: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """The real program: about 0.2 seconds."""
    return subprocess.run(
        [sys.executable, "-m", "smtpconn", *arguments],
        input=stdin,
        capture_output=True,
        env=environment(**(variables or {})),
        timeout=LIMIT,
        **options,
    )


class Inside:
    """The command, called as a function, so that a test is quick."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = ""
        self.err = ""
        monkeypatch.delenv("SMTPCONN_URL", raising=False)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> int:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code
