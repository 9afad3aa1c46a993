"""TLS sessions of real servers: some resume, some refuse, some give none."""

from __future__ import annotations

import pytest

from support.realservers.client import Client
from support.realservers.realserver import RealServer
from support.servers.resuming import VERSIONS, visit

# (server, service, whether it is known to resume)
PLACES = [
    *[("postfix", service, True) for service in ("smtp", "smtps")],
    *[("exim", service, False) for service in ("smtp", "smtps")],
    # Each of its processes has keys of its own.
    *[("dovecot", service, False) for service in ("submission", "submissions", "lmtps")],
]


@pytest.mark.parametrize(("server", "service", "resumes"), PLACES, indirect=["server"])
@pytest.mark.parametrize("version", VERSIONS)
def test_resumption(client: Client[RealServer], service: str, resumes: bool, version: str) -> None:
    options = client.options(service, tls_max_version=version, tls_servername="localhost")
    infos = [visit(client.drive, options) for _ in range(3)]
    assert [(info["tls_version"], info["tls_peer_name"]) for info in infos] == [
        (version, "localhost")
    ] * 3
    resumed = [info["tls_resumed"] for info in infos]
    assert resumed[0] == 0
    # With TLS 1.3, Postfix gives one session for each full handshake, and none when it resumes.
    assert resumed[1] == 1 or not resumes
