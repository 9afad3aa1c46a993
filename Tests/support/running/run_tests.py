"""Runs the tests, for `make test` and its sisters, and counts.

Each step is a program of its own. Three steps run at a time, since on two processors
most of them wait now and then; what a step prints is shown when it ends. What it found
is read from the report that it writes for machines; a step that writes none has failed.
All steps run, whatever the ones before them found; only without a library most cannot.
The steps that need none run while it is built. The last line says how many passed and
how many failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "build" / "results"
TOOLS = ROOT / "build" / "venv" / "bin"


@dataclass
class Count:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed)


class Lane(threading.local):
    """Where the step of this thread prints."""

    output: TextIO = sys.stdout


LANE = Lane()
LANES = 3
SHOWING = threading.Lock()


def say(text: str) -> None:
    print(text, file=LANE.output, flush=True)


def heading(text: str) -> None:
    say(f"\n=== {text}")


def run(command: list[str], folder: Path = ROOT, environment: dict[str, str] | None = None) -> bool:
    say(f"$ {' '.join(command)}")
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=LANE.output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as error:
        say(f"{error}")
        return False
    return done.returncode == 0


def read_report(path: Path) -> Count:
    """A report in the form of JUnit. A test that was skipped was not passed."""
    count = Count()
    for suite in ET.parse(path).getroot().iter("testsuite"):
        tests = int(suite.get("tests", "0"))
        failed = sum(int(suite.get(kind) or "0") for kind in ("failures", "errors", "skipped"))
        if suite.get("skipped") not in (None, "0"):
            say(f"{suite.get('skipped')} tests were skipped, which counts as failed")
        # An error of a fixture comes on top of the test that it belongs to.
        count += Count(max(0, tests - failed), failed)
    return count


def reported(name: str, succeeded: bool, *reports: Path) -> Count:
    """What a step found; a step that failed without saying what counts as one."""
    count = Count()
    for report in reports:
        if report.exists():
            count += read_report(report)
    if not succeeded and count.failed == 0:
        count.failed = 1
    if count.passed + count.failed == 0:
        say(f"{name}: nothing was run")
        count.failed = 1
    return count


def checked(*command: str, folder: Path = ROOT) -> Count:
    """A check that says yes or no."""
    return Count(1, 0) if run(list(command), folder) else Count(0, 1)


# --- the steps --------------------------------------------------------------


def swift_tests() -> Count:
    report = RESULTS / "swift.xml"
    succeeded = run(["swift", "test", "--xunit-output", str(report)])
    # XCTest and Swift Testing write a report each.
    return reported("swift test", succeeded, report, report.with_name("swift-swift-testing.xml"))


def pytest(name: str, *paths: str, **environment: str) -> Count:
    report = RESULTS / f"{name}.xml"
    command = [str(TOOLS / "pytest"), "-q", "--tb=short", f"--junit-xml={report}"]
    command += ["-c", "Tests/pyproject.toml", "--rootdir", "Tests", *paths]
    return reported(name, run(command, ROOT, environment), report)


def binding() -> Count:
    """The package as it was installed, not its sources."""
    report = RESULTS / "binding.xml"
    command = [str(TOOLS / "pytest"), "-q", "--tb=short", f"--junit-xml={report}"]
    command += ["-o", "pythonpath=", "tests"]
    return reported("binding", run(command, ROOT / "bindings" / "python"), report)


def python_checks() -> Count:
    count = Count()
    for folder, sources in (
        (ROOT / "Tests", ["support", "conftest.py", "abi", "c", "scripted", "original", "interop"]),
        (ROOT / "bindings" / "python", []),
        (ROOT / "Sources" / "Options", []),
        (ROOT / "docs" / "man", []),
    ):
        count += checked(str(TOOLS / "ruff"), "check", ".", folder=folder)
        count += checked(str(TOOLS / "ruff"), "format", "--check", ".", folder=folder)
        count += checked(str(TOOLS / "mypy"), *sources, folder=folder)
    for command in (("check",), ("format", "--check")):
        count += checked(
            str(TOOLS / "ruff"), *command, "--config", "Tests/pyproject.toml", "packaging"
        )
    return count + checked("make", "-s", "bench-check")


def documentation() -> Count:
    """The site; its programs are run by the tests of the Python package."""
    count = checked("make", "-s", "docs")
    for command in (("check",), ("format", "--check")):
        count += checked(str(TOOLS / "ruff"), *command, ".", folder=ROOT / "docs" / "site")
    return count


def swift_format() -> Count:
    """The style of .swift-format."""
    sources = ("Package.swift", "Sources", "Tests", "Benchmarks")
    return checked("swift", "format", "lint", "--strict", "--parallel", "--recursive", *sources)


def fuzz_corpus() -> Count:
    """Every input that fuzzing has found worth keeping, each as a test."""
    if not run(["make", "-j2", "fuzzers"]):
        return Count(0, 1)
    count = Count()
    for folder in sorted((ROOT / "Tests" / "fuzz" / "corpus").iterdir()):
        for path in sorted(folder.iterdir()):
            program = ROOT / "build" / "fuzz" / folder.name
            done = subprocess.run([str(program), str(path)], capture_output=True, check=False)
            if done.returncode == 0:
                count.passed += 1
            else:
                count.failed += 1
                say(done.stderr.decode(errors="replace"))
    say(f"{count.passed} inputs did no harm, {count.failed} did")
    return count if count != Count() else Count(0, 1)


LIBRARY_TESTS = [
    f"Tests/abi/test_{part}.py"
    for part in ("library", "generated", "hardening", "compatible", "frozen_client", "reproducible")
]
# Ours, and those that the original had.
SCRIPTED = ("Tests/scripted", "Tests/original")


@dataclass
class Step:
    title: str
    body: Callable[[], Count]
    #: Else it begins before there is one.
    needs_library: bool = True


SWIFT = Step("Swift: the core, the transport, the C surface", swift_tests, needs_library=False)
C = Step(
    "C and C++ programs, plain and with ASan",
    lambda: pytest("c", "Tests/c", "-m", "not valgrind"),
)
C_VALGRIND = Step(
    "C programs, under valgrind",
    lambda: pytest("c-valgrind", "Tests/c", "-m", "valgrind"),
)
C_EVERY_CASE = Step(
    "C programs, every case under valgrind",
    lambda: pytest("c-valgrind", "Tests/c", "-m", "valgrind", "--every-case"),
)
LIBRARY = Step("the built library", lambda: pytest("abi", *LIBRARY_TESTS))
LIBRARY_ALONE = Step(
    "the built library, without Swift", lambda: pytest("abi", *LIBRARY_TESTS, "-m", "not swift")
)
SCRIPTED_ASAN = Step(
    "scripted servers, the library called by a program with ASan",
    lambda: pytest("scripted-asan", *SCRIPTED, SMTPCONN_TEST_MODE="asan"),
)


def under_valgrind(half: int, *extra: str) -> Count:
    """Half of the files: together they would be the longest step by far."""
    files = sorted(path for folder in SCRIPTED for path in (ROOT / folder).glob("test_*.py"))
    chosen = [str(path.relative_to(ROOT)) for path in files[half::2]]
    return pytest(f"scripted-valgrind-{half}", *chosen, *extra, SMTPCONN_TEST_MODE="valgrind")


SCRIPTED_VALGRIND = [
    Step("scripted servers, under valgrind, one half", lambda: under_valgrind(0)),
    Step("scripted servers, under valgrind, the other half", lambda: under_valgrind(1)),
]
EVERY_CASE = [
    Step("every case under valgrind, one half", lambda: under_valgrind(0, "--every-case")),
    Step("every case under valgrind, the other half", lambda: under_valgrind(1, "--every-case")),
]
PYTHON = Step("the Python package", binding)
CHECKS = Step(
    "sources: swift-format, ruff and mypy",
    lambda: swift_format() + python_checks(),
)
CORPUS = Step("the corpus of the fuzz targets", fuzz_corpus, needs_library=False)
INTEROP = Step(
    "real servers: Postfix, Exim, OpenSMTPD, Dovecot, Cyrus",
    lambda: pytest("interop", "Tests/interop"),
)
DOCS = Step("the documentation: every page, every link, the search", documentation)
INSTALLED_TESTS = [f"Tests/abi/test_{part}.py" for part in ("install", "consumers", "elsewhere")]
INSTALLED = Step(
    "installed, and used by pkg-config, CMake and Meson",
    lambda: pytest("install", *INSTALLED_TESTS),
)
INSTALLED_ALONE = Step(
    "installed, without Swift",
    lambda: pytest("install", *INSTALLED_TESTS, "-m", "not swift"),
)
ARCHIVES = Step("archives of a release", lambda: pytest("dist", "Tests/abi/test_dist.py"))
PACKAGES = Step(
    "Debian and RPM packages",
    lambda: pytest("packages", "Tests/abi/test_debian.py", "Tests/abi/test_rpm.py"),
)
# Those that `make test` has time for; test_wheel_everywhere.py is for `make test-wheels`.
WHEEL_TESTS = [f"Tests/abi/test_wheel{part}.py" for part in ("", "_building", "_store")]
WHEELS = Step("wheels of the Python package", lambda: pytest("wheels", *WHEEL_TESTS))
DEMO = Step("the demo", lambda: checked("make", "-s", "demo"))

# In the order in which they begin, after the library: what can without one, then the longest.
STEPS = {
    "all": [
        *[SWIFT, CORPUS, C_VALGRIND, *SCRIPTED_VALGRIND, SCRIPTED_ASAN, INTEROP],
        *[C, LIBRARY, PYTHON, CHECKS, DOCS, WHEELS, INSTALLED, ARCHIVES, PACKAGES],
    ],
    "valgrind": [*EVERY_CASE, C_EVERY_CASE],
    "fast": [SWIFT, C, LIBRARY],
    # The library comes from the machine around it; nothing there needs Swift.
    "debian13": [
        *[C, C_VALGRIND, LIBRARY_ALONE, SCRIPTED_ASAN, PYTHON, INTEROP, INSTALLED_ALONE, DEMO],
    ],
}


class Library:
    """What most steps wait for."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._succeeded = False

    def build(self, fast: bool) -> Count:
        targets = ["all", "programs", "build/venv/ready"]
        if not fast:
            targets.append("build/venv/binding")
        try:
            self._succeeded = run(["make", "-j2", *targets])
        finally:
            self._ended.set()
        # That it can be built is no test.
        return Count() if self._succeeded else Count(0, 1)

    def there(self) -> bool:
        self._ended.wait()
        return self._succeeded


