"""Certificates that are trusted, and what vouches for a server besides an authority at the top."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Opener
from support.drive.separate import separate
from support.servers.certificates import Certificates, Identity, openssl
from support.servers.scripted import ScriptedServer
from support.servers.tls import agreed, quits, refused, unusable


@pytest.mark.parametrize("form", ["file", "text", "directory"])
@pytest.mark.parametrize("trusted", ["intermediate", "chained"])
def test_partial_chain(
    connect: Opener, certificates: Certificates, tmp_path: Path, trusted: str, form: str
) -> None:
    """An authority in the middle, and the server's own certificate."""
    path = getattr(certificates, trusted).certificate
    options: dict[str, str | Path | None] = {"tls_ca_file": None}
    if form == "file":
        options["tls_ca_file"] = path
    elif form == "text":
        options["tls_ca"] = path.read_text()
    else:
        (tmp_path / "one.pem").write_text(path.read_text())
        openssl(tmp_path, "rehash", ".")
        options["tls_ca_directory"] = tmp_path
    agreed(connect, certificates.chained, **options)


@pytest.mark.parametrize("trusted", ["good", "wrong_host", "expired", "other_ca"])
def test_partial_chain_of_another(
    connect: Opener, certificates: Certificates, trusted: str
) -> None:
    """A trusted certificate vouches for itself alone, and only for its name and time."""
    shown = certificates.self_signed if trusted in ("good", "other_ca") else trusted
    identity = shown if isinstance(shown, Identity) else getattr(certificates, shown)
    pem = getattr(certificates, trusted).certificate.read_text()
    refused(connect, identity, host="localhost", tls_ca=pem)


@pytest.mark.parametrize("option", [None, "tls_ca", "tls_ca_file", "tls_ca_directory"])
def test_system_store(certificates: Certificates, tmp_path: Path, option: str | None) -> None:
    """It vouches for a server only where no other authority is named: to name one is to say
    that nobody else does."""
    other = certificates.other_ca.certificate
    (tmp_path / "one.pem").write_text(other.read_text())
    openssl(tmp_path, "rehash", ".")
    values: dict[str, str | Path] = {
        "tls_ca": other.read_text(),
        "tls_ca_file": other,
        "tls_ca_directory": tmp_path,
    }
    good = certificates.good
    # OpenSSL takes this file for the system's store.
    with separate(before=["env", f"SSL_CERT_FILE={certificates.ca_file}"]) as drive:
        if option is None:
            with ScriptedServer(quits, identity=good) as server:
                connection = drive.connection(host=server.host, port=server.port, secure=1)
                connection.start_connect().succeeds()
                connection.start_quit().succeeds()
            return
        with ScriptedServer(lambda peer: peer.refused_tls(good)) as server:
            options = drive.options(
                host=server.host, port=server.port, secure=1, **{option: values[option]}
            )
            drive.connection_from(options).start_connect().fails("ETLS")


def damaged(pem: str, how: str) -> str:
    if how == "cut":
        return pem[: len(pem) // 2]
    if how == "letters":
        return pem.replace("\n", "\n!!!!", 2)
    lines = pem.splitlines(keepends=True)
    return "".join(lines[:2] + lines[3:])


@pytest.mark.parametrize("how", ["cut", "letters", "a line less"])
@pytest.mark.parametrize(
    "option", ["tls_ca", "tls_ca_file", "tls_certificate", "tls_certificate_file"]
)
def test_second_certificate_is_damaged(
    connect: Opener, certificates: Certificates, tmp_path: Path, option: str, how: str
) -> None:
    """What was meant to be trusted or shown is not left out without a word, whatever the
    form."""
    first = certificates.good if "certificate" in option else certificates.ca
    second = certificates.other_ca.certificate.read_text()
    text = first.certificate.read_text() + damaged(second, how)
    path = tmp_path / "several.pem"
    path.write_text(text)
    options: dict[str, str | Path] = {option: path if option.endswith("_file") else text}
    if "certificate" in option:
        options["tls_key_file"] = first.key
    assert option in unusable(connect, secure=1, **options).message


def test_revoked(connect: Opener, certificates: Certificates, tmp_path: Path) -> None:
    """A list of revoked certificates may be among the authorities, in each form; OpenSSL
    looks into it when the context asks for that."""
    index = tmp_path / "index.txt"
    index.write_text("")
    (tmp_path / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = one\n[one]\ndatabase = {index}\ndefault_md = sha256\n"
        "default_crl_days = 1\n"
    )
    ca = certificates.ca
    arguments = ["-config", "ca.cnf", "-cert", str(ca.certificate), "-keyfile", str(ca.key)]
    openssl(tmp_path, "ca", "-gencrl", *arguments, "-out", "crl.pem")
    text = ca.certificate.read_text() + (tmp_path / "crl.pem").read_text()
    path = tmp_path / "both.pem"
    path.write_text(text)
    for options in ({"tls_ca": text}, {"tls_ca_file": path}):
        agreed(connect, certificates.good, **options)


def test_weak_authority(connect: Opener, tmp_path: Path) -> None:
    """Too weak for this system is something else than not trusted."""
    for command in (
        "req -x509 -newkey rsa:1024 -nodes -keyout ca.key -out ca.pem -subj /CN=weak",
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key"
        " -out leaf.csr -subj /CN=x -addext subjectAltName=IP:127.0.0.1",
        "x509 -req -in leaf.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -CAcreateserial"
        " -days 1 -out leaf.pem",
    ):
        openssl(tmp_path, *command.split())
    identity = Identity(tmp_path / "leaf.pem", tmp_path / "leaf.key")
    assert "too weak" in refused(connect, identity, tls_ca_file=tmp_path / "ca.pem").message
