"""Where passwords and tokens come from."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Iterator
from typing import Any, Final, cast

from ._auth import LoginKeywords
from ._cli_arguments import UsageError
from ._target import Target

#: Octets; no password is longer, and the wrong descriptor may be endless.
_LIMIT: Final = 65536

#: Options whose values are secrets.
_SECRET_OPTIONS: Final = ("proxy_password", "tls_key_password", "tls_key")


def warnings_about(wanted: argparse.Namespace, target: Target) -> Iterator[str]:
    """What other users of the machine can see in the list of processes."""
    advice = "is visible to other users in the list of processes"
    for name in ("password", "token"):
        if getattr(wanted, name) is not None:
            yield f"--{name} {advice}: use --{name}-fd, --{name}-env or --{name}-prompt"
    if wanted.url_from_environment:
        return
    if wanted.url is not None and target.login is not None and "password" in target.login:
        yield f"the password in --url {advice}: use --password-fd or SMTPCONN_URL"
    for name in _SECRET_OPTIONS:
        if name in target.options:
            yield f"{name} {advice}: put it into SMTPCONN_URL"
    if "@" in str(target.options.get("proxy", "")):
        yield f"the login in the URL of the proxy {advice}: put it into SMTPCONN_URL"


def add_secret(wanted: argparse.Namespace, target: Target) -> Target:
    """The target with the password or the token that the arguments name, or that is asked for."""
    login: dict[str, Any] = dict(target.login or {})
    source = _source(wanted)
    if source is None:
        if "user" not in login or "password" in login or _has_certificate(target):
            return target
        source = "password_prompt"
    if "user" not in login:
        raise UsageError(f"argument {_name(source)}: it needs --user, or a user in the URL")
    if "password" in login:
        raise UsageError(f"argument {_name(source)}: the URL has a password already")
    keyword = "password" if source.startswith("password") else "access_token"
    login[keyword] = _read(wanted, source, login["user"])
    return Target(target.options, cast(LoginKeywords, login))


def _source(wanted: argparse.Namespace) -> str | None:
    for kind in ("password", "token"):
        for name in (f"{kind}_fd", f"{kind}_env", f"{kind}_prompt", kind):
            if getattr(wanted, name) not in (None, False):
                return name
    return None


def _name(source: str) -> str:
    return "--" + source.replace("_", "-")


def _has_certificate(target: Target) -> bool:
    """Whether EXTERNAL may do without a password."""
    return any(name in target.options for name in ("tls_certificate", "tls_certificate_file"))


def _read(wanted: argparse.Namespace, source: str, user: str) -> str:
    value = getattr(wanted, source)
    if source.endswith("_fd"):
        return _from_descriptor(value, _name(source))
    if source.endswith("_env"):
        if not os.environ.get(value):
            raise UsageError(f"argument {_name(source)}: the environment has no {value}")
        return os.environ[value]
    if source.endswith("_prompt"):
        what = "Password" if source.startswith("password") else "Access token"
        return _from_terminal(f"{what} of {user}: ", _name(source))
    return str(value)


def _from_descriptor(descriptor: int, name: str) -> str:
    octets = b""
    try:
        while len(octets) <= _LIMIT:
            block = os.read(descriptor, _LIMIT)
            octets += block
            if not block or b"\n" in block:
                break
    except OSError as error:
        raise UsageError(
            f"argument {name}: {descriptor} cannot be read: {error.strerror}"
        ) from None
    line = octets.partition(b"\n")[0].rstrip(b"\r")
    if not line or len(line) > _LIMIT:
        raise UsageError(f"argument {name}: a line of 1 to {_LIMIT} octets is needed")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # Here, so that no context of the error has the octets.
    raise UsageError(f"argument {name}: what was read is not UTF-8")


def _from_terminal(prompt: str, name: str) -> str:
    # getpass would read standard input instead, and that may be the message.
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise UsageError(
            f"argument {name}: there is no terminal to ask on: use --password-fd, --password-env, "
            "--token-fd or --token-env"
        ) from None
    answer = getpass.getpass(prompt)
    if not answer:
        raise UsageError(f"argument {name}: nothing was entered")
    return answer
