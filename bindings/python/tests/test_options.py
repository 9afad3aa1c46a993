"""Every option of the library is a keyword of `Connection`, and its value gets there."""

from __future__ import annotations

import inspect
import socket
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import option_rows
import smtpconn
from smtpconn import _ffi, _options, _table
from smtpconn._library import lib

SETTER = "smtpconn_options_set_"
SETTERS = [
    function.name[len(SETTER) :]
    for function in _ffi.FUNCTIONS
    # A URL is read by Python: see test_url_in_c.py.
    if function.name.startswith(SETTER) and function.name != "smtpconn_options_set_url"
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
    "on_progress",
    "tls_session",
    "timeout",
    "context",
}

#: Each keyword: a value that is not the default, and what the getter of the library then gives.
#: None is for a secret or a function, which has no getter.
VALUES: dict[str, tuple[Any, Any]] = {
    **option_rows.VALUES,
    "custom_mechanisms": ({"X-OWN": lambda exchange, challenge: b""}, None),
    "tls_key_password": ("sesame", None),
    "tls_context_callback": (lambda context: None, None),
    "tls_key_log": (lambda line: None, None),
}

#: About a socket that is open already: they have a test of their own.
DESCRIPTORS = ["socket", "connection", "secured"]


#: Options that make sense only together with others.
def _companions(name: str) -> dict[str, Any]:
    other = option_rows.NEEDS.get(name)
    return {} if other not in VALUES else {**_companions(other), other: VALUES[other][0]}


COMPANIONS = {name: _companions(name) for name in option_rows.NEEDS}


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
    return _table.HOOKS.get(keyword, keyword)


def keywords() -> list[str]:
    return list(inspect.signature(smtpconn.Connection).parameters)


def test_every_setter_has_a_keyword_and_every_keyword_a_setter() -> None:
    found = {setter_of(name) for name in keywords() if name not in NOT_OPTIONS}
    assert found == set(SETTERS)


def test_every_keyword_has_a_value_here() -> None:
    assert {*VALUES, *DESCRIPTORS} == {*keywords()} - NOT_OPTIONS


def test_the_options_as_a_dict() -> None:
    hints = typing.get_type_hints(smtpconn.Connection.__init__)
    options = typing.get_type_hints(smtpconn.ConnectionOptions)
    assert options == {name: hints[name] for name in keywords() if name in options}
    assert set(options) == {*_table.OPTIONS, *_table.HOOKS, "tls_session", "timeout", "context"}
    # The type checker takes it for the keywords.
    given: smtpconn.ConnectionOptions = {"port": 2525, "lmtp": True}
    with made(**given) as connection:
        assert lib.smtpconn_options_port(connection._options.handle) == 2525


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


@pytest.mark.parametrize("keyword", ["host", "name", "tls_servername"])
def test_a_name_outside_ascii(keyword: str) -> None:
    with made(**{keyword: "bücher.example"}) as connection:
        getter = getattr(lib, f"smtpconn_options_{keyword}")
        assert getter(connection._options.handle) == b"xn--bcher-kva.example"
    given: dict[str, Any] = {keyword: "☕.example"}
    complaint = f'^{keyword} "☕.example" has no A-label: "☕"'
    with pytest.raises(smtpconn.OptionsError, match=complaint):
        smtpconn.Connection(**given)


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
