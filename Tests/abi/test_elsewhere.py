"""The build on other machines: other compilers and tools, other folders, and what is missing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT
from support.header import header_functions, header_version
from support.installed import deliver, files_in
from support.making import make, run, start

VERSION = header_version()
SHARED = f"libsmtpconn.so.{VERSION}"
REQUIRE = ROOT / "Tests" / "support" / "running" / "require.sh"


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# --- tools ----------------------------------------------------------------------------


@pytest.fixture
def linking(tmp_path: Path) -> list[str]:
    """Arguments of make for a folder in which only the last steps are to be done."""
    for name in ("smtpconn.o", "types.o"):
        (tmp_path / name).symlink_to(BUILD / name)
    old = [f"--old-file={tmp_path}/{name}" for name in ("smtpconn.o", "types.o")]
    return [f"BUILD={tmp_path}", *old]


@pytest.mark.swift
def test_clang(tmp_path: Path, linking: list[str]) -> None:
    """The linker is the one of Swift, whichever compiler calls it."""
    library = tmp_path / SHARED
    make(*linking, "CC=clang", str(library))
    run(*["clang", "-std=c99", "-Iinclude", "examples/send.c", "-o", f"{tmp_path}/send"],
        *[f"-L{tmp_path}", f"-l:{SHARED}"])  # fmt: skip
    (tmp_path / "libsmtpconn.so.0").symlink_to(SHARED)
    deliver(tmp_path / "send", library=tmp_path)
    names = run("nm", "-D", "--defined-only", str(library))
    assert header_functions() <= set(re.findall(r"\b(smtpconn_\w+)@@", names))


def test_archiver(tmp_path: Path, linking: list[str]) -> None:
    other = script(tmp_path / "other-ar", f'touch {tmp_path}/used; exec ar "$@"')
    make(*linking, f"AR={other}", str(tmp_path / "libsmtpconn.a"))
    assert (tmp_path / "used").exists()


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'", "{} is Swift 6.2.4"),
        ("echo 'Swift version 5.10 (swift-5.10-RELEASE)'", "{} is Swift 5.10"),
        ("exit 1", "{} is none"),
    ],
)  # fmt: skip
def test_swift_is_too_old(tmp_path: Path, says: str, message: str) -> None:
    swift = script(tmp_path / "swiftc", says)
    done = start(
        *["make", f"BUILD={tmp_path}", "NEED_BUILD=", f"SWIFTC={swift}"],
        *[f"{tmp_path}/modules/SMTPProtocol.ll"],
        MAKEFLAGS="",
    )
    assert done.returncode != 0
    assert f"needs Swift 6.3 or newer, and {message.format(swift)}" in done.stderr


@pytest.mark.parametrize("version", ["6.3", "6.3.1", "6.10", "7.0"])
def test_swift_is_new_enough(tmp_path: Path, version: str) -> None:
    """It is called to compile, with the sources."""
    answer = f'echo "Swift version {version} (x)"'
    compiled = tmp_path / "modules" / "SMTPProtocol.ll"
    swift = script(
        tmp_path / "swiftc",
        f'[ "$1" = --version ] && {answer} || echo "$@" | tee {compiled} >{tmp_path}/called',
    )
    make(f"BUILD={tmp_path}", "NEED_BUILD=", f"SWIFTC={swift}", str(compiled))
    assert "-module-name SMTPProtocol" in (tmp_path / "called").read_text()


def test_compiler_of_swift_is_the_given_one() -> None:
    """In every rule: none names a compiler itself."""
    files = [ROOT / "Makefile", *ROOT.glob("packaging/*.mk"), ROOT / "Benchmarks" / "bench.mk"]
    for path in files:
        recipes = re.findall(r"^\t.*(?:\\\n.*)*", path.read_text(), re.MULTILINE)
        named = [
            line
            for line in recipes
            if re.search(r"(?:^\t@?|[;&|] *)(swiftc|cc|gcc|clang|ar|strip) ", line)
        ]
        assert not named, path
    plan = run("make", "-n", "-B", "fuzzers", "SWIFTC=/elsewhere/swiftc", MAKEFLAGS="")
    assert "/elsewhere/swiftc -parse-as-library" in plan


# --- folders --------------------------------------------------------------------------


def test_spaces(tmp_path: Path) -> None:
    """In PREFIX, as a program sees it that asks pkg-config; in DESTDIR; and removed again."""
    prefix = tmp_path / "my own" / "pre fix"
    make("install", "install-debug", f"PREFIX={prefix}")
    library = prefix / "lib"
    printed = run(
        "pkg-config", "--cflags", "--libs", "smtpconn", PKG_CONFIG_PATH=str(library / "pkgconfig")
    )
    flags = shlex.split(printed)
    assert flags == [f"-I{prefix}/include", f"-L{library}", "-lsmtpconn"]
    program = tmp_path / "send"
    run("cc", "-std=c99", "examples/send.c", "-o", program, *flags)
    deliver(program, library=library)
    assert f"lib/.debug/{SHARED}.debug" in files_in(prefix)
    make("uninstall", f"PREFIX={prefix}")
    assert files_in(tmp_path / "my own") == set()

    staged = tmp_path / "put together"
    make("install", "PREFIX=/opt/a b", f"DESTDIR={staged}")
    assert f"opt/a b/lib/{SHARED}" in files_in(staged)
    make("uninstall", "PREFIX=/opt/a b", f"DESTDIR={staged}")
    assert files_in(staged) == set()


@pytest.mark.parametrize("form", ["{}", "./{}", "{}/"])
def test_relative_prefix(tmp_path: Path, form: str) -> None:
    """Is seen from the folder of the Makefile, and written in full."""
    make("install", "PREFIX=" + form.format(os.path.relpath(tmp_path / "here", ROOT)))
    text = (tmp_path / "here" / "lib" / "pkgconfig" / "smtpconn.pc").read_text()
    assert text.startswith(f"prefix={tmp_path}/here\nlibdir=${{prefix}}/lib\n")


@pytest.mark.parametrize("name", ["PREFIX", "LIBDIR", "DESTDIR"])
@pytest.mark.parametrize("path", ["/a|b", "/a&b", "/a'b", '/a"b', "/a`b", "/a;b", "/a*"])
def test_paths_that_cannot_be_written(name: str, path: str) -> None:
    done = start("make", "install", f"{name}={path}", MAKEFLAGS="")
    assert done.returncode != 0
    assert f"{name} " in done.stderr
    assert "has a character that" in done.stderr


def test_lib64(tmp_path: Path) -> None:
    """Where the system has its libraries there, as Fedora has, and not where that is a link."""
    system = tmp_path / "lib64"
    system.mkdir()
    path = f"{tmp_path}:{os.environ['PATH']}"
    script(tmp_path / "dpkg-architecture", "exit 1")
    compiler = script(tmp_path / "cc", "exit 0")

    def folder(prefix: str, lib64: Path) -> str:
        return run(
            *["make", "-s", "--eval=where: ; @echo $(LIBDIR)", "where", f"PREFIX={prefix}"],
            *[f"SYSTEM_LIB64={lib64}", f"CC={compiler}"],
            MAKEFLAGS="",
            PATH=path,
        ).strip()

    assert folder("/usr", system) == "/usr/lib"
    (system / "libc.so.6").touch()
    assert folder("/usr", system) == "/usr/lib64"
    assert folder("/usr/local", system) == "/usr/local/lib64"
    link = tmp_path / "link"
    link.symlink_to(system)
    assert folder("/usr", link) == "/usr/lib"


# --- what is missing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "--no-remove gcc binutils pkg-config libssl-dev"),
        ("dnf", "dnf install -y gcc binutils pkgconf-pkg-config openssl-devel"),
    ],
)  # fmt: skip
def test_what_to_install(tmp_path: Path, manager: str, command: str) -> None:
    """On Debian and on Fedora, for who is not root."""
    for name in ("sh", "sed", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    script(tmp_path / "id", "echo 1000")
    script(tmp_path / manager, "exit 1")
    done = start("sh", REQUIRE, "build", PATH=str(tmp_path))
    assert done.returncode == 1
    assert command in done.stderr


# --- tools of the tests and of the site ----------------------------------------------------


@pytest.mark.parametrize("folder", ["Tests", "docs/site", "bindings/python/building"])
def test_requirements_are_pinned(folder: str) -> None:
    """Each with its version and with hashes, those that others bring too; pip refuses the rest."""
    text = (ROOT / folder / "requirements.txt").read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert not [line for line in entries if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line)]
    wanted = (ROOT / folder / "requirements.in").read_text().splitlines()
    names = {line.partition("==")[0].lower() for line in entries}
    assert {line.partition("==")[0].lower() for line in wanted if not line.startswith("#")} <= names
    rules = re.findall(r"pip install .* -r \$<", (ROOT / "Makefile").read_text())
    assert len(rules) == 3
    assert all("--require-hashes" in rule for rule in rules)
