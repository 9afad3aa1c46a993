"""The package is built from its source archive, and installed from its folder, on machines that
have a library, a Swift toolchain, or neither. What needs the real toolchain is in
test_wheel_everywhere.py."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.drive import BUILD, ROOT
from support.making import make, run, start
from support.wheels import ARCHIVE, PACKAGING, VERSION, Environment, clean, prefixed

LIBRARY = BUILD / "stripped" / "libsmtpconn.so.0"
INSIDE = "smtpconn/libsmtpconn.so.0"
SENTENCE = "smtpconn: there is no libsmtpconn.so.0 to put into the package. Do one of these:"

#: A machine with nothing of ours: no Swift on its PATH.
BARE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source archive, unpacked."""
    if not ARCHIVE.exists():
        make("wheel")
    shutil.unpack_archive(ARCHIVE, tmp_path, filter="data")
    return tmp_path / f"smtpconn-{VERSION}"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Where a library is installed."""
    folder = tmp_path / "prefix"
    make("install", f"PREFIX={folder}")
    return folder


def build(
    source: Path, hook: str = "build_wheel", **environment: str
) -> subprocess.CompletedProcess[str]:
    """As pip and `python -m build` do, without what they do beside it."""
    code = f"import setuptools.build_meta as backend; backend.{hook}('out')"
    variables = prefixed({**clean(), **BARE, **environment})
    return start(*variables, PACKAGING / "bin" / "python", "-c", code, folder=source)


def built(source: Path, **environment: str) -> tuple[str, bytes | None]:
    """The tag of a wheel, and the library that is inside."""
    done = build(source, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (source / "out").iterdir()
    with ZipFile(wheel) as opened:
        library = opened.read(INSIDE) if INSIDE in opened.namelist() else None
    return wheel.stem.split("-", 2)[2], library


def platform_tag() -> str:
    return f"py3-none-linux_{os.uname().machine}"


def test_nothing_there(source: Path) -> None:
    """Building fails, and not the import of what was built."""
    done = build(source)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert SENTENCE in output
    assert "install libsmtpconn 0.1 " in output
    assert "put Swift 6.3 or newer on the PATH" in output
    assert "Traceback" not in output.partition(SENTENCE)[2]


def test_installed_where_the_loader_looks(source: Path, prefix: Path) -> None:
    """The package uses that one."""
    environment = {"LD_LIBRARY_PATH": str(prefix / "lib")}
    assert built(source, **environment) == ("py3-none-any", None)


def test_installed_where_pkg_config_looks(source: Path, prefix: Path) -> None:
    """The loader would not find it, so it is taken along."""
    environment = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    assert built(source, **environment) == (platform_tag(), LIBRARY.read_bytes())


def test_installed_is_another_version(source: Path, prefix: Path) -> None:
    """It would not be accepted when the package is imported."""
    version = source / "src" / "smtpconn" / "_version.py"
    version.write_text('__version__ = "0.9.0"\n')
    environment = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    done = build(source, LD_LIBRARY_PATH=str(prefix / "lib"), **environment)
    assert done.returncode != 0
    assert "install libsmtpconn 0.9 " in done.stdout + done.stderr


def test_named_is_not_there(source: Path) -> None:
    done = build(source, SMTPCONN_LIBRARY="/nonexistent/library.so")
    assert done.returncode != 0
    assert "SMTPCONN_LIBRARY names /nonexistent/library.so, which is no file" in (
        done.stdout + done.stderr
    )


def test_without_a_library_on_purpose(source: Path) -> None:
    """For a package of a distribution, which depends on the library's."""
    assert built(source, SMTPCONN_LIBRARY="libsmtpconn.so.0") == ("py3-none-any", None)


@pytest.mark.parametrize("succeeds", [True, False])
def test_compiled(source: Path, tmp_path: Path, succeeds: bool) -> None:
    """Where there is a Swift toolchain; here make only says what it was asked to do."""
    programs = tmp_path / "programs"
    programs.mkdir()
    target = "build/stripped/libsmtpconn.so.0"
    works = f'mkdir -p "$2/build/stripped" && echo compiled > "$2/{target}"'
    for name, body in (("swift", "exit 1"), ("make", works if succeeds else "exit 2")):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name}: $*"\n{body}\n')
        program.chmod(0o755)
    path = f"{programs}:{BARE['PATH']}"
    if succeeds:
        assert built(source, PATH=path) == (platform_tag(), b"compiled\n")
        return
    done = build(source, PATH=path)
    assert done.returncode != 0
    assert f"make: -C {source}/library NEED_BUILD= {target}\n" in done.stdout + done.stderr
    assert "smtpconn: the library could not be compiled; see above." in done.stdout + done.stderr


def repository(folder: Path) -> Path:
    """The package in a repository where nothing was built yet."""
    ignore = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", ".*", "*.so.0")
    package = folder / "bindings" / "python"
    shutil.copytree(ROOT / "bindings" / "python", package, ignore=ignore)
    (folder / "Package.swift").write_bytes((ROOT / "Package.swift").read_bytes())
    return package


def test_editable(tmp_path: Path) -> None:
    """The library is a link: what is compiled next is used next."""
    package = repository(tmp_path / "tree")
    stripped = tmp_path / "tree" / "build" / "stripped"
    stripped.mkdir(parents=True)
    shutil.copyfile(LIBRARY, stripped / LIBRARY.name)
    environment = Environment(tmp_path / "environment", PACKAGING / "bin" / "python")
    # The setuptools that is pinned.
    environment.sees(PACKAGING)
    environment.install("--no-build-isolation", "--editable", package, **BARE)
    link = package / "src" / INSIDE
    assert link.readlink() == stripped / LIBRARY.name
    say = "import smtpconn; print(smtpconn.__file__, smtpconn.library_path())"
    printed = run(*environment.command(), "-c", say, folder=tmp_path)
    assert printed == f"{link.parent}/__init__.py {link}\n"


def test_editable_with_nothing_there(tmp_path: Path) -> None:
    done = build(repository(tmp_path / "tree"), "build_editable")
    assert done.returncode != 0
    assert SENTENCE in done.stdout + done.stderr
