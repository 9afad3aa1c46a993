"""`timeout=` and `context=`: several options at once."""

from __future__ import annotations

import dataclasses
import math
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from conftest import ROOT
from scripted_server import HELLO, QUIT, ScriptedServer
from smtpconn import _table
from smtpconn._library import lib

LIMITS = [each.name for each in dataclasses.fields(smtpconn.Timeouts)]


def option(connection: smtpconn.Connection, name: str) -> Any:
    """What the library has of it."""
    return getattr(lib, f"smtpconn_options_{name}")(connection._options.handle)


def made(**options: Any) -> smtpconn.Connection:
    return smtpconn.Connection("localhost", **options)


def limits(**options: Any) -> dict[str, float]:
    connection = made(**options)
    try:
        return {name: option(connection, f"{name}_timeout") / 1000 for name in LIMITS}
    finally:
        connection.close()


DEFAULTS = {
    "dns": 30,
    "connection": 120,
    "greeting": 30,
    "socket": 600,
    "command": 300,
    "final_reply": 600,
    "quit": 5,
    "operation": 3600,
}


def test_every_limit_of_the_library_is_a_field() -> None:
    options = [name for name in _table.OPTIONS if name.endswith("_timeout")]
    assert [f"{name}_timeout" for name in LIMITS] == options
    assert limits() == DEFAULTS


@pytest.mark.parametrize(
    ("timeout", "quits", "operation"), [(30, 5, 3600), (2.5, 2.5, 3600), (7200, 5, 7200)]
)
def test_one_number(timeout: float, quits: float, operation: float) -> None:
    waits = dict.fromkeys(LIMITS, timeout)
    assert limits(timeout=timeout) == {**waits, "quit": quits, "operation": operation}


def test_timeouts() -> None:
    some = smtpconn.Timeouts(dns=1, quit=2, operation=0.5)
    assert limits(timeout=some) == {**DEFAULTS, "dns": 1, "quit": 2, "operation": 0.5}
    assert limits(timeout=smtpconn.Timeouts()) == DEFAULTS
    assert hash(some) == hash(dataclasses.replace(some))


def test_an_option_says_more() -> None:
    assert limits(timeout=30, command_timeout=7)["command"] == 7
    assert limits(timeout=smtpconn.Timeouts(command=30), command_timeout=7)["command"] == 7


