"""The C and C++ programs of this folder, plain, under valgrind and with ASan: each is
one file, or all the files of one folder."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from support.certificates import Certificates
from support.drive import BUILD, ROOT, valgrind
from support.header import header_functions
from support.scripted import ScriptedServer, friendly, rude, rude_under_tls, silent

HERE = Path(__file__).parent

# What each program is told; {friendly} and so on are ports of servers.
PROGRAMS: dict[str, list[str]] = {
    "surface": [],
    "host": ["{library}", "{friendly}", "{rude}", "{tls}"],
    "lifetime": ["{friendly}", "{silent}"],
    "inside_tls": ["{friendly}"],
    "forked": ["{friendly}", "{friendly_tls}"],
}


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def run_with_servers(name: str, prefix: list[str], folder: str, certificates: Certificates) -> None:
    with (
        ScriptedServer(friendly, repeat=True) as friend,
        ScriptedServer(friendly, repeat=True, identity=certificates.good) as secure_friend,
        ScriptedServer(silent, repeat=True) as mute,
        ScriptedServer(rude, repeat=True) as boor,
        ScriptedServer(rude_under_tls, repeat=True, identity=certificates.good) as tls,
    ):
        arguments = [
            word.format(
                library=BUILD / "libsmtpconn.so.0",
                friendly=friend.port,
                friendly_tls=secure_friend.port,
                silent=mute.port,
                rude=boor.port,
                tls=tls.port,
            )
            for word in PROGRAMS[name]
        ]
        done = run([*prefix, str(BUILD / folder / name), *arguments])
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    # Not only that nothing failed: something was checked.
    found = re.search(r"^(\d+) checks, 0 failed$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    assert int(found[1]) > 0


def test_every_program_is_here() -> None:
    """A program that nobody runs proves nothing."""
    others = {"drive", "asan_is_on"}
    files = {path.stem for path in HERE.glob("*.c")}
    folders = {path.parent.name for path in HERE.glob("*/*.c")}
    assert files | folders == PROGRAMS.keys() | others
    assert [path.name for path in HERE.glob("*.cc")] == ["cplusplus.cc"]


def test_surface_calls_every_function() -> None:
    text = "".join(path.read_text() for path in (HERE / "surface").glob("*.c"))
    called = set(re.findall(r"\bsmtpconn_[a-z0-9_]+\b", text))
    # The macros there paste names of options together.
    for name in re.findall(r"^  (?:SWITCH|DURATION)\((\w+),", text, re.MULTILINE):
        called |= {f"smtpconn_options_{name}", f"smtpconn_options_set_{name}"}
    assert header_functions() - called == set()


@pytest.mark.parametrize("name", PROGRAMS)
def test_plain(name: str, certificates: Certificates) -> None:
    run_with_servers(name, [], "tests", certificates)


@pytest.mark.parametrize("name", PROGRAMS)
def test_valgrind(name: str, certificates: Certificates) -> None:
    run_with_servers(name, valgrind(), "tests", certificates)


@pytest.mark.parametrize("name", PROGRAMS)
def test_asan(name: str, certificates: Certificates) -> None:
    run_with_servers(name, [], "asan", certificates)


def test_cplusplus() -> None:
    done = run([str(BUILD / "tests" / "cplusplus")])
    assert done.returncode == 0, done.stderr


def test_asan_is_on() -> None:
    """A program with a mistake: built with ASan it is stopped, else it is not."""
    assert run([str(BUILD / "tests" / "asan_is_on")]).returncode == 0
    stopped = run([str(BUILD / "asan" / "asan_is_on")])
    assert stopped.returncode != 0
    assert "heap-use-after-free" in stopped.stderr


def test_valgrind_is_on() -> None:
    stopped = run([*valgrind(), str(BUILD / "tests" / "asan_is_on")])
    assert stopped.returncode == 9, stopped.stderr
    assert "Invalid read" in stopped.stderr


def test_header_alone() -> None:
    """The header needs nothing before it, in any standard of C and C++ that we
    promise, and declares every function with C linkage."""
    for compiler, standard, language in (
        ("cc", "c99", "c"),
        ("cc", "c11", "c"),
        ("c++", "c++98", "c++"),
        ("c++", "c++17", "c++"),
    ):
        done = subprocess.run(
            [
                *[compiler, f"-std={standard}", "-x", language, "-Wall", "-Wextra", "-pedantic"],
                *["-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}", "-"],
            ],
            input="#include <smtpconn.h>\n#include <smtpconn.h>\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{standard}: {done.stderr}"
