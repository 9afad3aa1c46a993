"""Wheels of the Python package, and clean environments that they are installed in."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from zipfile import ZipFile

from support.drive import BUILD
from support.header import header_version
from support.making import run, start
from support.servers.certificates import Certificates
from support.servers.scripted import Peer, ScriptedServer

VERSION = header_version()
FOLDER = BUILD / "wheels"
PACKAGING = BUILD / "packaging"
TAG = f"manylinux_2_34_{platform.machine()}"
#: With OpenSSL inside; with the system's; the sources.
BUNDLED = FOLDER / f"smtpconn-{VERSION}-py3-none-{TAG}.whl"
SYSTEM = FOLDER / f"smtpconn-{VERSION}-py3-none-linux_{platform.machine()}.whl"
ARCHIVE = FOLDER / f"smtpconn-{VERSION}.tar.gz"

#: What no clean environment has.
OURS = ("SMTPCONN_", "PYTHON", "LD_LIBRARY_PATH", "SSL_CERT_")

SUPPORTED = (3, 9)

#: Sends one message, and prints which copies of the libraries are in use. The ssl module
#: has its own OpenSSL, and both must do their work in one program.
CLIENT = """\
import ssl, sys
import smtpconn

host, port, options = sys.argv[1], int(sys.argv[2]), dict(pair.split("=") for pair in sys.argv[3:])
ssl.create_default_context()
with smtpconn.Connection(host, port, secure=True, **options) as connection:
    message = b"Subject: wheel\\r\\n\\r\\nHi\\r\\n"
    result = connection.send("a@example.com", ["b@example.com"], message)
    assert connection.is_secure and result.accepted == ["b@example.com"], result
libraries = ("/libsmtpconn", "/libssl", "/libcrypto")
with open("/proc/self/maps") as maps:
    loaded = {line.split()[-1] for line in maps if any(name in line for name in libraries)}
print(smtpconn.library_version(), *sorted(loaded))
"""


def clean() -> dict[str, str]:
    """The variables of a program that knows nothing of this tree."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def prefixed(variables: Mapping[str, str]) -> list[str]:
    """The command in front of a program that is to have these variables and no others."""
    return ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]


@cache
def pythons() -> dict[str, Path]:
    """Every Python of the machine that the package supports, by the first two numbers of its
    version, the oldest first."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    candidates = [Path(sys.executable), *sorted(versions.glob("*/bin/python3"))]
    candidates += [Path("/usr/bin/python3"), *sorted(Path("/usr/bin").glob("python3.[0-9]*[0-9]"))]
    found: dict[tuple[int, ...], Path] = {}
    for path in candidates:
        ask = "import sys, ensurepip, ssl; print(*sys.version_info[:2])"
        done = start(path, "-I", "-c", ask)
        if done.returncode != 0:
            continue
        version = tuple(int(number) for number in done.stdout.split())
        if version >= SUPPORTED:
            found.setdefault(version, path)
    return {".".join(map(str, version)): found[version] for version in sorted(found)}


def pip() -> Path:
    """The pip that is pinned, which any Python can run."""
    (found,) = PACKAGING.glob("lib/python*/site-packages/pip")
    return found


class Environment:
    """A virtual environment with nothing in it."""

    def __init__(self, folder: Path, python: Path = Path(sys.executable)) -> None:
        run(python, "-I", "-m", "venv", "--without-pip", folder)
        self.folder = folder
        self.python = folder / "bin" / "python"

    def install(self, *arguments: str | Path, **environment: str) -> None:
        """By the pip that is pinned, without an index."""
        options = ["--quiet", "--disable-pip-version-check", "--no-index"]
        run(
            *self.command(**environment), pip(), "install", *options, *arguments, folder=self.folder
        )

    def sees(self, other: Path) -> None:
        """It has the packages of this environment, of the same Python, too."""
        (mine,) = self.folder.glob("lib/python*/site-packages")
        paths = {"base": str(other), "platbase": str(other)}
        (mine / "other.pth").write_text(sysconfig.get_path("purelib", "posix_prefix", paths) + "\n")

    def command(self, **environment: str) -> list[str | Path]:
        """The command that runs its Python."""
        return [*prefixed({**clean(), **environment}), self.python]


def sends(
    certificates: Certificates, *command: str | Path, folder: Path, **options: str | Path
) -> list[str]:
    """This Python sends over TLS; what it printed."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        assert peer.delivery() == b"Subject: wheel\r\n\r\nHi\r\n.\r\n"
        peer.quit()

    with ScriptedServer(dialogue, identity=certificates.good) as server:
        arguments = [server.host, str(server.port), *(f"{n}={v}" for n, v in options.items())]
        return run(*command, "-c", CLIENT, *arguments, folder=folder).split()


def metadata(file: Path) -> Message:
    """Of a wheel."""
    with ZipFile(file) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(wheel.read(name))
