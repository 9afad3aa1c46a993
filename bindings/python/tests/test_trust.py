"""The system's store is found where a distribution keeps it, when OpenSSL does not find it."""

from __future__ import annotations

import re
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, ScriptedServer
from smtpconn import _trust

PEM = "-----BEGIN CERTIFICATE-----\n"

#: Distributions: the files that they have, the option that is found, and its path.
LAYOUTS: dict[str, tuple[list[str], tuple[str, str]]] = {
    "Debian": (
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/5ed36f99.0"],
        ("tls_ca_file", "/etc/ssl/certs/ca-certificates.crt"),
    ),
    "Fedora 42": (
        ["/etc/pki/tls/certs/ca-bundle.crt"],
        ("tls_ca_file", "/etc/pki/tls/certs/ca-bundle.crt"),
    ),
    "Fedora 43": (
        [
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/pki/ca-trust/extracted/pem/directory-hash/5ed36f99.0",
        ],
        ("tls_ca_file", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    ),
    "Fedora, hashes alone": (
        ["/etc/pki/ca-trust/extracted/pem/directory-hash/5ed36f99.0"],
        ("tls_ca_directory", "/etc/pki/ca-trust/extracted/pem/directory-hash"),
    ),
    "SUSE": (
        ["/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/certs/5ed36f99.0"],
        ("tls_ca_file", "/var/lib/ca-certificates/ca-bundle.pem"),
    ),
    "SUSE, the link": (["/etc/ssl/ca-bundle.pem"], ("tls_ca_file", "/etc/ssl/ca-bundle.pem")),
    "SUSE, hashes alone": (
        ["/etc/ssl/certs/YaST-CA.pem", "/etc/ssl/certs/5ed36f99.0"],
        ("tls_ca_directory", "/etc/ssl/certs"),
    ),
    "RHEL, hashes alone": (
        ["/etc/pki/tls/certs/5ed36f99.12"],
        ("tls_ca_directory", "/etc/pki/tls/certs"),
    ),
    "Alpine": (["/etc/ssl/cert.pem"], ("tls_ca_file", "/etc/ssl/cert.pem")),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(tmp_path: Path, name: str) -> None:
    files, (option, path) = LAYOUTS[name]
    for file in files:
        below = Path(f"{tmp_path}{file}")
        below.parent.mkdir(parents=True, exist_ok=True)
        below.write_text(PEM)
    assert _trust.search(str(tmp_path)) == (option, f"{tmp_path}{path}")


@pytest.mark.parametrize("what", ["nothing", "empty", "folder", "dangling", "no hashes"])
def test_nothing_to_find(tmp_path: Path, what: str) -> None:
    bundle = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True)
    if what == "empty":
        bundle.touch()
    elif what == "folder":
        bundle.mkdir()
    elif what == "dangling":
        bundle.symlink_to("/nonexistent")
    elif what == "no hashes":
        for name in ("root.pem", "5ed36f99", "5ed36f99.r0", "5ed36f99.0.old", "README"):
            (bundle.parent / name).write_text(PEM)
    assert _trust.search(str(tmp_path)) is None


def test_every_place_is_looked_into(tmp_path: Path) -> None:
    """Each alone: one that is in the list is no use behind another that is always there."""
    for number, path in enumerate((*_trust.FILES, *_trust.DIRECTORIES)):
        root = tmp_path / str(number)
        below = Path(f"{root}{path}")
        if path in _trust.DIRECTORIES:
            below.mkdir(parents=True)
            below = below / "5ed36f99.0"
        below.parent.mkdir(parents=True, exist_ok=True)
        below.write_text(PEM)
        found = _trust.search(str(root))
        assert found is not None
        assert found[1] == f"{root}{path}"


def test_readme_has_the_places() -> None:
    text = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    places = text.partition("places: begin")[2].partition("places: end")[0]
    assert re.findall(r"^- `(.*?)`", places, re.MULTILINE) == [*_trust.FILES, *_trust.DIRECTORIES]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificate: Path) -> Path:
    """OpenSSL comes from another system, and this one's store has one certificate."""
    for name in _trust.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    places = (str(tmp_path / "cert.pem"), str(tmp_path / "certs"))
    monkeypatch.setattr(_trust, "compiled_in", lambda: places)
    monkeypatch.setattr(_trust, "FILES", (str(certificate),))
    monkeypatch.setattr(_trust, "DIRECTORIES", ())
    return tmp_path


