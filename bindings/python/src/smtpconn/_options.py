"""Options: keyword arguments become a C object."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator, Mapping
from ctypes import create_string_buffer
from typing import TYPE_CHECKING, Any, Callable, Final

from ._errors import OptionsError
from ._failure import check
from ._ffi import ReleaseCallback
from ._hooks import MECHANISM, PASSWORD, TLS_CONTEXT, Hook
from ._library import lib
from ._text import encode, encode_flag, encode_list, encode_path

if TYPE_CHECKING:
    from ._driven import DrivenConnection
    from ._ffi import OptionsHandle

#: The connection keeps its hooks itself.
_NO_RELEASE: Final = ReleaseCallback()


def _text(value: object, what: str) -> bytes:
    return encode(value, what, OptionsError)


def _path(value: object, what: str) -> bytes:
    return encode_path(value, what, OptionsError)


def _number(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    # ctypes would cut off what does not fit: port 4294967321 would become 25.
    if not -(2**31) <= value < 2**31:
        raise OptionsError(f"{what} is out of range: {value}")
    return value


def _seconds(value: object, what: str) -> int:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds, not {type(value).__name__}")
    # 0 means "the default" in C; here None does, and 0 is a mistake.
    if not (math.isfinite(value) and 0 < value <= 86400):
        raise OptionsError(f"{what} must be more than 0 and at most 86400 seconds, not {value}")
    return math.ceil(value * 1000)


def _descriptor(value: object, what: str) -> int:
    if isinstance(value, int):
        descriptor = _number(value, what)
    elif callable(getattr(value, "fileno", None)):
        descriptor = value.fileno()  # type: ignore[attr-defined]
    else:
        raise TypeError(f"{what} must be a socket or an int, not {type(value).__name__}")
    # -1 means "none" in C; here None does, and a socket that was closed has -1.
    if descriptor < 0:
        raise OptionsError(f"{what} is not an open socket")
    return descriptor


def _list(value: object, what: str) -> bytes:
    return encode_list(value, what, OptionsError)


def _keywords(value: object, what: str) -> bytes:
    return encode_list(value, what, OptionsError, separator=b" ")


#: Each option and how its value is carried into C.
OPTIONS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "host": _text,
    "port": _number,
    "secure": encode_flag,
    "ignore_tls": encode_flag,
    "require_tls": encode_flag,
    "opportunistic_tls": encode_flag,
    "lmtp": encode_flag,
    "socket_path": _path,
    "local_address": _text,
    "local_port": _number,
    "socket": _descriptor,
    "connection": _descriptor,
    "secured": encode_flag,
    "name": _text,
    "dns_timeout": _seconds,
    "connection_timeout": _seconds,
    "greeting_timeout": _seconds,
    "socket_timeout": _seconds,
    "command_timeout": _seconds,
    "final_reply_timeout": _seconds,
    "quit_timeout": _seconds,
    "operation_timeout": _seconds,
    "chunking": _number,
    "ignored_capabilities": _keywords,
    "auth_method": _text,
    "initial_response": encode_flag,
    "hello_after_login": encode_flag,
    "allow_insecure_auth": encode_flag,
    "tls_servername": _text,
    "tls_ca_file": _path,
    "tls_ca_directory": _path,
    "tls_ca": _text,
    "tls_certificate_file": _path,
    "tls_certificate": _text,
    "tls_key_file": _path,
    "tls_key": _text,
    "tls_ciphers": _text,
    "tls_cipher_suites": _text,
    "tls_groups": _text,
    "tls_min_version": _text,
    "tls_max_version": _text,
    "tls_alpn": _list,
    "tls_reject_unauthorized": encode_flag,
    "tls_resumption": encode_flag,
    "transaction_log": encode_flag,
    "debug": encode_flag,
}


def _function(value: object, what: str) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError(f"{what} must be callable, not {type(value).__name__}")
    return value


def _mechanisms(value: object, what: str, owner: DrivenConnection) -> Iterator[tuple[Any, ...]]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a dict, not {type(value).__name__}")
    for name, function in value.items():
        label = f"{what}[{name!r}]"
        hook = Hook(owner, name, _function(function, label))
        yield _text(name, label), MECHANISM, _NO_RELEASE, hook.token


def _password(value: object, what: str, owner: DrivenConnection) -> Iterator[tuple[Any, ...]]:
    if not (isinstance(value, (str, bytes)) or callable(value)):
        raise TypeError(f"{what} must be str, bytes or callable, not {type(value).__name__}")
    hook = Hook(owner, what, value if callable(value) else lambda: value)
    yield PASSWORD, _NO_RELEASE, hook.token


def _tls_context(value: object, what: str, owner: DrivenConnection) -> Iterator[tuple[Any, ...]]:
    yield TLS_CONTEXT, _NO_RELEASE, Hook(owner, what, _function(value, what)).token


#: Options that are Python code: the name of the setter, and the arguments of each call of it.
HOOKS: Final[
    Mapping[str, tuple[str, Callable[[object, str, DrivenConnection], Iterator[tuple[Any, ...]]]]]
] = {
    "custom_mechanisms": ("custom_mechanism", _mechanisms),
    "tls_key_password": ("tls_key_password_callback", _password),
    "tls_context_callback": ("tls_context_callback", _tls_context),
}


class Options:
    """The C object.  None leaves an option at its default."""

    def __init__(
        self, values: Mapping[str, object], tls_session: object, owner: DrivenConnection
    ) -> None:
        handle = lib.smtpconn_options_new()
        if not handle:
            raise MemoryError("no memory for options")
        self.handle: Final[OptionsHandle] = handle
        #: Frees it; the second time does nothing.
        self.free: Final = weakref.finalize(self, lib.smtpconn_options_free, handle)
        self.free.atexit = False
        try:
            self._fill(values, owner)
            # Behind all options, which would make the C object forget it.
            if tls_session is not None:
                self._add_session(tls_session)
        except BaseException:
            self.free()
            raise

    def _fill(self, values: Mapping[str, object], owner: DrivenConnection) -> None:
        for name, value in values.items():
            if value is None:
                continue
            setter_name, calls = _calls(name, value, owner)
            setter = getattr(lib, f"smtpconn_options_set_{setter_name}")
            for arguments in calls:
                self._check(setter(self.handle, *arguments))

    def _add_session(self, session: object) -> None:
        if not isinstance(session, bytes):
            raise TypeError(f"tls_session must be bytes, not {type(session).__name__}")
        self._check(lib.smtpconn_options_add_tls_session(self.handle, session, len(session)))

    def take_session(self) -> bytes | None:
        """The newest TLS session, None without one."""
        room = create_string_buffer(0)
        while True:
            size: int = lib.smtpconn_options_take_tls_session(self.handle, room, len(room))
            if size <= len(room):
                return room.raw[:size] or None
            # Another, which is larger, may come before the next look.
            room = create_string_buffer(size)

    def _check(self, status: int) -> None:
        check(status, lib.smtpconn_options_last_error, self.handle)


def _calls(
    name: str, value: object, owner: DrivenConnection
) -> tuple[str, Iterable[tuple[Any, ...]]]:
    if name in HOOKS:
        setter_name, convert = HOOKS[name]
        return setter_name, convert(value, name, owner)
    return name, [(OPTIONS[name](value, name),)]
