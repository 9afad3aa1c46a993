"""examples/gssapi.c: a login with Kerberos as a custom mechanism, against a real key distribution
centre and a real Dovecot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from support.drive import BUILD
from support.realservers.dovecot import Dovecot
from support.realservers.kerberos import Kerberos, copy_keytab
from support.realservers.mailboxes import ALICE, BOB
from support.servers.certificates import Certificates, Identity
from support.servers.script import greets, says, script
from support.servers.scripted import Peer, ScriptedServer


class WithKerberos(Dovecot):
    """A Dovecot that knows the keys of the service."""

    mechanisms = "plain gssapi"

    def __init__(self, kerberos: Kerberos, relay_port: int, certificates: Certificates) -> None:
        self._kerberos = kerberos
        super().__init__(certificates.good, relay_port, b"no tokens", certificates.ca_file)

    def _prepare(self, identity: Identity) -> None:
        super()._prepare(identity)
        copy_keytab(self._kerberos, self._folder)

    def _settings(self) -> str:
        # Any key of the file: Dovecot calls the service "submission", and RFC 4954 "smtp".
        own = f'auth_krb5_keytab = {self._folder}/smtp.keytab\nauth_gssapi_hostname = "$ALL"\n'
        return super()._settings() + own


@pytest.fixture(scope="module")
def kerberos(certificates: Certificates) -> Iterator[Kerberos]:
    with Kerberos(certificates.good) as realm:
        yield realm


@pytest.fixture(scope="module")
def with_kerberos(
    kerberos: Kerberos, relay: ScriptedServer, certificates: Certificates
) -> Iterator[WithKerberos]:
    with WithKerberos(kerberos, relay.port, certificates) as server:
        yield server


def run(
    kerberos: Kerberos, *arguments: str, ticket: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BUILD / "examples" / "gssapi"), *arguments],
        env=kerberos.environment(ticket=ticket),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def log_in(
    kerberos: Kerberos, server: Dovecot, certificates: Certificates, *user: str, ticket: bool = True
) -> subprocess.CompletedProcess[str]:
    trust = ["--starttls", "--cafile", str(certificates.ca_file)]
    port = str(server.ports["submission"])
    return run(kerberos, *trust, "localhost", port, *user, ticket=ticket)


@pytest.mark.parametrize("user", [[], [ALICE]], ids=["owner", "named"])
def test_log_in(
    kerberos: Kerberos, with_kerberos: WithKerberos, certificates: Certificates, user: list[str]
) -> None:
    since = len(with_kerberos.log())
    done = log_in(kerberos, with_kerberos, certificates, *user)
    assert (done.returncode, done.stdout, done.stderr) == (0, "logged in\n", "")
    with_kerberos.wait_login(since, "GSSAPI")


def test_another_user(
    kerberos: Kerberos, with_kerberos: WithKerberos, certificates: Certificates
) -> None:
    """Dovecot refuses: the ticket is not of that user."""
    done = log_in(kerberos, with_kerberos, certificates, BOB)
    assert done.returncode == 1
    assert "tried: GSSAPI; offered: PLAIN, GSSAPI (EAUTH)" in done.stderr


def test_without_a_ticket(
    kerberos: Kerberos, with_kerberos: WithKerberos, certificates: Certificates
) -> None:
    """The reason is that of the Kerberos library, and nothing is sent."""
    done = log_in(kerberos, with_kerberos, certificates, ticket=False)
    assert done.returncode == 1
    assert "the login was given up: " in done.stderr
    assert "(EAUTH)" in done.stderr


@pytest.mark.parametrize("answer", [b"334 ", b"334 AAAA", b"334 not base64"])
def test_a_server_that_does_not_know_it(kerberos: Kerberos, answer: bytes) -> None:
    """What is no token of Kerberos ends the login."""
    dialogue = script(
        greets(b"AUTH GSSAPI"),
        # The first token is longer than a command line (RFC 4954 section 4).
        (b"AUTH GSSAPI", b"334 "),
        Peer.line,
        says(answer),
        (b"*", b"501 5.0.0 cancelled"),
        Peer.quit,
    )
    with ScriptedServer(dialogue) as server:
        done = run(kerberos, "localhost", str(server.port))
    assert done.returncode == 1
    assert "the login was given up: " in done.stderr


@pytest.mark.parametrize("arguments", [[], ["localhost"], ["--what", "localhost", "25"]])
def test_wrong_arguments(kerberos: Kerberos, arguments: list[str]) -> None:
    assert run(kerberos, *arguments).returncode == 2
