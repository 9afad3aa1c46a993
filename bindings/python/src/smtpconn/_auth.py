"""Credentials, and what a login asks the program for."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ctypes import addressof
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Callable, Final, Optional, TypedDict, Union

from ._errors import AuthError
from ._failure import bare_error, check
from ._ffi import ReleaseCallback, TokenCallback
from ._hooks import PlainExchange
from ._library import lib
from ._text import encode, shortened

if TYPE_CHECKING:
    from ._ffi import AuthHandle, ExchangeHandle, TokenRequestHandle
    from ._operation import Operation

#: An access token, alone or with the time at which it expires, in seconds since 1970.
Token = Union[str, tuple[str, Optional[float]]]
TokenSource = Callable[[bool], Token]

_tokens: Final = itertools.count(1)

#: By token, which is the `user` of the C callbacks.  The operation keeps its login alive.
_logins: Final[weakref.WeakValueDictionary[int, Login]] = weakref.WeakValueDictionary()

#: What `user` is, nobody has to be told.
_NO_RELEASE: Final = ReleaseCallback()


class LaterToken:
    """What a token source of this package returns when the token comes later.

    `start` gets a function for the token and one for what failed.  One of the two is called, once,
    outside of callbacks or inside of one, in the thread of the loop.
    """

    def __init__(
        self,
        start: Callable[[Callable[[Token], None], Callable[[BaseException], None]], None],
    ) -> None:
        self.start: Final = start


#: What a `Login` takes: the package has sources of its own.
_AnySource = Callable[[bool], Union[Token, LaterToken]]


@dataclass
class Credentials:
    """The arguments of `login`, which explains them.  The library tells what is missing."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authorization_identity: str | None = None
    access_token: str | None = field(default=None, repr=False)
    expires: float | None = None
    token: _AnySource | None = None
    refresh_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    scope: str | None = None
    access_url: str | None = None
    service_client: str | None = None
    private_key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Credentials:
        """From the arguments of a method, which may have others beside them."""
        return cls(**{each.name: arguments[each.name] for each in fields(cls)})


class LoginKeywords(TypedDict, total=False):
    """The arguments of `login`, in a dict."""

    user: Optional[str]
    password: Optional[str]
    authorization_identity: Optional[str]
    access_token: Optional[str]
    expires: Optional[float]
    token: Optional[TokenSource]
    refresh_token: Optional[str]
    client_id: Optional[str]
    client_secret: Optional[str]
    scope: Optional[str]
    access_url: Optional[str]
    service_client: Optional[str]
    private_key: Optional[str]


class Login:
    """The part of a login that runs in Python."""

    def __init__(self, token_source: _AnySource | None, exchange_type: type[PlainExchange]) -> None:
        #: What the program's own function raised, if it did.
        self.failure: BaseException | None = None
        #: The library forgets its requests when the login is over.
        self.over = False
        self.token = next(_tokens)
        self._token_source = token_source
        self._exchange_type = exchange_type
        self._exchanges: dict[int, PlainExchange] = {}
        _logins[self.token] = self

    def exchange(
        self, handle: ExchangeHandle, mechanism: str, operation: Operation
    ) -> PlainExchange:
        """The same object for the same exchange."""
        address = addressof(handle.contents)
        known = self._exchanges.get(address)
        if known is None or known.mechanism != mechanism:
            known = self._exchanges[address] = self._exchange_type(handle, mechanism, operation)
        return known

    def provide(self, request: TokenRequestHandle, renew: bool) -> None:
        assert self._token_source is not None
        try:
            token = self._token_source(renew)
            if isinstance(token, LaterToken):
                token.start(
                    lambda token: self._give(request, token),
                    lambda error: self._refuse(request, error),
                )
                return
        except BaseException as error:
            self._refuse(request, error)
            return
        self._give(request, token)

    def _give(self, request: TokenRequestHandle, answer: Token) -> None:
        try:
            token, expires = _parts(answer)
            octets = encode(token, "the access token", AuthError)
            seconds = _seconds(expires)
            if not self.over:
                status: int = lib.smtpconn_token_request_provide(request, octets, seconds)
                if status < 0:
                    raise bare_error(status)
        except BaseException as error:
            self._refuse(request, error)

    def _refuse(self, request: TokenRequestHandle, error: BaseException) -> None:
        self.failure = self.failure or error
        if not self.over:
            lib.smtpconn_token_request_fail(request, type(error).__name__.encode())


def _parts(token: Token) -> tuple[str, float | None]:
    return (token[0], token[1]) if isinstance(token, tuple) else (token, None)


def _seconds(expires: float | None) -> int:
    if expires is None:
        return 0
    if not isinstance(expires, (int, float)) or isinstance(expires, bool):
        raise TypeError(f"expires must be seconds since 1970, not {type(expires).__name__}")
    # 0 means "not known" in C; here None does.
    if not 1 <= expires < 2**63:
        raise AuthError(f"expires is out of range: {shortened(expires)}")
    return int(expires)


@contextmanager
def opened_auth(credentials: Credentials, login: Login) -> Iterator[AuthHandle]:
    """The C object, erased and freed at the end."""
    auth = lib.smtpconn_auth_new()
    if not auth:
        raise MemoryError("no memory for credentials")
    try:
        _fill(auth, credentials, login)
        yield auth
    finally:
        lib.smtpconn_auth_free(auth)


def _fill(auth: AuthHandle, given: Credentials, login: Login) -> None:
    def text(name: str) -> bytes | None:
        value = getattr(given, name)
        return None if value is None else encode(value, name, AuthError)

    def put(name: str, *arguments: Any) -> None:
        status = getattr(lib, f"smtpconn_auth_set_{name}")(auth, *arguments)
        check(status, lib.smtpconn_auth_last_error, auth)

    for name in (
        "user",
        "password",
        "authorization_identity",
        "refresh_token",
        "scope",
        "access_url",
    ):
        put(name, text(name))
    put("access_token", text("access_token"), _seconds(given.expires))
    put("client", text("client_id"), text("client_secret"))
    put("service_account", text("service_client"), text("private_key"))
    if given.token is not None:
        if not callable(given.token):
            raise TypeError(f"token must be callable, not {type(given.token).__name__}")
        put("token_callback", _TOKEN, _NO_RELEASE, login.token)


def _on_token(request: TokenRequestHandle, renew: int, token: int) -> None:
    login = _logins.get(token)
    if login is not None:
        login.provide(request, bool(renew))


#: One C function for all, alive as long as the module: the token tells them apart.
_TOKEN: Final = TokenCallback(_on_token)
