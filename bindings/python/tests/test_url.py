"""URLs of servers: what each part becomes, what is refused, and that no password is shown."""

from __future__ import annotations

import re
import traceback
from typing import Any

import pytest

import smtpconn
from option_rows import VALUES
from smtpconn import _table
from smtpconn._url import ServerURL, option_value, parse_url

PLAIN: dict[str, dict[str, Any]] = {
    "smtp://h": {"host": "h"},
    "SMTP://h/": {"host": "h"},
    "smtp://h:": {"host": "h"},
    "smtp://h:2525": {"host": "h", "port": 2525},
    "smtps://h": {"host": "h", "secure": True},
    "smtps://h:8465": {"host": "h", "port": 8465, "secure": True},
    "smtp+starttls://h": {"host": "h", "port": 587, "secure": False, "require_tls": True},
    "smtp+starttls://h:465": {"host": "h", "port": 465, "secure": False, "require_tls": True},
    "lmtp://h": {"host": "h", "lmtp": True},
    "lmtp+starttls://h": {"host": "h", "lmtp": True, "secure": False, "require_tls": True},
    "smtp+unix:///run/s": {"socket_path": "/run/s"},
    "lmtp+unix:///run/a%20b%40%3f": {"lmtp": True, "socket_path": "/run/a b@?"},
    "lmtp+unix:///run/%ff": {"lmtp": True, "socket_path": "/run/\udcff"},
    "smtp://192.0.2.1:26": {"host": "192.0.2.1", "port": 26},
    "smtp://[2001:db8::1]": {"host": "2001:db8::1"},
    "smtp://[2001:db8::1]:26": {"host": "2001:db8::1", "port": 26},
    "smtp://[fe80::1%25eth0]": {"host": "fe80::1%eth0"},
    "smtp://m%C3%BCller.example": {"host": "müller.example"},
    "smtp://müller.example": {"host": "müller.example"},
    "smtp://h?": {"host": "h"},
    "smtp://h?timeout=2.5": {"host": "h", "timeout": 2.5},
    "smtp://h?secure=true": {"host": "h", "secure": True},
    "smtp://h/?name=client.example&command_timeout=2.5&chunking=Optimistic": {
        "host": "h",
        "name": "client.example",
        "command_timeout": 2.5,
        "chunking": smtpconn.Chunking.OPTIMISTIC,
    },
    "smtp://h?tls_pins=sha256//AAEC+w8=": {"host": "h", "tls_pins": "sha256//AAEC+w8="},
    "smtp://h?proxy=socks5://p:1080&proxy_password=a%26b": {
        "host": "h",
        "proxy": "socks5://p:1080",
        "proxy_password": "a&b",
    },
    "smtp://h?address_family=ipv6&tls_key_password=x": {
        "host": "h",
        "address_family": smtpconn.AddressFamily.IPV6,
        "tls_key_password": "x",
    },
}


@pytest.mark.parametrize("url", PLAIN)
def test_the_parts(url: str) -> None:
    parsed = parse_url(url)
    assert parsed.options == PLAIN[url]
    assert (parsed.user, parsed.password) == (None, None)
    for name, value in PLAIN[url].items():
        assert type(parsed.options[name]) is type(value), name


@pytest.mark.parametrize(
    ("userinfo", "user", "password"),
    [
        ("ann", "ann", None),
        ("ann:", "ann", ""),
        ("ann:sesame", "ann", "sesame"),
        ("ann:a:b", "ann", "a:b"),
        ("ann@example.org:p@ss", "ann@example.org", "p@ss"),
        ("ann%40example.org:%2F%3F%23%25%3A", "ann@example.org", "/?#%:"),
        ("a%3Ab:%C3%A4", "a:b", "ä"),
        ("ann:a+b", "ann", "a+b"),
    ],
)
def test_user_and_password(userinfo: str, user: str, password: str | None) -> None:
    parsed = parse_url(f"smtps://{userinfo}@h:1465")
    assert (parsed.user, parsed.password) == (user, password)
    assert parsed.options == {"host": "h", "port": 1465, "secure": True}


def test_user_of_a_socket() -> None:
    parsed = parse_url("lmtp+unix://ann:sesame@/run/lmtp")
    assert parsed == ServerURL({"lmtp": True, "socket_path": "/run/lmtp"}, "ann", "sesame")


