"""Python code that the options of a connection name, and the C functions that run it."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from contextlib import suppress
from ctypes import memmove, string_at
from typing import Any, Callable, Final, Protocol, Union

from ._errors import AuthError, StateError
from ._failure import bare_error
from ._ffi import (
    ExchangeHandle,
    MechanismCallback,
    PasswordCallback,
    TLSContextCallback,
    TLSKeyLogCallback,
)
from ._library import lib
from ._operation import Operation, Starter
from ._text import encode

Password = Union[str, bytes, Callable[[], Union[str, bytes]]]
TLSContextHandler = Callable[[int], object]
KeyLogger = Callable[[str], object]

_tokens: Final = itertools.count(1)

#: Seconds after which a thread that is still in the loop waits for something in there.
_PATIENCE: Final = 1.0

#: By token, which is the `user` of the C callbacks.  Weak: the connection keeps its hooks, and a
#: connection that is dropped goes, also when one of them refers to it.
_hooks: Final[weakref.WeakValueDictionary[int, Hook]] = weakref.WeakValueDictionary()


class Owner(Starter, Protocol):
    """A connection, as its hooks see it."""

    _hooks: list[Hook]

    def _current_login(self) -> Operation | None: ...


class Hook:
    """One function of the program that the library may call on behalf of a connection."""

    def __init__(self, connection: Owner, name: str, function: Callable[..., Any]):
        self.name = name
        self.function = function
        self._connection = weakref.ref(connection)
        self.token = next(_tokens)
        _hooks[self.token] = self
        connection._hooks.append(self)

    @property
    def connection(self) -> Owner:
        connection = self._connection()
        if connection is None:
            raise StateError("the connection is gone")
        return connection


class PlainExchange:
    """All of an `Exchange` but the connection."""

    def __init__(self, handle: ExchangeHandle, mechanism: str, operation: Operation) -> None:
        self._handle = handle
        self._operation = operation
        #: The name of the mechanism, as in `custom_mechanisms`.
        self.mechanism = mechanism
        #: Whether the function of the mechanism is running.
        self.is_asked = False

    def respond(self, answer: bytes) -> None:
        """Responds to the challenge.  StateError when no challenge is unanswered."""
        if not isinstance(answer, (bytes, bytearray)):
            raise TypeError(f"an answer must be bytes, not {type(answer).__name__}")
        octets = bytes(answer)
        self._give(lib.smtpconn_exchange_respond, octets, len(octets))

    def fail(self, reason: str) -> None:
        """Ends the login with an AuthError.  StateError when no challenge is unanswered."""
        if not isinstance(reason, str):
            raise TypeError(f"a reason must be a str, not {type(reason).__name__}")
        text = reason.replace("\0", " ").encode("utf-8", "replace")
        self._give(lib.smtpconn_exchange_fail, text)

    def _give(self, function: Callable[..., int], *arguments: object) -> None:
        operation, core = self._operation, self._operation.loop._core
        own = (0, threading.get_ident())
        begun = time.monotonic()
        while True:
            turns = core.turns
            # The library forgets the exchange when the login is over, which may not be reported.
            if operation.look_for_record():
                raise StateError("the login is over")
            # Another thread in the loop comes out in a moment, unless a function of the program
            # that is called there waits for this.
            safe = self.is_asked or time.monotonic() - begun > _PATIENCE
            # Nothing comes between this and the call: see `Core`.
            if core.turns == turns and (safe or core.dispatcher in own):
                status = function(self._handle, *arguments)
                break
            time.sleep(0)
        if status < 0:
            raise bare_error(status)


def _exchange(hook: Hook, handle: ExchangeHandle) -> PlainExchange:
    operation = hook.connection._current_login()
    if operation is None or operation.login is None:
        raise StateError("the login is over")
    exchange: PlainExchange = operation.login.exchange(handle, hook.name, operation)
    return exchange


def _on_challenge(handle: ExchangeHandle, challenge: Any, length: int, token: int) -> None:
    hook = _hooks.get(token)
    if hook is None:
        return
    try:
        exchange = _exchange(hook, handle)
        # Whoever answers later waits for this in `run_once`.
        hook.connection.loop._delivery.activity += 1
        octets = string_at(challenge, length) if challenge else None
        exchange.is_asked = True
        try:
            answer = hook.function(exchange, octets)
            if answer is not None:
                exchange.respond(answer)
        except BaseException as error:
            _refuse(exchange, error)
        finally:
            exchange.is_asked = False
    except BaseException as error:
        _failed(hook, error)


def _refuse(exchange: PlainExchange, error: BaseException) -> None:
    login = exchange._operation.login
    if login is not None:
        login.failure = login.failure or error
    with suppress(StateError):
        exchange._give(lib.smtpconn_exchange_fail, type(error).__name__.encode())


def _failed(hook: Hook, error: BaseException) -> None:
    connection = hook._connection()
    if connection is not None:
        connection.loop._delivery.failed(connection, error, hook.name)


def _on_password(buffer: Any, capacity: int, token: int) -> int:
    hook = _hooks.get(token)
    if hook is None:
        return -1
    try:
        password = hook.function()
        octets: object = password
        if isinstance(password, str):
            octets = encode(password, hook.name, AuthError)
        if not isinstance(octets, (bytes, bytearray)):
            raise TypeError(f"a password must be str or bytes, not {type(password).__name__}")
        if len(octets) > capacity:
            raise AuthError(f"{hook.name} has more than {capacity} octets")
        memmove(buffer, bytes(octets), len(octets))
        return len(octets)
    except BaseException as error:
        _failed(hook, error)
        return -1


def _on_tls_context(context: int, token: int) -> int:
    hook = _hooks.get(token)
    if hook is None:
        return -1
    try:
        hook.function(context)
    except BaseException as error:
        # A context that was to be hardened, and is not, must not be used.
        _failed(hook, error)
        return -1
    return 0


def _on_tls_key(line: bytes, token: int) -> None:
    hook = _hooks.get(token)
    if hook is None:
        return
    try:
        hook.function(line.decode("ascii"))
    except BaseException as error:
        _failed(hook, error)


#: One C function for all, alive as long as the module: the token tells them apart.
MECHANISM: Final = MechanismCallback(_on_challenge)
PASSWORD: Final = PasswordCallback(_on_password)
TLS_CONTEXT: Final = TLSContextCallback(_on_tls_context)
TLS_KEY: Final = TLSKeyLogCallback(_on_tls_key)
