"""What `make wheel` makes, and that it can be used where nothing else is.

`make test-wheels` tries it with every Python of the machine and on Debian 13
(test_wheel_everywhere.py).
"""

from __future__ import annotations

import re
import tarfile
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.drive import ROOT
from support.making import make, run
from support.servers.certificates import Certificates
from support.wheels import (
    ARCHIVE,
    BUNDLED,
    FOLDER,
    SYSTEM,
    VERSION,
    Environment,
    metadata,
    pythons,
    sends,
)

PACKAGE = ROOT / "bindings" / "python"
WHEELS = [BUNDLED, SYSTEM]
#: The glibc of the tag.
GLIBC = (2, 34)

OLDEST, *_, NEWEST = [*pythons().values()] * 2


@pytest.fixture(scope="module", autouse=True)
def made() -> str:
    return make("wheel")


def sources() -> set[str]:
    """The files of the package, as a wheel names them."""
    folder = PACKAGE / "src"
    found = [*folder.rglob("*.py"), *folder.rglob("py.typed")]
    return {str(path.relative_to(folder)) for path in found}


def test_three_files() -> None:
    assert set(FOLDER.iterdir()) == {BUNDLED, SYSTEM, ARCHIVE}


def test_twine_finds_no_fault(made: str) -> None:
    assert len(re.findall(r"PASSED", made)) == 3
    assert "WARNING" not in made.partition("Checking ")[2]


@pytest.mark.parametrize("wheel", WHEELS, ids=["bundled", "system"])
def test_tags(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        text = opened.read(f"smtpconn-{VERSION}.dist-info/WHEEL").decode()
    tag = wheel.stem.split("-", 2)[2]
    assert f"Tag: {tag}\n" in text
    assert text.count("Tag: ") == 1
    assert "Root-Is-Purelib: false\n" in text


@pytest.mark.parametrize("file", [*WHEELS, ARCHIVE], ids=["bundled", "system", "archive"])
def test_metadata(file: Path) -> None:
    if file == ARCHIVE:
        with tarfile.open(file) as archive:
            opened = archive.extractfile(f"smtpconn-{VERSION}/PKG-INFO")
            assert opened is not None
            found = BytesParser().parse(opened)
    else:
        found = metadata(file)
    assert found["Name"] == "smtpconn"
    assert found["Version"] == VERSION
    assert found["Summary"]
    assert found["Author"] == "smtpconn authors"
    assert found["Project-URL"]
    assert found["Requires-Python"] == ">=3.9"
    assert found["Requires-Dist"] is None
    assert found["Description-Content-Type"] == "text/markdown"
    assert found.get_payload(decode=True) == (PACKAGE / "README.md").read_bytes()
    bundled = file == BUNDLED
    assert found["License-Expression"] == ("MIT AND Apache-2.0" if bundled else "MIT")
    assert found.get_all("License-File") == ["LICENSE", "OpenSSL.txt"][: 2 if bundled else 1]
    classifiers = found.get_all("Classifier", [])
    for minor in range(9, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers


@pytest.mark.parametrize("wheel", WHEELS, ids=["bundled", "system"])
def test_contents_of_wheel(wheel: Path) -> None:
    """The whole package, the library and the licences, and no part of the build."""
    with ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if not name.endswith("/")}
        licence = opened.read(f"smtpconn-{VERSION}.dist-info/licenses/LICENSE")
        record = opened.read(f"smtpconn-{VERSION}.dist-info/RECORD").decode()
    assert licence == (ROOT / "LICENSE").read_bytes()
    of_package = {name for name in names if name.startswith("smtpconn/")}
    assert of_package == {*sources(), "smtpconn/libsmtpconn.so.0"}
    others = {name.partition("/")[0] for name in names - of_package}
    extra = {"smtpconn.libs"} if wheel == BUNDLED else set()
    assert others == {f"smtpconn-{VERSION}.dist-info", *extra}
    assert {line.partition(",")[0] for line in record.splitlines()} == names
    if wheel == BUNDLED:
        assert f"smtpconn-{VERSION}.dist-info/licenses/OpenSSL.txt" in names


def test_contents_of_archive() -> None:
    """What a build of the package and of the library takes."""
    with tarfile.open(ARCHIVE) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {f"src/{name}" for name in sources()}
    wanted |= {"LICENSE", "README.md", "pyproject.toml", "setup.py"}
    folders = (ROOT / "Sources", ROOT / "include")
    library = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    library += [ROOT / name for name in ("Makefile", "Package.swift", "pkgconfig/smtpconn.map")]
    ignored = ("__pycache__", ".mypy_cache", ".ruff_cache")
    wanted |= {
        f"library/{path.relative_to(ROOT)}"
        for path in library
        if not any(part in ignored for part in path.parts)
    }
    assert wanted <= names
    assert not [name for name in names if name.endswith((".pyc", ".o")) or ".so" in name]


def test_openssl_inside(tmp_path: Path) -> None:
    """It needs nothing of the system but the C library, of the version in its tag."""
    with ZipFile(BUNDLED) as opened:
        opened.extractall(tmp_path)
    libraries = [tmp_path / "smtpconn" / "libsmtpconn.so.0", *tmp_path.glob("smtpconn.libs/*")]
    own = {path.name for path in libraries}
    assert {name.partition("-")[0] for name in own} == {"libsmtpconn.so.0", "libssl", "libcrypto"}
    for path in libraries:
        dynamic = run("readelf", "-dW", path)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        assert needed <= own | {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}, path.name
        numbers = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", run("readelf", "-VW", path))
        assert max((int(major), int(minor)) for major, minor in numbers) <= GLIBC, path.name
    assert "[$ORIGIN/../smtpconn.libs]" in run("readelf", "-dW", libraries[0])


@pytest.mark.parametrize(
    ("kind", "python"),
    [("bundled", OLDEST), ("bundled", NEWEST), ("system", NEWEST)],
    ids=["bundled, oldest", "bundled, newest", "system, newest"],
)
def test_clean_environment(
    certificates: Certificates, tmp_path: Path, kind: str, python: Path
) -> None:
    """A message over TLS; the ssl module of this Python is in the same program, with its own
    OpenSSL."""
    environment = Environment(tmp_path / "environment", python)
    if kind == "bundled":
        # The one that is taken of the two.
        environment.install("--find-links", FOLDER, "smtpconn")
    else:
        environment.install(SYSTEM)
    printed = sends(
        certificates, *environment.command(), folder=tmp_path, tls_ca_file=certificates.ca_file
    )
    version, *libraries = printed
    assert version == VERSION
    inside = [path for path in libraries if path.startswith(str(environment.folder))]
    names = {Path(path).name.partition("-")[0] for path in inside}
    expected = {"libsmtpconn.so.0", *(["libssl", "libcrypto"] if kind == "bundled" else [])}
    assert names == expected
