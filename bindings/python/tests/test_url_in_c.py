"""The URL form of options in C: the same table as the parser of Python, and the same meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from smtpconn import _table
from smtpconn._constants import ErrorCode
from smtpconn._errors import OptionsError
from smtpconn._library import lib
from smtpconn._options import Options
from smtpconn._url import parse_url
from test_url import PLAIN, WRONG

#: Options in a URL are for Python alone.
PLAIN_IN_C = [url for url in PLAIN if "?" not in url]


@pytest.fixture
def options() -> Iterator[Any]:
    handle = lib.smtpconn_options_new()
    yield handle
    lib.smtpconn_options_free(handle)


@pytest.fixture
def auth() -> Iterator[Any]:
    handle = lib.smtpconn_auth_new()
    yield handle
    lib.smtpconn_auth_free(handle)


def in_c(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def by_python(url: str) -> Options:
    owner: Any = None  # Nothing here is a function.
    return Options(parse_url(url).options, None, owner)


def values(handle: Any) -> dict[str, object]:
    """What every getter returns: but for secrets, and descriptors."""
    names = {f"smtpconn_options_{name}" for name in _table.OPTIONS}
    return {name: getattr(lib, name)(handle) for name in names if hasattr(lib, name)}


def message(handle: Any) -> str:
    error = lib.smtpconn_options_last_error(handle)
    assert lib.smtpconn_error_code(error) == ErrorCode.EOPTIONS
    text: bytes = lib.smtpconn_error_message(error)
    return text.decode()


@pytest.mark.parametrize("url", PLAIN_IN_C)
def test_the_same_options(url: str, options: Any, auth: Any) -> None:
    result = lib.smtpconn_options_set_url(options, in_c(url), None)
    try:
        same = by_python(url)
    except OptionsError:  # The value of an option that is not checked by the parser.
        assert result == ErrorCode.EOPTIONS
    else:
        assert result == 0
        assert values(options) == values(same.handle)


@pytest.mark.parametrize("url", WRONG)
def test_the_same_is_refused(url: str, options: Any, auth: Any) -> None:
    before = values(options)
    assert lib.smtpconn_options_set_url(options, in_c(url), auth) == ErrorCode.EOPTIONS
    assert message(options)
    assert values(options) == before


def test_nothing_is_set_in_part(options: Any, auth: Any) -> None:
    before = values(options)
    url = b"smtps://ann:sesame@h%:2525"
    assert lib.smtpconn_options_set_url(options, url, auth) == ErrorCode.EOPTIONS
    assert values(options) == before


def test_a_user_needs_auth(options: Any, auth: Any) -> None:
    assert lib.smtpconn_options_set_url(options, b"smtp://ann:sesame@h", None) == ErrorCode.EOPTIONS
    assert message(options) == "the URL has a user name, and there is no `auth` for it"
    assert lib.smtpconn_options_set_url(options, b"smtp://ann:sesame@h", auth) == 0
    assert lib.smtpconn_options_set_url(options, b"smtp://h", auth) == 0


def test_null(options: Any, auth: Any) -> None:
    assert lib.smtpconn_options_set_url(options, None, auth) == ErrorCode.EOPTIONS
    assert lib.smtpconn_options_set_url(None, b"smtp://h", auth) == ErrorCode.ESTATE


@pytest.mark.parametrize("url", ["smtp://h?command_timeout=3", "smtp://h/?", "smtp+unix:///s?a=b"])
def test_parameters_are_refused(url: str, options: Any) -> None:
    assert lib.smtpconn_options_set_url(options, url.encode(), None) == ErrorCode.EOPTIONS
    assert "set these options with their functions" in message(options)


@pytest.mark.parametrize("special", ["", "/", "?", "#", "@", "%", " ", "%zz", "&", ":", "[", "\n"])
@pytest.mark.parametrize(
    "url",
    [
        "smtp://ann:ses{}ame@h:x",
        "smtp://ann:ses{}ame@h?name=%",
        "smtp://ann:ses{}ame@h/path",
        "smtp://ann:ses{}ame@[h",
        "smtp://ann:ses{}ame",
        "smtp://ann:12{}ses{}ame@h",
        "smtp+unix://ann:ses{}ame@h/run/s",
        "smtp://ann:%ffses{}ame@h",
        "mail://ann:ses{}ame@h",
        "smtp:ann:ses{}ame@h",
    ],
)
def test_no_error_quotes_a_password(url: str, special: str, options: Any, auth: Any) -> None:
    whole = url.replace("{}", special)
    if lib.smtpconn_options_set_url(options, whole.encode(), auth) == 0:
        return
    shown = message(options)
    assert "ses" not in shown
    assert "ame" not in shown.replace("name", "").replace("parameter", "")


def test_what_python_refuses_is_refused(options: Any, auth: Any) -> None:
    """A part of every URL of the tables, cut and with an octet too many."""
    for url in PLAIN_IN_C:
        for at in range(len(url)):
            for changed in (url[:at], url[:at] + "%" + url[at:], url[:at] + "]" + url[at:]):
                try:
                    by_python(changed)
                    is_right = True
                except OptionsError:
                    is_right = False
                result = lib.smtpconn_options_set_url(options, in_c(changed), auth)
                assert (result == 0) == is_right, changed
