"""Where to connect to and how to log in, from a URL, from arguments, or from both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Optional, cast

from ._auth import Credentials, LoginKeywords
from ._errors import OptionsError
from ._url import parse_url

#: The arguments of `login`.
LOGIN: Final = tuple(each.name for each in dataclasses.fields(Credentials))


class Target(NamedTuple):
    """Secrets are in it."""

    #: Keywords of a connection.
    options: dict[str, Any]
    #: Keywords of `login`, None when there is nothing to log in with.
    login: Optional[LoginKeywords]

    def __repr__(self) -> str:
        return "<Target>"


def target_of(url: Optional[str], arguments: Mapping[str, Any]) -> Target:
    """Divides the arguments, those that are None left out, and adds what the URL says.

    What is in both is an OptionsError: nobody has to know which one counts.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    if url is not None:
        parsed = parse_url(url)
        said = {**parsed.options, "user": parsed.user, "password": parsed.password}
        for name, value in said.items():
            if value is None:
                continue
            if name in given:
                raise OptionsError(f"{name} is given twice: by the URL and as an argument")
            given[name] = value
    login = {name: given.pop(name) for name in LOGIN if name in given}
    if not login:
        return Target(given, None)
    return Target(given, cast(LoginKeywords, {"user": None, **login}))
