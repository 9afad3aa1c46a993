"""Every option of the library is a keyword of `Connection`, and its value gets there."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn import _ffi, _options
from smtpconn._library import lib

SETTER = "smtpconn_options_set_"
SETTERS = [
    function.name[len(SETTER) :] for function in _ffi.FUNCTIONS if function.name.startswith(SETTER)
]
GETTERS = {function.name for function in _ffi.FUNCTIONS}

#: What only Python knows, and the session, which is added by a function of another kind.
NOT_OPTIONS = {
    "loop",
    "logger",
    "on_connect",
    "on_error",
    "on_end",
    "on_token",
    "tls_session",
}

#: Each keyword: a value that is not the default, and what the getter of the library then gives.
#: None is for a secret or a function, which has no getter.
VALUES: dict[str, tuple[Any, Any]] = {
    "host": ("mail.example.org", b"mail.example.org"),
    "port": (2525, 2525),
    "secure": (True, 1),
    "ignore_tls": (True, 1),
    "require_tls": (True, 1),
    "opportunistic_tls": (True, 1),
    "lmtp": (True, 1),
    "socket_path": (Path("/run/lmtp"), b"/run/lmtp"),
    "local_address": ("127.0.0.2", b"127.0.0.2"),
    "local_port": (2000, 2000),
    "name": ("client.example.org", b"client.example.org"),
    "dns_timeout": (1.5, 1500),
    "connection_timeout": (2.5, 2500),
    "greeting_timeout": (3.5, 3500),
    "socket_timeout": (4.5, 4500),
    "command_timeout": (5.5, 5500),
    "final_reply_timeout": (6.5, 6500),
    "quit_timeout": (7.5, 7500),
    "operation_timeout": (8.5, 8500),
    "chunking": (smtpconn.Chunking.ON, 1),
    "ignored_capabilities": (["SIZE", "DSN"], b"SIZE DSN"),
    "custom_mechanisms": ({"X-OWN": lambda exchange, challenge: b""}, None),
    "auth_method": ("LOGIN", b"LOGIN"),
    "initial_response": (False, 0),
    "hello_after_login": (True, 1),
    "allow_insecure_auth": (True, 1),
    "tls_servername": ("other.example.org", b"other.example.org"),
    "tls_ca_file": (Path("/ca.pem"), b"/ca.pem"),
    "tls_ca_directory": (Path("/certificates"), b"/certificates"),
    "tls_ca": ("PEM of an authority", b"PEM of an authority"),
    "tls_certificate_file": (Path("/certificate.pem"), b"/certificate.pem"),
    "tls_certificate": ("PEM of a certificate", b"PEM of a certificate"),
    "tls_key_file": (Path("/key.pem"), b"/key.pem"),
    "tls_key": ("PEM of a key", None),
    "tls_key_password": ("sesame", None),
    "tls_ciphers": ("ECDHE-RSA-AES128-GCM-SHA256", b"ECDHE-RSA-AES128-GCM-SHA256"),
    "tls_cipher_suites": ("TLS_AES_128_GCM_SHA256", b"TLS_AES_128_GCM_SHA256"),
    "tls_groups": ("X25519:P-256", b"X25519:P-256"),
    "tls_min_version": ("TLSv1.3", b"TLSv1.3"),
    "tls_max_version": ("TLSv1.2", b"TLSv1.2"),
    "tls_alpn": (["smtp", "lmtp"], b"smtp,lmtp"),
    "tls_context_callback": (lambda context: None, None),
    "tls_reject_unauthorized": (False, 0),
    "tls_resumption": (False, 0),
    "transaction_log": (True, 1),
    "debug": (True, 1),
}

#: About a socket that is open already: they have a test of their own.
DESCRIPTORS = ["socket", "connection", "secured"]

#: Options that make sense only together with others.
COMPANIONS: dict[str, dict[str, Any]] = {
    "local_port": {"local_address": "127.0.0.2"},
    "tls_key_file": {"tls_certificate_file": "/certificate.pem"},
    "tls_key": {"tls_certificate": "PEM of a certificate"},
}


class Recorder:
    """The library, and which setters of options were called with what."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        function = getattr(lib, name)
        if not name.startswith(SETTER):
            return function

        def call(handle: Any, *arguments: Any) -> Any:
            self.calls.append((name[len(SETTER) :], arguments[0]))
            return function(handle, *arguments)

        return call


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(_options, "lib", recorder)
    return recorder


@contextmanager
def made(**options: Any) -> Iterator[smtpconn.Connection]:
    connection = smtpconn.Connection(**options)
    try:
        yield connection
    finally:
        connection.close()


def setter_of(keyword: str) -> str:
    return _options.HOOKS[keyword][0] if keyword in _options.HOOKS else keyword


def keywords() -> list[str]:
    return list(inspect.signature(smtpconn.Connection).parameters)


def test_every_setter_has_a_keyword_and_every_keyword_a_setter() -> None:
    found = {setter_of(name) for name in keywords() if name not in NOT_OPTIONS}
    assert found == set(SETTERS)


def test_every_keyword_has_a_value_here() -> None:
    assert {*VALUES, *DESCRIPTORS} == {*keywords()} - NOT_OPTIONS


@pytest.mark.parametrize("keyword", VALUES)
def test_the_value_gets_to_the_library(keyword: str, recorder: Recorder) -> None:
    value, expected = VALUES[keyword]
    getter = f"smtpconn_options_{keyword}"
    if getter in GETTERS:
        with made() as connection:
            default = getattr(lib, getter)(connection._options.handle)
        assert default != expected, "the value here must not be the default"
    recorder.calls.clear()
    companions = COMPANIONS.get(keyword, {})
    with made(**{keyword: value}, **companions) as connection:
        expected_calls = {setter_of(keyword), "transaction_log", *companions}
        assert {name for name, _ in recorder.calls} == expected_calls
        if getter in GETTERS:
            assert getattr(lib, getter)(connection._options.handle) == expected
        else:
            assert expected is None


@pytest.mark.parametrize("keyword", ["socket", "connection"])
def test_the_socket_gets_to_the_library(keyword: str) -> None:
    getter = getattr(lib, f"smtpconn_options_{keyword}")
    one, two = socket.socketpair()
    with one, two, made(**{keyword: one}) as connection:
        assert getter(connection._options.handle) >= 0
    with made() as connection:
        assert getter(connection._options.handle) == -1


@pytest.mark.parametrize("secured", [True, False])
def test_whether_the_socket_is_secured_gets_to_the_library(secured: bool) -> None:
    one, two = socket.socketpair()
    with one, two, made(connection=one, secured=secured) as connection:
        assert lib.smtpconn_options_secured(connection._options.handle) == secured


def test_a_key_in_memory_gets_to_the_library(recorder: Recorder) -> None:
    with made(tls_key="PEM of a key", tls_certificate="PEM of a certificate"):
        assert ("tls_key", b"PEM of a key") in recorder.calls


def test_nothing_is_set_that_was_not_given(recorder: Recorder) -> None:
    with made():
        assert [name for name, _ in recorder.calls] == ["transaction_log"]


@pytest.mark.parametrize("seconds", [0.0005, 0.001, 1e-9])
def test_a_very_short_limit_is_not_the_default(seconds: float) -> None:
    # 0 milliseconds would mean the default.
    with made(command_timeout=seconds) as connection:
        assert lib.smtpconn_options_command_timeout(connection._options.handle) == 1