def trusts(server: ScriptedServer, certificate: Path, **options: Any) -> bool:
    """Whether a connection accepts the server, which shows this certificate."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.play("T:", HELLO, QUIT)
    try:
        with smtpconn.Connection(
            "127.0.0.1", server.port, secure=True, tls_servername="localhost", **options
        ):
            pass
    except smtpconn.TLSError:
        server.finish()
        server.faults.clear()
        return False
    return True


def write_hashed(folder: Path, certificate: Path) -> Path:
    folder.mkdir()
    (folder / "certificate.pem").write_bytes(certificate.read_bytes())
    subprocess.run(["openssl", "rehash", folder], check=True)
    return folder


def test_store_is_used(server: ScriptedServer, certificate: Path, elsewhere: Path) -> None:
    assert elsewhere.is_dir()
    assert trusts(server, certificate)


def test_directory_is_used(
    server: ScriptedServer, certificate: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hashed(elsewhere / "hashed", certificate)
    monkeypatch.setattr(_trust, "FILES", ())
    monkeypatch.setattr(_trust, "DIRECTORIES", (str(folder),))
    assert trusts(server, certificate)


@pytest.mark.parametrize("option", ["tls_ca_file", "tls_ca_directory", "tls_ca"])
def test_authorities_of_the_caller_are_alone(
    server: ScriptedServer, certificate: Path, elsewhere: Path, option: str
) -> None:
    """The store holds the server's certificate, and the caller trusts another one."""
    other = elsewhere / "other.pem"
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            *[
                "-nodes",
                "-subj",
                "/CN=other",
                "-keyout",
                str(elsewhere / "key"),
                "-out",
                str(other),
            ],
        ],
        check=True,
        capture_output=True,
    )
    values = {
        "tls_ca_file": other,
        "tls_ca": other.read_text(),
        "tls_ca_directory": write_hashed(elsewhere / "hashed", other),
    }
    assert _trust.missing({option: values[option]}) == {}
    assert not trusts(server, certificate, **{option: values[option]})


@pytest.mark.parametrize("variable", _trust.VARIABLES)
@pytest.mark.parametrize("value", ["/dev/null", ""])
def test_authorities_of_the_environment_are_alone(
    server: ScriptedServer,
    certificate: Path,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    assert elsewhere.is_dir()
    monkeypatch.setenv(variable, value)
    assert not trusts(server, certificate)


@pytest.mark.parametrize("form", ["file", "directory"])
def test_nothing_is_searched_where_openssl_finds_a_store(
    elsewhere: Path, certificate: Path, form: str
) -> None:
    """Even one that holds other certificates: it is what the system has."""
    assert list(_trust.missing({})) == ["tls_ca_file"]
    if form == "file":
        (elsewhere / "cert.pem").write_text(PEM)
    else:
        write_hashed(elsewhere / "certs", certificate)
    assert _trust.missing({}) == {}


def test_none_is_no_authority(elsewhere: Path) -> None:
    assert elsewhere.is_dir()
    assert list(_trust.missing(dict.fromkeys(_trust.OPTIONS))) == ["tls_ca_file"]


def test_openssl_that_is_hidden(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is linked into the library, and does not say where it looks."""
    assert elsewhere.is_dir()
    monkeypatch.setattr(_trust, "compiled_in", lambda: None)
    assert _trust.missing({}) == {}


def test_openssl_says_where_it_looks() -> None:
    places = _trust.compiled_in()
    assert places is not None
    command = ["openssl", "version", "-d"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    folder = told.partition('"')[2].partition('"')[0]
    assert places == (f"{folder}/cert.pem", f"{folder}/certs")
