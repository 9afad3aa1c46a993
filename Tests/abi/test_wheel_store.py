"""The wheel with OpenSSL inside finds the certificates that other distributions trust: its
Python runs in a root folder that has them where they do, and nothing where Debian's OpenSSL
looks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.making import make, start
from support.servers.certificates import Certificates, openssl
from support.servers.scripted import ScriptedServer
from support.system import in_mount_namespace
from support.wheels import BUNDLED, CLIENT, Environment, clean, prefixed, sends

#: Where a file with the certificates is, and what links to it.
FILES = {
    "Debian": ("/etc/ssl/certs/ca-certificates.crt", None),
    "Fedora": (
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ),
    "SUSE": ("/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem"),
    "Alpine": ("/etc/ssl/cert.pem", None),
}
DIRECTORIES = {"SUSE": "/etc/ssl/certs", "Fedora": "/etc/pki/tls/certs"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    if not BUNDLED.exists():
        make("wheel")
    environment = Environment(tmp_path_factory.mktemp("wheel") / "environment")
    environment.install(BUNDLED)
    return environment


class Root:
    """A root folder with this machine's programs and no certificates."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self.folder = folder
        self._python = environment.python
        empty = folder / "empty"
        seen = [Path("/usr"), Path("/proc"), Path("/dev"), environment.folder]
        if not Path(sys.base_prefix).is_relative_to("/usr"):
            seen.append(Path(sys.base_prefix))
        for path in (Path("/bin"), Path("/lib"), Path("/lib64")):
            if path.is_symlink():
                self.below(path).symlink_to(path.readlink())
            else:
                seen.append(path)
        self._mounts = {path: self.below(path) for path in seen}
        for path in (empty, *self._mounts.values()):
            path.mkdir(parents=True)
        # Where Debian's OpenSSL looks.
        self._mounts[empty] = self.below("/usr/lib/ssl")

    def below(self, path: str | Path) -> Path:
        return self.folder / Path(path).relative_to("/")

    def write(self, path: str, octets: bytes) -> None:
        self.below(path).parent.mkdir(parents=True, exist_ok=True)
        self.below(path).write_bytes(octets)

    def hide(self, path: Path) -> None:
        """Makes a file of this machine an empty one."""
        empty = self.folder / "nothing"
        empty.touch()
        self._mounts[empty] = self.below(path)

    def command(self, **environment: str) -> list[str | Path]:
        """The command that runs the Python in there."""
        variables = prefixed({**clean(), **environment})
        return [*in_mount_namespace(self._mounts), "chroot", self.folder, *variables, self._python]


@pytest.fixture
def root(tmp_path: Path, environment: Environment) -> Root:
    folder = tmp_path / "root"
    folder.mkdir()
    return Root(folder, environment)


@pytest.mark.parametrize("distribution", FILES)
def test_file(root: Root, certificates: Certificates, distribution: str) -> None:
    path, link = FILES[distribution]
    root.write(path, certificates.ca_file.read_bytes())
    if link is not None:
        root.below(link).parent.mkdir(parents=True, exist_ok=True)
        root.below(link).symlink_to(path)
    assert sends(certificates, *root.command(), folder=root.folder)


def rehashed(root: Root, path: str, certificates: Certificates) -> None:
    root.write(f"{path}/one.pem", certificates.ca_file.read_bytes())
    openssl(root.below(path), "rehash", ".")


@pytest.mark.parametrize("distribution", DIRECTORIES)
def test_directory(root: Root, certificates: Certificates, distribution: str) -> None:
    rehashed(root, DIRECTORIES[distribution], certificates)
    assert sends(certificates, *root.command(), folder=root.folder)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_variable(root: Root, certificates: Certificates, variable: str) -> None:
    """Before everything that is known: what is there is another authority's."""
    root.write(FILES["Debian"][0], certificates.other_ca.certificate.read_bytes())
    if variable == "SSL_CERT_FILE":
        root.write("/our/ca.pem", certificates.ca_file.read_bytes())
        value = "/our/ca.pem"
    else:
        rehashed(root, "/our", certificates)
        value = "/our"
    assert sends(certificates, *root.command(**{variable: value}), folder=root.folder)


@pytest.mark.parametrize("there", ["nothing", "another authority"])
def test_no_trust(root: Root, certificates: Certificates, there: str) -> None:
    if there != "nothing":
        root.write(FILES["Debian"][0], certificates.other_ca.certificate.read_bytes())
    with ScriptedServer(lambda peer: peer.refused_tls(certificates.good)) as server:
        done = start(
            *root.command(), "-c", CLIENT, server.host, str(server.port), folder=root.folder
        )
        assert "TLSError" in done.stderr
    assert done.returncode != 0


@pytest.mark.parametrize("there", [True, False])
def test_names_outside_ascii(root: Root, there: bool) -> None:
    """They need libidn2 of the system, which is in no wheel."""
    if not there:
        (path,) = Path("/usr/lib").glob("*/libidn2.so.0")
        root.hide(path)
    code = "import smtpconn; smtpconn.SansIOConnection('bücher.example')"
    done = start(*root.command(), "-c", code, folder=root.folder)
    assert (done.returncode == 0) == there, done.stderr
    assert there or "and libidn2 (package libidn2-0), which makes A-labels, is not" in done.stderr


def test_the_root_is_as_it_is_meant(root: Root) -> None:
    ask = "import os; print(os.listdir('/usr/lib/ssl'), os.path.exists('/etc'))"
    assert start(*root.command(), "-c", ask, folder=root.folder).stdout == "[] False\n"
    assert os.listdir("/usr/lib/ssl")
