"""`make deb`: what the packages contain and need, and that lintian finds nothing. What takes an
installed package is for `make test-deb`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import symbols

from support.drive import BUILD, ROOT
from support.header import header_functions, header_version
from support.making import make, run, start

VERSION = header_version()
DEBIAN = ROOT / "packaging" / "debian"
FOLDER = BUILD / "deb"
LIBRARY = f"libsmtpconn.so.{VERSION}"
SIZE_LIMIT = 600 * 1024


@cache
def packages() -> dict[str, Path]:
    make("deb")
    return {path.name.partition("_")[0]: path for path in FOLDER.glob("*.deb")}


@cache
def contents(package: str) -> dict[str, int]:
    """The files of a package, without folders, with their sizes."""
    listing = run("dpkg-deb", "--contents", packages()[package])
    files = (line.split() for line in listing.splitlines() if not line.startswith("d"))
    return {fields[5].removeprefix("./"): int(fields[2]) for fields in files}


def field(package: str, name: str) -> str:
    return run("dpkg-deb", "--field", packages()[package], name).strip()


def library_folder() -> str:
    return f"usr/lib/{run('dpkg-architecture', '-qDEB_HOST_MULTIARCH').strip()}"


@cache
def unpacked(package: str) -> Path:
    folder = FOLDER / "unpacked" / package
    folder.mkdir(parents=True)
    run("dpkg-deb", "--extract", packages()[package], folder)
    return folder


# --- the list of symbols ----------------------------------------------------------


def test_symbols_are_those_of_the_header() -> None:
    """`make generated` writes them."""
    before = symbols.FILE.read_text()
    assert symbols.written(before, sorted(header_functions()), VERSION) == before


def test_a_new_symbol_has_the_new_version() -> None:
    before = symbols.written("", ["smtpconn_a", "smtpconn_c"], "0.1.0")
    after = symbols.written(before, ["smtpconn_a", "smtpconn_b", "smtpconn_c"], "0.2.0")
    assert after.removeprefix(symbols.HEAD).splitlines() == [
        " smtpconn_a@SMTPCONN_0 0.1.0",
        " smtpconn_b@SMTPCONN_0 0.2.0",
        " smtpconn_c@SMTPCONN_0 0.1.0",
    ]


def test_a_released_symbol_stays() -> None:
    before = symbols.written("", ["smtpconn_a", "smtpconn_b"], "0.1.0")
    assert "smtpconn_b" not in symbols.written(before, ["smtpconn_a"], "0.1.0")
    with pytest.raises(SystemExit, match="had smtpconn_b"):
        symbols.written(before, ["smtpconn_a"], "0.2.0")


# --- building ----------------------------------------------------------------------


def test_without_swift() -> None:
    """Build-Depends cannot name it, so the rules do."""
    packages()
    rules = ["debian/rules", "override_dh_auto_build", "SWIFTC=no-swiftc"]
    done = start("make", "-f", *rules, folder=FOLDER / f"smtpconn-{VERSION}", MAKEFLAGS="")
    assert done.returncode != 0
    assert "smtpconn is compiled by Swift 6.3 or newer, which is not in Debian" in done.stderr


# --- the packages ------------------------------------------------------------------


def test_changelog_has_the_version() -> None:
    first = (DEBIAN / "changelog").read_text().splitlines()[0]
    assert re.match(rf"smtpconn \({re.escape(VERSION)}-\d+\) ", first)


def test_names() -> None:
    assert set(packages()) == {
        "libsmtpconn0",
        "libsmtpconn0-dbgsym",
        "libsmtpconn-dev",
        "libsmtpconn-doc",
        "python3-smtpconn",
    }


def test_library() -> None:
    library = f"{library_folder()}/{LIBRARY}"
    outside_doc = {name for name in contents("libsmtpconn0") if not name.startswith("usr/share/")}
    assert outside_doc == {library, f"{library_folder()}/libsmtpconn.so.0"}
    # Of every system with these, whatever this machine has.
    assert set(field("libsmtpconn0", "Depends").split(", ")) == {
        "libc6 (>= 2.34)",
        "libssl3 (>= 3.0.0)",
    }


def test_library_is_the_stripped_one() -> None:
    library = unpacked("libsmtpconn0") / library_folder() / LIBRARY
    assert library.stat().st_size <= SIZE_LIMIT
    assert ".debug_" not in run("readelf", "-SW", library)
    built = BUILD / "stripped" / LIBRARY
    assert {name: run("readelf", name, library) for name in ("-d", "-n", "--dyn-syms")} == {
        name: run("readelf", name, built) for name in ("-d", "-n", "--dyn-syms")
    }
    assert (
        run("objdump", "-s", "-j", ".text", library).splitlines()[3:]
        == run("objdump", "-s", "-j", ".text", built).splitlines()[3:]
    )


def test_debugging_information() -> None:
    """It is found by the number of the build, and belongs to the library of the package."""
    found = re.search(r"Build ID: (\w\w)(\w+)", run("readelf", "-n", BUILD / LIBRARY))
    assert found is not None
    (name,) = [
        name for name in contents("libsmtpconn0-dbgsym") if not name.startswith("usr/share/")
    ]
    assert name == f"usr/lib/debug/.build-id/{found[1]}/{found[2]}.debug"
    sections = run("readelf", "-SW", unpacked("libsmtpconn0-dbgsym") / name)
    assert {".debug_info", ".debug_line"} <= set(sections.split())


def test_development_files() -> None:
    library = library_folder()
    assert {
        "usr/include/smtpconn.h",
        f"{library}/libsmtpconn.so",
        f"{library}/libsmtpconn.a",
        f"{library}/pkgconfig/smtpconn.pc",
    } <= set(contents("libsmtpconn-dev"))
    pages = [f"{name}.3" for name in ("smtpconn", *header_functions())]
    assert {f"usr/share/man/man3/{name}.gz" for name in pages} <= set(contents("libsmtpconn-dev"))
    needed = field("libsmtpconn-dev", "Depends")
    assert f"libsmtpconn0 (= {VERSION}-" in needed
    assert "libssl-dev" in needed, "pkg-config asks for what is in Requires.private"


def test_installed_files_are_packaged() -> None:
    """What `make install` installs is in one of the packages."""
    folder = FOLDER / "installed"
    make("install", "PREFIX=/usr", f"DESTDIR={folder}")
    installed = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    packaged = {*contents("libsmtpconn0"), *contents("libsmtpconn-dev")}
    missing = {name for name in installed if not {name, f"{name}.gz"} & packaged}
    assert not missing


def test_python_package() -> None:
    """All of the package and its command, and no library: it takes that of libsmtpconn0."""
    files = contents("python3-smtpconn")
    source = ROOT / "bindings" / "python" / "src" / "smtpconn"
    names = [path.relative_to(source) for path in source.rglob("*.py")]
    folder = "usr/lib/python3/dist-packages"
    assert {f"{folder}/smtpconn/{name}" for name in [*names, "py.typed"]} <= set(files)
    assert {"usr/bin/smtpconn", "usr/share/man/man1/smtpconn.1.gz"} <= set(files)
    assert not [name for name in files if ".so" in name]
    metadata = unpacked("python3-smtpconn") / folder / f"smtpconn-{VERSION}.dist-info" / "METADATA"
    assert f"\nVersion: {VERSION}\n" in metadata.read_text()
    major, minor, _ = VERSION.split(".")
    needed = set(field("python3-smtpconn", "Depends").split(", "))
    assert {
        f"libsmtpconn0 (>= {VERSION})",
        f"libsmtpconn0 (<< {major}.{int(minor) + 1}~)",
    } <= needed


def test_documentation() -> None:
    folder = "usr/share/doc/libsmtpconn-dev"
    files = {name.removesuffix(".gz") for name in contents("libsmtpconn-doc")}
    guides = [path.name for path in (ROOT / "docs" / "guide").glob("*.md")]
    examples = [path.name for path in (ROOT / "examples").glob("*.[ch]")]
    assert {f"{folder}/guide/{name}" for name in guides} <= files
    assert {f"{folder}/examples/{name}" for name in examples} <= files


def test_no_path_of_this_machine() -> None:
    for package in packages():
        for path in unpacked(package).rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert str(ROOT).encode() not in path.read_bytes(), path


def test_lintian() -> None:
    """Without the manual pages, which Tests/abi/test_manual.py looks at; `make test-deb` runs all
    of it."""
    packages()
    (changes,) = FOLDER.glob("*.changes")
    tags = ["--pedantic", "--display-info", "--fail-on", "pedantic"]
    assert run("lintian", *tags, "--dont-check-part", "documentation/manual", changes) == ""