#: What is refused, and a part of the reason.
WRONG = {
    "": "must begin with a scheme and //",
    "h": "must begin with a scheme and //",
    "h:25": "must begin with a scheme and //",
    "smtp:h": "must begin with a scheme and //",
    "http://h": "scheme of the URL must be one of smtp, smtps, smtp+starttls, smtp+unix, lmtp",
    "smtp://": "no host; that of a Unix domain socket begins with smtp+unix:// or lmtp+unix://",
    "smtp://:25": "no host",
    "lmtp:///run/lmtp": "begins with smtp+unix:// or lmtp+unix://",
    "smtp://h/path": "has no path",
    "smtp://h:port": "port of the URL must be a number from 1 to 65535",
    "smtp://h:0": "port of the URL",
    "smtp://h:65536": "port of the URL",
    "smtp://h:+25": "port of the URL",
    "smtp://h:٢٥": "port of the URL",
    "smtp://::1": "IPv6 address is written in brackets",
    "smtp://[::1": "IPv6 address is written in brackets",
    "smtp://[::1]25": "IPv6 address is written in brackets",
    "smtp://[h]": "brackets around what is no IPv6 address",
    "smtp://@h": 'no user name before "@"',
    "smtp://:sesame@h": 'no user name before "@"',
    "smtp://h o": "blank or a control character",
    "smtp://h\n": "blank or a control character",
    "smtp://\u00a0h": "blank or a control character",
    "smtp://h#x": 'has "#", or "@" after the host',
    "smtp://h#": 'has "#", or "@" after the host',
    "smtp://h?name=a@b": 'has "#", or "@" after the host',
    "smtp://%h": '"%" in the host',
    "smtp://a%zz@h": '"%" in the user name',
    "smtp://a:%1@h": '"%" in the password',
    "smtp://a:%ff@h": "the password in the URL is not UTF-8",
    "smtp://%ff@h": "the user name in the URL is not UTF-8",
    "smtp+unix://h/run/s": "has no host: write three slashes",
    "smtp+unix://": "needs the path",
    "smtp+unix:///": "needs the path",
    "smtp+unix:///%g": '"%" in the path',
    "smtp://h?command_timeot=3": "command_timeot is not an option of a connection: did you mean "
    "command_timeout?",
    "smtp://h?=3": " is not an option of a connection",
    "smtp://h?command_timeout=soon": "command_timeout must be a number of seconds",
    "smtp://h?timeout=soon": "timeout must be a number of seconds",
    "smtp://h?context=x": "context is not an option of a connection",
    "smtp://h?command_timeout=inf": "command_timeout must be a number of seconds",
    "smtp://h?command_timeout=-1": "command_timeout must be a number of seconds",
    "smtp://h?require_tls=maybe": "require_tls must be one of true, false, 1, 0, not 'maybe'",
    "smtp://h?require_tls": "require_tls must be one of true, false, 1, 0, not ''",
    "smtp://h?name": "name needs a value",
    "smtp://h?tcp_keepalive_idle=1.5": "tcp_keepalive_idle must be a whole number",
    "smtp://h?tcp_keepalive_idle=" + "9" * 5000: "tcp_keepalive_idle must be a whole number",
    "smtp://h?chunking=2": "chunking must be one of off, on, optimistic",
    "smtp://h?address_family=ipv5": "address_family must be one of any, ipv4, ipv6",
    "smtp://h?name=a&name=b": "name is given twice",
    "smtp://h?host=b": "host is given twice",
    "smtps://h?secure=false": "secure is given twice",
    "smtp+starttls://h?require_tls=false": "require_tls is given twice",
    "smtp://h?socket=3": "socket cannot be given as text",
    "smtp://h?custom_mechanisms=x": "custom_mechanisms cannot be given as text",
    "smtp://h?tls_context_callback=x": "tls_context_callback cannot be given as text",
    "smtp://h?name=%ff": "name in the URL is not UTF-8",
}


@pytest.mark.parametrize("url", WRONG)
def test_what_is_refused(url: str) -> None:
    with pytest.raises(smtpconn.OptionsError, match=re.escape(WRONG[url])) as caught:
        parse_url(url)
    assert isinstance(caught.value, ValueError)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="the URL must be a str, not bytes"):
        parse_url(b"smtp://h")  # type: ignore[arg-type]


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
@pytest.mark.parametrize("special", ["", "/", "?", "#", "@", "%", " ", "%zz", "&", ":", "[", "\n"])
def test_no_error_quotes_a_password(url: str, special: str) -> None:
    """What is not encoded may end the password early: its rest is then where nobody expects it."""
    whole = url.replace("{}", special)
    try:
        shown = repr(parse_url(whole))
    except smtpconn.OptionsError as error:
        shown = "".join(traceback.format_exception(type(error), error, None))
        assert error.__context__ is None
    assert "ses" not in shown
    assert "ame" not in shown.replace("name", "")


@pytest.mark.parametrize("name", sorted({*_table.OPTIONS, *_table.HOOKS}))
def test_every_option_can_be_given_or_says_why_not(name: str) -> None:
    """The text of each value of the table becomes the same value again."""
    value = VALUES.get(name, ("x", None))[0]
    if name in {"socket", "connection"} or (name in _table.HOOKS and name != "tls_key_password"):
        with pytest.raises(smtpconn.OptionsError, match=f"{name} cannot be given as text"):
            option_value(name, "3")
        return
    if isinstance(value, list):
        value = (" " if _table.OPTIONS[name] == "keywords" else ",").join(value)
    kind = _table.OPTIONS.get(name, "text")
    if kind == "path":
        value = str(value)
    text = str(value).lower() if kind == "flag" else str(value)
    if name in {"chunking", "address_family"}:
        text = value.name
    if name == "secured":
        text, value = "true", True
    assert option_value(name, text) == value


def test_repr_has_no_secret() -> None:
    parsed = parse_url("smtp://ann:sesame@h?proxy_password=other")
    assert repr(parsed) == "ServerURL(user='ann')"
