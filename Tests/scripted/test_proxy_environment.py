"""Proxies that the environment names, when a connection asks for that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from support.drive import Drive
from support.drive.connection import refused_at_once
from support.drive.separate import separate
from support.servers.script import script
from support.servers.scripted import Peer, ScriptedServer
from support.servers.tunnelproxy import TunnelProxy

pytestmark = pytest.mark.slow_under_valgrind

served = script(Peer.greet, Peer.quit)


@contextlib.contextmanager
def with_environment(**variables: str) -> Iterator[Drive]:
    """A program that has these variables and no other of the kind."""
    names = ("all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "http_proxy", "https_proxy")
    unset = [word for name in names for word in ("-u", name)]
    given = [f"{name}={value}" for name, value in variables.items()]
    with separate(before=["env", *unset, *given]) as drive:
        yield drive


@pytest.mark.parametrize(
    ("variables", "asked", "is_proxied"),
    [
        ({"all_proxy": "http://{}"}, 1, True),
        ({"ALL_PROXY": "{}"}, 1, True),
        ({"all_proxy": "", "ALL_PROXY": "http://{}/"}, 1, True),
        ({"all_proxy": "http://{}", "ALL_PROXY": "http://127.0.0.1:9"}, 1, True),
        ({"all_proxy": "http://{}", "no_proxy": "example.com,127.0.0.2"}, 1, True),
        ({"all_proxy": "http://{}"}, 0, False),
        ({"all_proxy": "http://{}", "no_proxy": "example.com, 127.0.0.1"}, 1, False),
        ({"all_proxy": "http://{}", "NO_PROXY": "*"}, 1, False),
        ({"http_proxy": "http://{}"}, 1, False),
        ({}, 1, False),
    ],
)
def test_environment(variables: dict[str, str], asked: int, is_proxied: bool) -> None:
    with TunnelProxy("http") as proxy, ScriptedServer(served) as server:
        place = f"127.0.0.1:{proxy.port}"
        given = {name: value.format(place) for name, value in variables.items()}
        with with_environment(**given) as drive:
            connection = drive.connection(
                host=server.host, port=server.port, proxy_from_environment=asked
            )
            connection.start_connect().succeeds()
            connection.start_quit().succeeds()
        assert proxy.targets == ([(server.host, server.port)] if is_proxied else [])


@pytest.mark.parametrize("value", ["ftp://somebody:sesame@h", "socks://h", "http://h:x", "//"])
def test_environment_that_names_no_proxy(value: str) -> None:
    with with_environment(all_proxy=value) as drive:
        connection = drive.connection(host="127.0.0.1", proxy_from_environment=1)
        failure = refused_at_once("EOPTIONS", connection.start_connect)
        assert "all_proxy" in failure.message
        assert "sesame" not in failure.message
