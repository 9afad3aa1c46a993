"""The library and a real Cyrus lmtpd: logins with SCRAM and channel binding, which is tls-unique
there, with TLS 1.3 too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.drive import Connection, Drive, Option
from support.realservers.cyrus import ADMIN, Cyrus
from support.realservers.mailboxes import PASSWORD
from support.servers.certificates import Certificates

UNBOUND = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
BOUND = [f"{name}-PLUS" for name in UNBOUND]
VERSIONS = ["TLSv1.2", "TLSv1.3"]


@pytest.fixture(scope="module")
def cyrus(certificates: Certificates) -> Iterator[Cyrus]:
    with Cyrus(certificates.good) as server:
        yield server


def opened(drive: Drive, cyrus: Cyrus, certificates: Certificates, **options: Option) -> Connection:
    given: dict[str, Option] = {
        **cyrus.address("lmtp"),
        "lmtp": 1,
        "name": "client.test",
        "tls_ca_file": certificates.ca_file,
        **options,
    }
    connection = drive.connection_from(drive.options(**given))
    connection.start_connect().succeeds()
    return connection


def version(name: str) -> dict[str, Option]:
    return {"tls_min_version": name, "tls_max_version": name}


@pytest.mark.parametrize("tls", VERSIONS)
@pytest.mark.parametrize("mechanism", BOUND)
def test_bound(
    drive: Drive, cyrus: Cyrus, certificates: Certificates, mechanism: str, tls: str
) -> None:
    """By default with TLS 1.2; what TLS 1.3 has is not registered, so it must be asked for."""
    options: dict[str, Option] = {} if tls == "TLSv1.2" else {"channel_binding": "tls-unique"}
    connection = opened(
        drive, cyrus, certificates, auth_method=mechanism, **version(tls), **options
    )
    assert connection.info()["tls_version"] == tls
    connection.start_login(ADMIN, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("binding", [None, "none"])
@pytest.mark.parametrize("mechanism", UNBOUND)
def test_unbound(
    drive: Drive, cyrus: Cyrus, certificates: Certificates, mechanism: str, binding: str | None
) -> None:
    """A server with -PLUS is content when the client names another mechanism."""
    options: dict[str, Option] = {"channel_binding": binding}
    connection = opened(drive, cyrus, certificates, auth_method=mechanism, **options)
    connection.start_login(ADMIN, PASSWORD).succeeds()
    connection.start_quit().succeeds()


def test_without_tls(drive: Drive, cyrus: Cyrus, certificates: Certificates) -> None:
    connection = opened(drive, cyrus, certificates, ignore_tls=1)
    connection.start_login(ADMIN, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("mechanism", [*UNBOUND, BOUND[1]])
def test_wrong_password(
    drive: Drive, cyrus: Cyrus, certificates: Certificates, mechanism: str
) -> None:
    connection = opened(drive, cyrus, certificates, auth_method=mechanism, **version("TLSv1.2"))
    failure = connection.start_login(ADMIN, "secret").fails("EAUTH")
    assert failure.response_code in {501, 535}
    connection.start_login(ADMIN, PASSWORD).succeeds()
    connection.start_quit().succeeds()


@pytest.mark.parametrize("binding", [None, "tls-server-end-point"])
def test_another_binding(
    drive: Drive, cyrus: Cyrus, certificates: Certificates, binding: str | None
) -> None:
    """The default of TLS 1.3 is not what Cyrus has: it is refused, not replaced, and the error
    names the option."""
    connection = opened(drive, cyrus, certificates, channel_binding=binding, **version("TLSv1.3"))
    failure = connection.start_login(ADMIN, PASSWORD).fails("EAUTH")
    assert f"was {binding or 'tls-exporter'}; channel_binding chooses" in failure.message
    connection.start_quit().succeeds()