@pytest.mark.parametrize(
    ("timeout", "kind", "words"),
    [
        (0, smtpconn.OptionsError, "timeout must be more than 0"),
        (-1, smtpconn.OptionsError, "timeout must be more than 0"),
        (math.inf, smtpconn.OptionsError, "timeout"),
        (math.nan, smtpconn.OptionsError, "timeout"),
        (86401, smtpconn.OptionsError, "timeout"),
        (True, TypeError, "timeout must be a number of seconds, not bool"),
        ("30", TypeError, "timeout must be a number of seconds, not str"),
        (smtpconn.Timeouts(command=0), smtpconn.OptionsError, "command_timeout"),
        (smtpconn.Timeouts(quit="x"), TypeError, "quit_timeout"),  # type: ignore[arg-type]
    ],
)
def test_bad_timeouts(timeout: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        made(timeout=timeout)


def test_without_a_socket() -> None:
    """No names are resolved there, and dns_timeout is refused."""
    connection = smtpconn.SansIOConnection(timeout=30)
    assert option(connection, "command_timeout") == 30000
    connection.close()
    with pytest.raises(smtpconn.OptionsError, match="dns_timeout"):
        smtpconn.SansIOConnection(timeout=smtpconn.Timeouts(dns=1))


def test_a_limit_passes(server: ScriptedServer) -> None:
    server.play("E:")
    with pytest.raises(smtpconn.TimedOutError):
        smtpconn.Connection("127.0.0.1", server.port, timeout=0.1).connect()


# The context


def plain() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def tls_server(server: ScriptedServer, certificate: Path) -> ScriptedServer:
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    return server


def test_the_package_does_not_load_ssl() -> None:
    program = "import smtpconn, sys; print('ssl' in sys.modules)"
    path = str(Path(smtpconn.__file__).parents[1])
    library = str(ROOT / "build" / "libsmtpconn.so.0")
    environment = {"PYTHONPATH": path, "SMTPCONN_LIBRARY": library}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"


def test_trusted_certificates(tls_server: ScriptedServer, trusting: ssl.SSLContext) -> None:
    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection("localhost", tls_server.port, secure=True, context=trusting) as it:
        assert it.tls_peer_name == "localhost"


def test_only_those_certificates(tls_server: ScriptedServer) -> None:
    """As many as the system's store has, and not the server's."""
    tls_server.play("T:")
    context = ssl.create_default_context()
    assert context.get_ca_certs()
    connection = smtpconn.Connection("localhost", tls_server.port, secure=True, context=context)
    with pytest.raises(smtpconn.TLSError):
        connection.connect()
    connection.close()
    tls_server.finish()
    tls_server.faults.clear()


def test_the_name_is_checked(tls_server: ScriptedServer, trusting: ssl.SSLContext) -> None:
    tls_server.play("T:")
    connection = smtpconn.Connection("127.0.0.1", tls_server.port, secure=True, context=trusting)
    with pytest.raises(smtpconn.TLSError) as caught:
        connection.connect()
    assert caught.value.certificate_names == "localhost"
    connection.close()
    tls_server.finish()
    tls_server.faults.clear()


def test_no_verification(tls_server: ScriptedServer) -> None:
    context = plain()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls_server.play("T:", HELLO, QUIT)
    with smtpconn.Connection("localhost", tls_server.port, secure=True, context=context) as it:
        assert it.is_secure
        assert it.tls_peer_name is None


def set_versions(lowest: str, highest: str) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion[lowest]
        context.maximum_version = ssl.TLSVersion[highest]

    return change


def set_options(options: int) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.options |= options

    return change


#: Python warns of old versions and of the older options, which programs use nevertheless.
quiet = pytest.mark.filterwarnings("ignore:.*(TLSVersion|OP_NO_):DeprecationWarning")


@quiet
@pytest.mark.parametrize(
    ("change", "lowest", "highest"),
    [
        (lambda context: None, b"TLSv1.2", None),
        (set_versions("MINIMUM_SUPPORTED", "MAXIMUM_SUPPORTED"), b"TLSv1.2", None),
        (set_versions("TLSv1_3", "TLSv1_3"), b"TLSv1.3", b"TLSv1.3"),
        (set_versions("TLSv1_2", "TLSv1_2"), b"TLSv1.2", b"TLSv1.2"),
        (set_versions("MAXIMUM_SUPPORTED", "MAXIMUM_SUPPORTED"), b"TLSv1.3", None),
        (set_options(ssl.OP_NO_TLSv1_3), b"TLSv1.2", b"TLSv1.2"),
        (set_options(ssl.OP_NO_TLSv1_2), b"TLSv1.3", None),
    ],
)
def test_versions(
    trusting: ssl.SSLContext,
    change: Callable[[ssl.SSLContext], None],
    lowest: bytes,
    highest: bytes | None,
) -> None:
    change(trusting)
    connection = made(context=trusting)
    assert option(connection, "tls_min_version") in (lowest, None if lowest == b"TLSv1.2" else b"")
    assert option(connection, "tls_max_version") == highest
    connection.close()


def test_ciphers(trusting: ssl.SSLContext) -> None:
    connection = made(context=trusting)
    assert option(connection, "tls_ciphers") is None
    connection.close()
    trusting.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    connection = made(context=trusting)
    assert option(connection, "tls_ciphers") == b"ECDHE-RSA-AES256-GCM-SHA384"
    assert b"TLS_AES_128_GCM_SHA256" in option(connection, "tls_cipher_suites")
    connection.close()


class Own(ssl.SSLContext):
    pass


REFUSED: dict[str, tuple[Callable[[ssl.SSLContext], object], str]] = {
    "no name": (lambda context: setattr(context, "check_hostname", False), "check_hostname"),
    "crl": (lambda context: setattr(context, "verify_flags", ssl.VERIFY_CRL_CHECK_LEAF), "crl"),
    "old": (set_versions("TLSv1", "MAXIMUM_SUPPORTED"), "TLSv1"),
    "too old": (set_versions("MINIMUM_SUPPORTED", "TLSv1_1"), "TLSv1_1"),
    "nothing": (set_options(ssl.OP_NO_TLSv1_3 | ssl.OP_NO_TLSv1_2), "neither"),
}


@quiet
@pytest.mark.parametrize("which", REFUSED)
def test_what_cannot_be_taken_over(trusting: ssl.SSLContext, which: str) -> None:
    change, words = REFUSED[which]
    change(trusting)
    with pytest.raises(smtpconn.OptionsError, match=words):
        made(context=trusting)


def test_contexts_of_another_kind() -> None:
    with pytest.raises(smtpconn.OptionsError, match="no CA certificate"):
        made(context=plain())
    with pytest.raises(smtpconn.OptionsError, match="Own"):
        made(context=Own(ssl.PROTOCOL_TLS_CLIENT))
    with pytest.raises(smtpconn.OptionsError, match="PROTOCOL_TLS_SERVER"):
        made(context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    with pytest.raises(TypeError, match=r"must be an ssl\.SSLContext, not str"):
        made(context="context")


@pytest.mark.parametrize(
    "options",
    [
        {"tls_ca_file": "x"},
        {"tls_ca_directory": "x"},
        {"tls_ca": "x"},
        {"tls_reject_unauthorized": False},
        {"tls_reject_unauthorized": True},
        {"tls_min_version": "TLSv1.3"},
        {"tls_max_version": "TLSv1.3"},
        {"tls_ciphers": "HIGH"},
        {"tls_cipher_suites": "TLS_AES_128_GCM_SHA256"},
    ],
)
def test_said_twice(trusting: ssl.SSLContext, options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(smtpconn.OptionsError, match=f"context and {name}"):
        made(context=trusting, **options)
