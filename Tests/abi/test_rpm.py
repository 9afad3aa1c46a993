"""`make rpm`: the packages have what they should, and what they have works."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT
from support.header import header_version
from support.installed import deliver, files_in
from support.making import make, run

VERSION = header_version()
SPEC = ROOT / "packaging" / "rpm" / "smtpconn.spec"


@pytest.fixture(scope="module")
def packages() -> dict[str, Path]:
    make("rpm")
    found = (BUILD / "rpm" / "RPMS").glob("*/*.rpm")
    return {re.sub(rf"-{re.escape(VERSION)}-.*", "", path.name): path for path in found}


@pytest.fixture(scope="module")
def system(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is in the packages."""
    folder = tmp_path_factory.mktemp("system")
    for path in packages.values():
        run("rpm2archive", path)
        with tarfile.open(f"{path}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return folder


def needs(package: Path) -> set[str]:
    return set(run("rpm", "-qp", "--requires", package).splitlines())


def test_version() -> None:
    text = SPEC.read_text()
    assert re.search(rf"^Version: +{re.escape(VERSION)}$", text, re.MULTILINE)
    first = text.partition("%changelog\n")[2].splitlines()[0]
    assert first.endswith(f" - {VERSION}-1")


def test_names(packages: dict[str, Path]) -> None:
    assert set(packages) == {"smtpconn", "smtpconn-devel", "smtpconn-static", "python3-smtpconn"}


def test_dependencies(packages: dict[str, Path]) -> None:
    assert {"libssl.so.3()(64bit)", "libc.so.6(GLIBC_2.34)(64bit)"} <= needs(packages["smtpconn"])
    (provided,) = {
        line
        for line in run("rpm", "-qp", "--provides", packages["smtpconn"]).splitlines()
        if line.startswith("libsmtpconn.so.0()")
    }
    assert provided
    assert f"smtpconn = {VERSION}" in needs(packages["python3-smtpconn"])
    assert {"pkgconfig(libssl)", "pkgconfig(libcrypto)"} <= needs(packages["smtpconn-devel"])


def test_files(packages: dict[str, Path], system: Path) -> None:
    files = files_in(system)
    library = "usr/lib64"
    assert {
        "usr/bin/smtpconn",
        "usr/include/smtpconn.h",
        f"{library}/libsmtpconn.so.{VERSION}",
        f"{library}/libsmtpconn.so.0",
        f"{library}/libsmtpconn.so",
        f"{library}/libsmtpconn.a",
        f"{library}/pkgconfig/smtpconn.pc",
        f"{library}/cmake/smtpconn/smtpconn-config.cmake",
    } <= files
    python = run("rpm", "-qpl", packages["python3-smtpconn"])
    assert ".so" not in python
    for path in system.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert str(ROOT).encode() not in path.read_bytes(), path


def test_program(system: Path, tmp_path: Path) -> None:
    library = system / "usr" / "lib64"
    folder = str(library / "pkgconfig")
    folders = [f"--define-variable=prefix={system / 'usr'}"]
    flags = run(
        "pkg-config", *folders, "--cflags", "--libs", "smtpconn", PKG_CONFIG_PATH=folder
    ).split()
    run("cc", "examples/send.c", *flags, "-o", tmp_path / "send")
    deliver(tmp_path / "send", library=library)


def test_python(system: Path) -> None:
    """It takes the library of the system."""
    (package,) = system.glob("usr/lib/python3*/*-packages")
    code = "import smtpconn; print(smtpconn.__file__, smtpconn.library_path())"
    printed = run(
        "/usr/bin/python3",
        "-c",
        code,
        PYTHONPATH=str(package),
        LD_LIBRARY_PATH=str(system / "usr" / "lib64"),
    )
    assert printed == f"{package}/smtpconn/__init__.py libsmtpconn.so.0\n"
    command = (system / "usr" / "bin" / "smtpconn").read_text()
    assert command.startswith("#!/usr/bin/python3\n")
