"""The built files: what they export, what they need, and how large they are.

These are promises to programs that are compiled already, so each is asserted on
the file that is shipped.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from support.drive import BUILD, ROOT
from support.header import header_functions, header_version

VERSION = header_version()
SHARED = BUILD / f"libsmtpconn.so.{VERSION}"
STRIPPED = BUILD / "stripped" / SHARED.name
STATIC = BUILD / "libsmtpconn.a"
#: By hand, and those of the table of options.
SYMBOLS = [Path(__file__).with_name(name) for name in ("symbols.txt", "option_symbols.txt")]

SIZE_LIMIT = 600 * 1024
NEEDED = {"libssl.so.3", "libcrypto.so.3", "libm.so.6", "libc.so.6"}
#: The oldest system that the shipped file has to run on.
OLDEST = {"GLIBC": (2, 34), "OPENSSL": (3, 0, 0)}
SYMBOL_VERSION = "SMTPCONN_0"


@cache
def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exported(library: Path) -> dict[str, str]:
    """The symbols that the library defines for others, with their versions."""
    found = {}
    for line in output(
        "nm", "-D", "--defined-only", "--with-symbol-versions", str(library)
    ).splitlines():
        kind, name = line.split()[-2:]
        if kind == "A":
            continue  # the name of the version itself
        symbol, _, version = name.partition("@@")
        found[symbol] = version
    return found


# --- symbols ----------------------------------------------------------------


@pytest.mark.parametrize("path", SYMBOLS, ids=lambda path: str(path.name))
def test_symbols_file_is_sorted(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines == sorted(set(lines))


def test_header_and_symbols_files() -> None:
    """A function that is new or gone is a decision, not an accident."""
    symbols = [name for path in SYMBOLS for name in path.read_text().split()]
    assert len(symbols) == len(set(symbols))
    assert header_functions() == set(symbols)


@pytest.mark.parametrize("library", [SHARED, STRIPPED], ids=["built", "stripped"])
def test_exports(library: Path) -> None:
    """The header's functions, all of the same version, and nothing else."""
    symbols = exported(library)
    assert set(symbols) == header_functions()
    assert set(symbols.values()) == {SYMBOL_VERSION}


def test_static_library_exports() -> None:
    """Nothing that could collide with a program's own Swift runtime."""
    defined = {
        line.split()[-1]
        for line in output("nm", "--defined-only", "--extern-only", str(STATIC)).splitlines()
        if len(line.split()) == 3
    }
    assert defined == header_functions()
    assert output("ar", "t", str(STATIC)).splitlines() == ["smtpconn.o"]


def test_sources_and_header() -> None:
    """The linker drops an export that the header does not have, so none may be
    written without it."""
    written = set()
    for source in (ROOT / "Sources" / "SMTPConnABI").glob("**/*.swift"):
        written |= set(re.findall(r'@_cdecl\("(\w+)"\)', source.read_text()))
    assert written == header_functions()


def test_constants_stay_with_their_module() -> None:
    """Constant arrays of functions are numbered in each module anew, under names
    that are the same; merged by the linker they would be swapped."""
    modules = sorted((BUILD / "modules").glob("*.ll"))
    linkage = re.compile(r'^@"?[^"\s]*Tv\d*_r"? = (\w+)', re.MULTILINE)
    found = [each for module in modules for each in linkage.findall(module.read_text())]
    assert found, "the names have changed"
    assert set(found) <= {"internal", "private"}


def test_undefined_symbols_are_of_libc_and_openssl() -> None:
    """The archive needs nothing else either."""
    undefined = {
        line.split()[-1]
        for line in output("nm", "--undefined-only", str(STATIC)).splitlines()
        if len(line.split()) == 2
    }
    assert not [name for name in undefined if name.startswith(("$s", "$e", "swift_", "_swift"))]


# --- dynamic section --------------------------------------------------------


@cache
def dynamic(library: Path) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    for line in output("readelf", "-dW", str(library)).splitlines():
        if found := re.match(r"\s*0x[0-9a-f]+ \((\w+)\)\s+(.*)", line):
            entries.setdefault(found[1], []).append(found[2])
    return entries


def names(values: list[str]) -> set[str]:
    return {value[value.index("[") + 1 : -1] for value in values}


