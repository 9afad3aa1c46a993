"""Runs the standard library's own tests of smtplib against smtpconn.smtplib, and reports as JSON.

The tests are those of the interpreter that runs this: package `test`, module `test_smtplib`.
"""

from __future__ import annotations

import importlib
import json
import sys
import unittest
import warnings

MISSING = 3


class Noting(unittest.TestResult):
    """Whether each test passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[str] = []

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self.passed.append(name(test))


def name(test: unittest.TestCase) -> str:
    return ".".join(test.id().split(" ")[0].split(".")[-2:])


def load() -> unittest.TestSuite:
    import smtpconn.smtplib

    # The standard library's is loaded already, for ours to inherit from.
    sys.modules["smtplib"] = smtpconn.smtplib
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Older ones import asyncore.
        module = importlib.import_module("test.test_smtplib")
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def main() -> int:
    try:
        suite = load()
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("test"):
            raise
        sys.stderr.write(f"{error}\n")
        return MISSING
    result = Noting()
    suite.run(result)
    failed = {name(test): text for test, text in (*result.failures, *result.errors)}
    skipped = {name(test): reason for test, reason in result.skipped}
    outcome = {"passed": sorted(result.passed), "failed": failed, "skipped": skipped}
    sys.stdout.write(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
