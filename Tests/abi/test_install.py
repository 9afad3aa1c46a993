"""`make install`: a program that knows nothing but pkg-config compiles against
what was installed, and delivers a message with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.drive import ROOT
from support.header import header_functions, header_version
from support.installed import deliver, files_in
from support.making import make, run

VERSION = header_version()


def compile_and_send(program: Path, source: str, flags: list[str], library: Path) -> None:
    """Compiles as a stranger would, and sends a message with it."""
    run(
        *["cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"],
        *[source, "-o", str(program), *flags],
    )
    deliver(program, library=library)


@pytest.mark.parametrize("linking", ["shared", "static"])
def test_user_prefix(tmp_path: Path, linking: str) -> None:
    """A prefix of one's own, as /usr/local is."""
    prefix = tmp_path / "prefix"
    make("install", f"PREFIX={prefix}")
    library = prefix / "lib"
    assert {
        "include/smtpconn.h",
        "include/smtpconn.hpp",
        "lib/libsmtpconn.a",
        "lib/libsmtpconn.so",
        "lib/libsmtpconn.so.0",
        f"lib/libsmtpconn.so.{VERSION}",
        "lib/pkgconfig/smtpconn.pc",
        "lib/cmake/smtpconn/smtpconn-config.cmake",
        "lib/cmake/smtpconn/smtpconn-config-version.cmake",
        *(f"share/man/man3/{name}.3" for name in ("smtpconn", *header_functions())),
    } <= files_in(prefix)
    assert os.readlink(library / "libsmtpconn.so") == "libsmtpconn.so.0"
    assert os.readlink(library / "libsmtpconn.so.0") == f"libsmtpconn.so.{VERSION}"

    path = str(library / "pkgconfig")
    assert run("pkg-config", "--modversion", "smtpconn", PKG_CONFIG_PATH=path).strip() == VERSION
    extra = ["--static"] if linking == "static" else []
    flags = run(
        "pkg-config", *extra, "--cflags", "--libs", "smtpconn", PKG_CONFIG_PATH=path
    ).split()
    if linking == "static":
        assert {"-lssl", "-lcrypto"} <= set(flags)
        # With both there the linker prefers the shared library.
        (library / "libsmtpconn.so").unlink()
        (library / "libsmtpconn.so.0").unlink()
    else:
        # OpenSSL is the library's own affair.
        assert set(flags) == {f"-I{prefix}/include", f"-L{library}", "-lsmtpconn"}
    program = tmp_path / "send"
    compile_and_send(program, "examples/send.c", flags, library)
    needed = run("readelf", "-d", str(program))
    assert ("libsmtpconn.so.0" in needed) == (linking == "shared")


def test_debian_prefix(tmp_path: Path) -> None:
    """/usr is multiarch, and DESTDIR is where a package is put together: it must
    not be written into any file."""
    make("install", "PREFIX=/usr", f"DESTDIR={tmp_path}")
    multiarch = run("cc", "-print-multiarch").strip()
    library = f"usr/lib/{multiarch}" if multiarch else "usr/lib"
    assert {
        "usr/include/smtpconn.h",
        f"{library}/libsmtpconn.so.{VERSION}",
        f"{library}/pkgconfig/smtpconn.pc",
    } <= files_in(tmp_path)
    description = (tmp_path / library / "pkgconfig" / "smtpconn.pc").read_text()
    assert str(tmp_path) not in description
    assert "prefix=/usr\n" in description
    assert f"libdir=${{prefix}}/{library.removeprefix('usr/')}\n" in description


def test_uninstall(tmp_path: Path) -> None:
    make("install", "PREFIX=/usr/local", f"DESTDIR={tmp_path}")
    assert files_in(tmp_path)
    make("uninstall", "PREFIX=/usr/local", f"DESTDIR={tmp_path}")
    assert files_in(tmp_path) == set()
    # The folders of others stay, that of smtpconn goes.
    assert not list(tmp_path.rglob("smtpconn"))


def test_installed_library_is_the_stripped_one(tmp_path: Path) -> None:
    make("install", f"PREFIX={tmp_path}")
    for name in (f"lib/libsmtpconn.so.{VERSION}", "lib/libsmtpconn.a"):
        assert ".debug_info" not in run("readelf", "-SW", str(tmp_path / name))


def test_python_package(tmp_path: Path) -> None:
    """It brings the library along, without debugging symbols."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run(*pip, "--no-build-isolation", "--target", str(tmp_path), str(ROOT / "bindings/python"))
    library = tmp_path / "smtpconn" / "libsmtpconn.so.0"
    assert ".debug_info" not in run("readelf", "-SW", str(library))
    say = "import smtpconn; print(smtpconn.library_version())"
    printed = run(sys.executable, "-c", say, PYTHONPATH=str(tmp_path), SMTPCONN_LIBRARY="")
    assert printed == f"{VERSION}\n"
