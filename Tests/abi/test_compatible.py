"""Programs that are compiled already, and those that use the header: what was promised to them
is still there (docs/abi.md). Additions are allowed; `make abi-dump` writes them down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.constants import constants
from support.described import describe
from support.drive import BUILD
from support.header import HEADER, header_version
from support.making import run, start

HERE = Path(__file__).parent
SHARED = BUILD / f"libsmtpconn.so.{header_version()}"
DUMP = HERE / "smtpconn.abi"
CONSTANTS = HERE / "constants.txt"
#: Bits of the status of abidiff: an error of usage or another; changes that break programs.
ERRORS, INCOMPATIBLE = 1 | 2, 8


def differences(types: Path, folder: Path) -> str:
    """What breaks programs; empty if nothing does."""
    library = folder / "described.so"
    describe(SHARED, types, library)
    done = start(
        "abidiff",
        "--no-added-syms",
        "--no-show-locs",
        "--headers-dir2",
        HEADER.parent,
        DUMP,
        library,
    )
    assert not done.returncode & ERRORS, done.stdout + done.stderr
    # A parameter of another type is a change for every program that was compiled.
    return done.stdout if done.returncode else ""


def test_programs_that_are_compiled(tmp_path: Path) -> None:
    found = differences(BUILD / "types.o", tmp_path)
    assert not found, (
        f"Programs compiled for {DUMP.name} may not work with this library. What a function "
        "takes and returns does not change, and none is removed, while the soname is the same:\n"
        f"{found}"
    )


def test_dump_describes_every_function() -> None:
    """Else nothing would be compared."""
    described = set(re.findall(r"<function-decl name='(smtpconn_\w+)'", DUMP.read_text()))
    symbols = set(re.findall(r"<elf-symbol name='(smtpconn_\w+)'", DUMP.read_text()))
    assert "smtpconn_send" in described
    assert symbols == described
    assert len(symbols) > 300


@pytest.mark.swift
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("int smtpconn_loop_run_once(smtpconn_loop *loop, int timeout)",
         "int smtpconn_loop_run_once(smtpconn_loop *loop, uint64_t timeout)"),
        ("uint64_t smtpconn_result_message_size(", "int smtpconn_result_message_size("),
        ("int smtpconn_quit(smtpconn *connection, smtpconn_done_callback callback, void *user)",
         "int smtpconn_quit(smtpconn *connection, smtpconn_done_callback callback)"),
    ],
)  # fmt: skip
def test_other_types_are_found(tmp_path: Path, before: str, after: str) -> None:
    """That the comparison sees what it is for: the library with a header that was changed."""
    header = tmp_path / "smtpconn.h"
    text = re.sub(r"\s+", " ", run("cc", "-E", "-P", HEADER)).replace(";", ";\n")
    assert before in text
    header.write_text(text.replace(before, after))
    tools = run(
        "make", "-s", "--eval", "tools: ; @echo $(SWIFT_TOOLS)", "tools", MAKEFLAGS=""
    ).strip()
    run("sh", "pkgconfig/types.sh", f"{tools}/clang", header, tmp_path / "types.o")
    assert "smtpconn_" in differences(tmp_path / "types.o", tmp_path)


# --- constants: a program has their values inside -------------------------------------


def test_constants_keep_their_values() -> None:
    kept = dict(line.split() for line in CONSTANTS.read_text().splitlines())
    now = constants()
    assert len(kept) > 50
    changed = {
        name: (value, now.get(name)) for name, value in kept.items() if now.get(name) != value
    }
    assert not changed, f"constants never change and are never removed: {changed}"


def test_new_constants_are_written_down() -> None:
    kept = dict(line.split() for line in CONSTANTS.read_text().splitlines())
    added = constants().keys() - kept.keys()
    assert not added, f"`make abi-dump` adds {sorted(added)} to {CONSTANTS.name}"