def shown(number: int, step: Step) -> Count:
    """Runs a step and shows all that it printed at once."""
    print(f"... {step.title}", flush=True)
    path = RESULTS / f"{number}.log"
    with path.open("w+") as output:
        LANE.output = output
        started = time.monotonic()
        heading(step.title)
        try:
            count = step.body()
        except Exception as error:
            say(f"{type(error).__name__}: {error}")
            count = Count(0, 1)
        say(f"{time.monotonic() - started:.0f} seconds")
    with SHOWING:
        sys.stdout.write(path.read_text(errors="replace"))
        sys.stdout.flush()
    return count


def main() -> int:
    (which,) = sys.argv[1:]
    started = time.monotonic()
    # A make that called us has given its children a job server that is not theirs.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)

    fast = which == "fast"
    library = Library()
    building = Step("the library", lambda: library.build(fast), needs_library=False)

    def in_turn(number: int, step: Step) -> Count:
        if step.needs_library and not library.there():
            return Count()  # that it was not built has been counted
        return shown(number, step)

    total = Count()
    # Once, and before anything that may install what is missing begins twice.
    groups = ["build", "c"] if fast else ["build", "test"]
    groups += ["deb", "rpm"] if PACKAGES in STEPS[which] else []
    if run(["sh", "Tests/support/running/require.sh", *groups]):
        steps = [building, *STEPS[which]]
        with ThreadPoolExecutor(max_workers=LANES) as lanes:
            for count in lanes.map(in_turn, range(len(steps)), steps):
                total += count
    else:
        total.failed = 1
    print(f"\n{time.monotonic() - started:.0f} seconds")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 0 if total.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
