"""URLs of servers: `smtps://ann@mail.example.org` becomes options and a user."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable, Final, Optional
from urllib.parse import unquote_to_bytes

from ._constants import AddressFamily, Chunking
from ._errors import OptionsError
from ._table import HOOKS, OPTIONS

#: What each scheme sets.  A port in the URL replaces the one here.
SCHEMES: Final[Mapping[str, Mapping[str, object]]] = {
    "smtp": {},
    "smtps": {"secure": True},
    # Port 465 would turn `secure` on.  587 is the port of submission (RFC 6409 section 3.1).
    "smtp+starttls": {"require_tls": True, "secure": False, "port": 587},
    "smtp+unix": {},
    "lmtp": {"lmtp": True},
    "lmtp+starttls": {"lmtp": True, "require_tls": True, "secure": False},
    "lmtp+unix": {"lmtp": True},
}

#: The parts of any URL (RFC 3986 appendix B), scheme and authority required.
_PARTS: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_HOST: Final = re.compile(r"(?:\[(?P<address>[^][]*)\]|(?P<name>[^][:]*))(?::(?P<port>[^:]*))?")
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Blanks and control characters: some programs drop them, and so would read another URL.
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f\u0080-\u00a0\u2028\u2029]")

#: Keywords of `Connection` that have a text, beside the options of the table.
_MORE: Final = {"timeout": "seconds", "tls_key_password": "text"}

_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False}
_NAMES: Final[Mapping[str, Mapping[str, int]]] = {
    "chunking": {each.name.lower(): each for each in Chunking},
    "address_family": {each.name.lower(): each for each in AddressFamily},
}


@dataclass(frozen=True)
class ServerURL:
    """What a URL says.  Its repr has no secret, nor has any error of `parse_url`."""

    #: Keywords of `Connection`.  They may hold the password of a proxy.
    options: Mapping[str, object] = field(repr=False)
    user: Optional[str] = None
    password: Optional[str] = field(default=None, repr=False)


def parse_url(url: str) -> ServerURL:
    """Reads a URL; an OptionsError says what is wrong with it, and quotes no part of it that could
    belong to a password."""
    if not isinstance(url, str):
        raise TypeError(f"the URL must be a str, not {type(url).__name__}")
    parts = _PARTS.fullmatch(url)
    if parts is None:
        raise OptionsError("the URL must begin with a scheme and //, as smtp://mail.example.org")
    scheme = parts["scheme"].lower()
    if scheme not in SCHEMES:
        raise OptionsError(f"the scheme of the URL must be one of {', '.join(SCHEMES)}")
    if _UNSEEN.search(url):
        raise OptionsError("the URL holds a blank or a control character: percent-encode it")
    userinfo, at, server = parts["authority"].rpartition("@")
    rest = url[parts.end("authority") :]
    if "@" in rest or parts["fragment"] is not None:
        # What was meant as a password may have ended at its "/", "?" or "#".
        raise OptionsError(
            'the URL has "#", or "@" after the host: percent-encode these and "/" and "?" '
            "where they belong to a user name, a password or a value"
        )
    options: dict[str, object] = dict(SCHEMES[scheme])
    if scheme.endswith("+unix"):
        options["socket_path"] = _socket_path(server, parts["path"])
    else:
        options.update(_host_and_port(server))
        if parts["path"] not in ("", "/"):
            raise OptionsError(
                "the URL of a host has no path; that of a Unix domain socket begins with "
                "smtp+unix:// or lmtp+unix://"
            )
    _add_query(options, parts["query"])
    user, colon, password = userinfo.partition(":")
    if at and not user:
        raise OptionsError('the URL has no user name before "@"')
    return ServerURL(
        options,
        _decoded(user, "the user name") if at else None,
        _decoded(password, "the password") if colon else None,
    )


def option_value(name: str, text: str) -> object:
    """The value of an option from text, as in a URL: `true`, `2.5`, `optimistic`."""
    kind = _MORE.get(name) or OPTIONS.get(name)
    if (kind is None and name in HOOKS) or kind == "descriptor":
        raise OptionsError(f"{name} cannot be given as text: it is an argument of Connection")
    if kind is None:
        near = difflib.get_close_matches(name, OPTIONS, 1)
        hint = f": did you mean {near[0]}?" if near else ""
        raise OptionsError(f"{name} is not an option of a connection{hint}")
    if name in _NAMES:
        return _one_of(_NAMES[name], name, text.lower())
    return _READERS.get(kind, _text)(name, text)


def _one_of(values: Mapping[str, object], name: str, text: str) -> object:
    if text not in values:
        raise OptionsError(f"{name} must be one of {', '.join(values)}, not {text!r}")
    return values[text]


def _flag(name: str, text: str) -> object:
    return _one_of(_FLAGS, name, text.lower())


def _number(name: str, text: str) -> object:
    # Ten digits are more than any option has, and int() refuses very many.
    if not re.fullmatch(r"-?[0-9]{1,10}", text):
        raise OptionsError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _seconds(name: str, text: str) -> object:
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,10})?", text):
        raise OptionsError(f"{name} must be a number of seconds, as 30 or 2.5, not {text!r}")
    return float(text)


def _text(_name: str, text: str) -> object:
    return text


_READERS: Final[Mapping[str, Callable[[str, str], object]]] = {
    "flag": _flag,
    "number": _number,
    "seconds": _seconds,
}


def _host_and_port(server: str) -> dict[str, object]:
    found = _HOST.fullmatch(server)
    if found is None:
        raise OptionsError("the host of the URL is wrong; an IPv6 address is written in brackets")
    host = _decoded(found["name"] if found["address"] is None else found["address"], "the host")
    if not host:
        raise OptionsError(
            "the URL has no host; that of a Unix domain socket begins with smtp+unix:// or "
            "lmtp+unix://"
        )
    if found["address"] is not None and ":" not in host:
        raise OptionsError("the URL has brackets around what is no IPv6 address")
    options: dict[str, object] = {"host": host}
    port = found["port"]
    if port:  # RFC 3986 section 3.2.3 allows an empty one.
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise OptionsError("the port of the URL must be a number from 1 to 65535")
        options["port"] = int(port)
    return options


def _socket_path(server: str, path: str) -> str:
    if server:
        raise OptionsError("the URL of a Unix domain socket has no host: write three slashes")
    if path in ("", "/"):
        raise OptionsError("the URL of a Unix domain socket needs the path of the socket")
    _check_percent(path, "the path")
    return os.fsdecode(unquote_to_bytes(path))


def _add_query(options: dict[str, object], query: str | None) -> None:
    for pair in filter(None, (query or "").split("&")):
        name, equals, text = pair.partition("=")
        name = _decoded(name, "the name of a parameter")
        value = option_value(name, _decoded(text, name))
        if not equals:
            raise OptionsError(f"{name} needs a value: {name}=...")
        if name in options:
            raise OptionsError(f"{name} is given twice: the URL has it already")
        options[name] = value


def _check_percent(text: str, what: str) -> None:
    if _BAD_PERCENT.search(text):
        raise OptionsError(f'"%" in {what} of the URL must begin two hexadecimal digits')


def _decoded(text: str, what: str) -> str:
    _check_percent(text, what)
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        pass
    # Here, so that no context of the error holds what may be a password.
    raise OptionsError(f"{what} in the URL is not UTF-8")
