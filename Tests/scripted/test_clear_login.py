"""Where a password must never go. The addresses exist in a network namespace of their
own, where nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.servers.certificates import Certificates
from support.system import in_network_namespace

pytestmark = pytest.mark.slow_under_valgrind

FAR, FAR_6 = "192.0.2.1", "2001:db8::1"


@dataclass
class Told:
    """What became of a login."""

    error: str | None
    message: str | None
    sent: bool


def log_in(
    address: str, starttls: str = "missing", means: str = "password", **options: int | str
) -> Told:
    child = Path(__file__).with_name("clear_login.py")
    arguments = [address, starttls, means, json.dumps(options)]
    done = subprocess.run(
        [*in_network_namespace(address), sys.executable, str(child), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return Told(**json.loads(done.stdout))


def refused(told: Told) -> None:
    """Nothing was sent, and the message says what to do about it."""
    assert told.error == "EAUTH"
    assert not told.sent
    assert told.message is not None
    assert "allow_insecure_auth" in told.message


def sent(told: Told) -> None:
    assert told.error is None, told.message
    assert told.sent


@pytest.mark.parametrize("address", [FAR, FAR_6])
@pytest.mark.parametrize("means", ["password", "token"])
def test_off_loopback(address: str, means: str) -> None:
    refused(log_in(address, means=means))


@pytest.mark.parametrize("means", ["password", "token"])
def test_allowed(means: str) -> None:
    sent(log_in(FAR, means=means, allow_insecure_auth=1))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
def test_on_loopback(address: str) -> None:
    sent(log_in(address))


def test_mechanism_of_the_caller() -> None:
    """It knows itself what it may say."""
    sent(log_in(FAR, means="mechanism"))


@pytest.mark.parametrize("starttls", ["missing", "refused", "broken"])
def test_opportunistic_tls(starttls: str, certificates: Certificates) -> None:
    """Whoever is on the path can bring it about that there is no TLS."""
    trusted = str(certificates.ca_file)
    refused(log_in(FAR, starttls, opportunistic_tls=1, tls_ca_file=trusted))
    sent(log_in(FAR, starttls, opportunistic_tls=1, tls_ca_file=trusted, allow_insecure_auth=1))


def test_secured() -> None:
    """The caller protects the connection; without its word it does not count."""
    sent(log_in(FAR, connection="ours", secured=1))
    refused(log_in(FAR, connection="ours"))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10"])
def test_connection_of_the_caller_to_loopback(address: str) -> None:
    """Its other end is not known: it may be a tunnel."""
    refused(log_in(address, connection="ours"))
    sent(log_in(address, connection="ours", secured=1))