@pytest.mark.parametrize("library", [SHARED, STRIPPED], ids=["built", "stripped"])
def test_dynamic_section(library: Path) -> None:
    entries = dynamic(library)
    needed = names(entries["NEEDED"])
    assert {"libssl.so.3", "libcrypto.so.3", "libc.so.6"} <= needed <= NEEDED
    assert names(entries["SONAME"]) == {"libsmtpconn.so.0"}
    assert "RPATH" not in entries
    assert "RUNPATH" not in entries
    assert "TEXTREL" not in entries
    flags = entries["FLAGS_1"][0]
    assert "NOW" in flags.split()
    assert "NODELETE" in flags.split()


def needed_versions(library: Path) -> set[str]:
    """What the library asks the C library and OpenSSL for, as in "GLIBC_2.34"."""
    section = output("readelf", "-VW", str(library)).partition("Version needs section")[2]
    return set(re.findall(r"Name: (\S+)", section))


def too_new(versions: set[str]) -> set[str]:
    """Those that an old system lacks. A name without a number is a demand of its own kind:
    GLIBC_ABI_DT_RELR means glibc 2.36."""
    found = set()
    for version in versions:
        name, _, number = version.partition("_")
        parts = number.split(".")
        if not all(part.isdigit() for part in parts) or (
            tuple(int(part) for part in parts) > OLDEST.get(name, ())
        ):
            found.add(version)
    return found


@pytest.mark.parametrize("library", [SHARED, STRIPPED], ids=["built", "stripped"])
def test_runs_on_old_systems(library: Path) -> None:
    versions = needed_versions(library)
    assert {"GLIBC_2.34", "OPENSSL_3.0.0"} <= versions, "readelf is not understood"
    assert not too_new(versions)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("GLIBC_2.2.5", False),
        ("GLIBC_2.34", False),
        ("GLIBC_2.35", True),
        ("GLIBC_3.0", True),
        ("GLIBC_ABI_DT_RELR", True),
        ("OPENSSL_3.0.0", False),
        ("OPENSSL_3.0.1", True),
        ("OPENSSL_3.2.0", True),
        ("LIBIDN2_0.0.0", True),
    ],
)
def test_what_is_too_new(version: str, expected: bool) -> None:
    assert (version in too_new({version})) is expected


def test_nothing_runs_by_loading() -> None:
    """The start-up files of the C compiler bring one function for each end, and
    that is all: no constructor of ours."""
    sections = output("readelf", "-SW", str(SHARED))
    found = re.search(r"\.init_array\s+INIT_ARRAY\s+\w+\s+\w+\s+(\w+)", sections)
    assert found is None or int(found[1], 16) <= 8


def test_stack_is_not_executable() -> None:
    stack = [line for line in output("readelf", "-lW", str(SHARED)).splitlines() if "STACK" in line]
    assert len(stack) == 1
    assert " RW " in stack[0]


def test_relocations_are_read_only() -> None:
    assert "GNU_RELRO" in output("readelf", "-lW", str(SHARED))


def test_size() -> None:
    assert STRIPPED.stat().st_size <= SIZE_LIMIT


def test_stripped() -> None:
    sections = output("readelf", "-SW", str(STRIPPED))
    assert ".debug_" not in sections
    assert ".symtab" not in sections


def test_links() -> None:
    for name in ("libsmtpconn.so", "libsmtpconn.so.0"):
        assert (BUILD / name).is_symlink()
        assert (BUILD / name).resolve() == SHARED


# --- one version ------------------------------------------------------------


def test_versions_agree() -> None:
    header = (ROOT / "include" / "smtpconn.h").read_text()
    parts = [
        re.search(rf"^#define SMTPCONN_VERSION_{part} (\d+)$", header, re.MULTILINE)
        for part in ("MAJOR", "MINOR", "PATCH")
    ]
    assert ".".join(part[1] for part in parts if part) == VERSION
    assert f"\nVersion: {VERSION}\n" in (BUILD / "smtpconn.pc").read_text()
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()
    binding = (ROOT / "bindings" / "python" / "src" / "smtpconn" / "_version.py").read_text()
    assert f'__version__ = "{VERSION}"' in binding
