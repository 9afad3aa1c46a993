"""The wheels with every Python of this machine and on Debian 13, and the source archive with a
Swift toolchain: what takes longer than `make test` has time for. `make test-wheels` runs it, as
root; the first time it needs the network."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.drive import BUILD, ROOT
from support.header import header_functions
from support.making import make, run
from support.running import debian13
from support.servers.certificates import Certificates
from support.system import in_mount_namespace
from support.wheels import (
    ARCHIVE,
    BUNDLED,
    FOLDER,
    PACKAGING,
    SYSTEM,
    VERSION,
    Environment,
    clean,
    pip,
    prefixed,
    pythons,
    sends,
)

both = pytest.mark.parametrize("wheel", [BUNDLED, SYSTEM], ids=["bundled", "system"])
everywhere = pytest.mark.parametrize("number", pythons())

#: A message, without a socket, in an interpreter of its own, with a callback of C.
ISOLATED = """\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

code = '''
import smtpconn

done = []
connection = smtpconn.SansIOConnection("mail.example.com")
connection.start_connect()
envelope = smtpconn.Envelope("a@example.com", ["b@example.com"])
connection.start_send(envelope, "x", lambda error, result: done.append((error, result.accepted)))
for reply in (b"220 a", b"250 a", b"250 ok", b"250 ok", b"354 go on", b"250 queued"):
    connection.feed(reply + bytes((13, 10)))
    while connection.wants_take:
        connection.take()
connection.close()
assert done == [(None, ["b@example.com"])], done
'''
for _ in range(2):
    number = interpreters.create()
    try:
        failure = interpreters.run_string(number, code)
        print(failure.formatted if failure else "sent")
    except interpreters.RunFailedError as error:
        print(error)
    interpreters.destroy(number)
"""


@pytest.fixture(scope="module", autouse=True)
def made() -> None:
    make("wheel")


@both
@everywhere
def test_clean_environment(
    certificates: Certificates, tmp_path: Path, wheel: Path, number: str
) -> None:
    environment = Environment(tmp_path / "environment", pythons()[number])
    environment.install(wheel)
    command = environment.command()
    version, *_ = sends(certificates, *command, folder=tmp_path, tls_ca_file=certificates.ca_file)
    assert version == VERSION
    # The program of the package.
    program = [*command[:-1], environment.folder / "bin" / "smtpconn"]
    assert "usage: smtpconn" in run(*program, "--help", folder=tmp_path)


@everywhere
def test_subinterpreter(tmp_path: Path, number: str) -> None:
    """It works, or the import says why not."""
    environment = Environment(tmp_path / "environment", pythons()[number])
    environment.install(BUNDLED)
    printed = run(*environment.command(), "-c", ISOLATED, folder=tmp_path).splitlines()
    major, minor = map(int, number.split("."))
    if (major, minor) >= (3, 13):
        assert printed == ["sent", "sent"]
        return
    # Python 3.12 refuses ctypes itself.
    reason = "module _ctypes does not" if minor == 12 else "smtpconn needs Python 3.12 in a sub"
    assert len(printed) == 2
    for line in printed:
        assert reason in line


# --- Debian 13 ----------------------------------------------------------------


class Debian:
    """Its root folder, with the wheels and a folder of the test."""

    def __init__(self, folder: Path) -> None:
        debian13.make_folder()
        places = {FOLDER: "/mnt/wheels", folder: "/mnt/test", pip(): "/mnt/pip"}
        self._mounts = {debian13.FOLDER: debian13.FOLDER}
        self._mounts |= {Path(name): debian13.below(name) for name in ("/proc", "/dev")}
        for path, place in places.items():
            debian13.below(place).mkdir(parents=True, exist_ok=True)
            self._mounts[path] = debian13.below(place)

    def command(self, *command: str) -> list[str | Path]:
        variables = prefixed({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        enter = ["chroot", str(debian13.FOLDER), *variables, *command]
        return [*in_mount_namespace(self._mounts), *enter]


PYTHON = "/mnt/test/environment/bin/python"


@pytest.fixture(params=[BUNDLED, SYSTEM], ids=["bundled", "system"])
def debian(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Debian]:
    """With the wheel in an environment of its Python."""
    debian = Debian(tmp_path)
    environment = ["-m", "venv", "--without-pip", "/mnt/test/environment"]
    run(*debian.command("python3", *environment))
    wheel = f"/mnt/wheels/{request.param.name}"
    run(*debian.command(PYTHON, "/mnt/pip", "install", "--quiet", "--no-index", wheel))
    yield debian
    for place in ("/mnt/wheels", "/mnt/test", "/mnt/pip"):
        debian13.below(place).rmdir()


def test_debian_13(certificates: Certificates, tmp_path: Path, debian: Debian) -> None:
    """The release, the C library and the OpenSSL of the ssl module are newer than those that the
    wheel was made on."""
    shutil.copy(certificates.ca_file, tmp_path / "ca.pem")
    version, *libraries = sends(
        certificates, *debian.command(PYTHON), folder=tmp_path, tls_ca_file="/mnt/test/ca.pem"
    )
    assert version == VERSION
    inside = [path for path in libraries if path.startswith("/mnt/test/environment/")]
    has_openssl = any((tmp_path / "environment").glob("**/smtpconn.libs/*"))
    assert len(inside) == (3 if has_openssl else 1)


def test_store_of_debian_13(debian: Debian) -> None:
    """OpenSSL finds it, whichever it is."""
    code = "from smtpconn import _trust; print(_trust.missing({}), _trust.search())"
    printed = run(*debian.command(PYTHON, "-c", code))
    assert printed == "{} ('tls_ca_file', '/etc/ssl/certs/ca-certificates.crt')\n"


# --- building -----------------------------------------------------------------


def test_build(tmp_path: Path) -> None:
    """`python -m build` in the repository, as it is documented by those who made it: in an
    environment that it makes, with the archive first and the wheel from that."""
    ignore = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", ".*", "*.so.0")
    for name in ("Sources", "include", "pkgconfig", "Tests", "bindings"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in ("LICENSE", "Makefile", "Package.swift"):
        shutil.copy(ROOT / name, tmp_path)
    package = tmp_path / "bindings" / "python"
    build = [str(PACKAGING / "bin" / "python"), "-m", "build", "--outdir", "out", str(package)]
    library = BUILD / "stripped" / "libsmtpconn.so.0"
    run(*prefixed({**clean(), "SMTPCONN_LIBRARY": str(library)}), *build, folder=tmp_path)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {SYSTEM.name, ARCHIVE.name}


def test_compiled_from_the_archive(tmp_path: Path) -> None:
    """Where there is no library, by the Swift toolchain."""
    shutil.unpack_archive(ARCHIVE, tmp_path, filter="data")
    source = tmp_path / f"smtpconn-{VERSION}"
    code = "import setuptools.build_meta as backend; backend.build_wheel('out')"
    run(*prefixed(clean()), PACKAGING / "bin" / "python", "-c", code, folder=source)
    with ZipFile(source / "out" / SYSTEM.name) as opened:
        library = opened.extract("smtpconn/libsmtpconn.so.0", tmp_path)
    defined = re.findall(r" T (smtpconn_\w+)", run("nm", "-D", "--defined-only", library))
    assert set(defined) == header_functions()
    assert os.path.getsize(library) < 1 << 20
