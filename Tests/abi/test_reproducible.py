"""The same sources give the same files, wherever they are built. Here the last steps are taken
again, in a folder whose name has spaces; `make test-reproducible` does it from the beginning."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from abi.reproducible import BUILD, copy, different, results
from support.drive import ROOT
from support.making import run


@pytest.mark.parametrize("name", sorted(map(str, results(BUILD))))
def test_no_path_of_this_machine(name: str) -> None:
    """Not in the debugging information either, nor in what the modules are compiled to."""
    octets = (BUILD / name).read_bytes()
    assert str(ROOT).encode() not in octets
    # A folder in there is named after a hash of the path.
    assert b"modules/cache/" not in octets


@pytest.mark.swift
def test_linked_again_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "in another folder"
    copy(folder)
    again = folder / "build"
    (again / "modules").mkdir(parents=True)
    shutil.copy2(BUILD / "whole.o", again)
    for path in (BUILD / "modules").glob("*.ll"):
        (again / "modules" / path.name).symlink_to(path)
    run("make", "--old-file=build/whole.o", "all", folder=folder, MAKEFLAGS="")
    names = {path.name for path in results(again)}
    assert {"libsmtpconn.a", "types.o", "smtpconn.pc"} <= names
    assert different(BUILD, again) == []
