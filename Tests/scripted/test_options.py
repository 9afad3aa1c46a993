"""Values of options that are refused, and options that contradict each other."""

from __future__ import annotations

import pytest

from support.drive import Drive, Option

VALUES: list[tuple[str, Option]] = [
    *[("name", name) for name in ("a b", "a\x7fb", "-", "\u00ef b.example", "\u2615.example")],
    ("tls_min_version", "TLSv1.1"),
    ("tls_max_version", "1.3"),
    ("tls_max_version", ""),
    ("tls_alpn", "smtp,,x"),
    ("tls_alpn", "x" * 256),
    *[
        ("ignored_capabilities", keywords)
        for keywords in ("", " ", "STARTTLS", "SIZE starttls", "SIZE,DSN", "A\r\nB")
    ],
    ("socket_path", "/" + "x" * 107),
    ("proxy", "proxy.example:3128"),
    ("proxy_user", "u" * 256),
    ("proxy_password", "p" * 256),
    ("proxy_password", "p\r\n"),
]


@pytest.mark.parametrize(("option", "value"), VALUES)
def test_refused_values(drive: Drive, option: str, value: Option) -> None:
    drive.refuses(option, value)


def test_longest_path(drive: Drive) -> None:
    assert drive.set(drive.options(), "socket_path", "/" + "x" * 106) is None


@pytest.mark.parametrize("option", ["socket", "connection"])
@pytest.mark.parametrize("kind", ["udp4", "pipe", "file", 12345])
def test_wrong_kinds_of_descriptor(drive: Drive, option: str, kind: str | int) -> None:
    assert drive.refuses(option, kind).errno


def test_link_local_address_without_its_interface(drive: Drive) -> None:
    """The system would say "Invalid argument"."""
    options = drive.options()
    failure = drive.refuses("local_address", "fe80::1", options)
    assert "local_address must name the interface" in failure.message
    assert "fe80::1%eth0" in failure.message
    assert drive.set(options, "local_address", "fe80::1%lo") is None
    failure = drive.refused_connection(host="[fe80::1]")
    assert "host must name the interface" in failure.message


PIN = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
RECORD = "3 1 1 " + "00" * 32
POLICY = "version: STSv1\nmode: enforce\nmx: localhost\nmax_age: 86400\n"

PROXY = "socks5h://proxy.example"

CONTRADICTIONS: list[tuple[dict[str, Option], tuple[str, ...]]] = [
    ({"secure": 1, "ignore_tls": 1}, ("secure", "ignore_tls")),
    ({"require_tls": 1, "ignore_tls": 1}, ("require_tls", "ignore_tls")),
    ({"port": 465, "ignore_tls": 1}, ("secure", "ignore_tls")),
    ({"secure": 1, "opportunistic_tls": 1}, ("secure", "opportunistic_tls")),
    ({"require_tls": 1, "opportunistic_tls": 1}, ("require_tls", "opportunistic_tls")),
    ({"tls_key": "x"}, ("tls_key", "tls_certificate")),
    ({"tls_key_file": "/x"}, ("tls_key", "tls_certificate")),
    (
        {"tls_min_version": "TLSv1.3", "tls_max_version": "TLSv1.2"},
        ("tls_min_version", "tls_max_version"),
    ),
    ({"socket": "tcp4", "connection": "tcp4"}, ("socket", "connection")),
    ({"socket_path": "/s", "local_address": "127.0.0.1"}, ("socket_path", "local_address")),
    ({"socket_path": "/s", "socket": "unix"}, ("socket_path", "socket")),
    ({"socket_path": "/s", "connection": "unix"}, ("socket_path", "connection")),
    ({"local_port": 1025}, ("local_port", "local_address")),
    ({"secured": 1}, ("secured", "connection")),
    ({"tls_mta_sts": POLICY, "ignore_tls": 1}, ("tls_mta_sts", "ignore_tls")),
    ({"tls_mta_sts": POLICY, "opportunistic_tls": 1}, ("tls_mta_sts", "opportunistic_tls")),
    ({"tls_mta_sts": POLICY, "connection": "tcp4", "secured": 1}, ("tls_mta_sts", "secured")),
    ({"tls_mta_sts": POLICY, "tls_reject_unauthorized": 0}, ("tls_mta_sts", "unauthorized")),
    ({"tls_tlsa": RECORD, "ignore_tls": 1}, ("tls_tlsa", "ignore_tls")),
    ({"tls_tlsa": RECORD, "opportunistic_tls": 1}, ("tls_tlsa", "opportunistic_tls")),
    ({"tls_tlsa": RECORD, "connection": "tcp4", "secured": 1}, ("tls_tlsa", "secured")),
    ({"tls_tlsa": RECORD, "tls_require_ocsp": 1}, ("tls_tlsa", "tls_require_ocsp")),
    ({"tls_tlsa": RECORD, "tls_reject_unauthorized": 0}, ("tls_tlsa", "unauthorized")),
    ({"tls_crl_file": "/x", "tls_reject_unauthorized": 0}, ("tls_crl_file", "unauthorized")),
    ({"tls_crl_file": "/x", "ignore_tls": 1}, ("tls_crl_file", "ignore_tls")),
    ({"tls_crl_file": "/x", "opportunistic_tls": 1}, ("tls_crl_file", "opportunistic_tls")),
    ({"tls_crl_file": "/x", "connection": "tcp4", "secured": 1}, ("tls_crl_file", "secured")),
    ({"tls_crl_file": "/x", "tls_tlsa": RECORD}, ("tls_crl_file", "tls_tlsa")),
    ({"tls_require_ocsp": 1, "ignore_tls": 1}, ("tls_require_ocsp", "ignore_tls")),
    ({"tls_require_ocsp": 1, "opportunistic_tls": 1}, ("tls_require_ocsp", "opportunistic_tls")),
    ({"tls_require_ocsp": 1, "connection": "tcp4", "secured": 1}, ("tls_require_ocsp", "secured")),
    ({"tls_require_ocsp": 1, "tls_reject_unauthorized": 0}, ("tls_require_ocsp", "unauthorized")),
    ({"tls_pins": PIN, "ignore_tls": 1}, ("tls_pins", "ignore_tls")),
    ({"tls_pins": PIN, "opportunistic_tls": 1}, ("tls_pins", "opportunistic_tls")),
    ({"tls_pins": PIN, "connection": "tcp4", "secured": 1}, ("tls_pins", "secured")),
    ({"socket_path": "/s", "address_family": 1}, ("socket_path", "address_family")),
    ({"connection": "tcp4", "address_family": 1}, ("connection", "address_family")),
    ({"socket_path": "/s", "tcp_keepalive_idle": 1}, ("socket_path", "tcp_keepalive")),
    ({"socket_path": "/s", "tcp_keepalive_interval": 1}, ("socket_path", "tcp_keepalive")),
    ({"socket_path": "/s", "tcp_keepalive_count": 1}, ("socket_path", "tcp_keepalive")),
    ({"connection": "tcp4", "tcp_keepalive_idle": 1}, ("connection", "tcp_keepalive")),
    ({"connection": "tcp4", "tcp_keepalive_interval": 1}, ("connection", "tcp_keepalive")),
    ({"connection": "tcp4", "tcp_keepalive_count": 1}, ("connection", "tcp_keepalive")),
    ({"connection": "tcp4", "receive_buffer_size": 1}, ("connection", "buffer")),
    ({"connection": "tcp4", "send_buffer_size": 1}, ("connection", "buffer")),
    ({"proxy": PROXY, "proxy_from_environment": 1}, ("proxy", "proxy_from_environment")),
    ({"proxy": PROXY, "socket_path": "/s"}, ("proxy", "socket_path")),
    ({"proxy": PROXY, "socket": "tcp4"}, ("proxy", "socket")),
    ({"proxy": PROXY, "connection": "tcp4"}, ("proxy", "connection")),
    ({"proxy_from_environment": 1, "socket_path": "/s"}, ("proxy_from_environment",)),
    ({"proxy_user": "u"}, ("proxy_user", "proxy")),
    ({"proxy_password": "p"}, ("proxy_password", "proxy")),
    ({"proxy": PROXY, "proxy_password": "p"}, ("proxy_password", "proxy_user")),
    ({"proxy": "http://u@h", "proxy_user": "u"}, ("proxy", "proxy_user")),
    (
        {"proxy": "http://u:p@h", "proxy_password": "p"},
        ("proxy", "proxy_password"),
    ),
    ({"proxy": "http://h", "proxy_user": "u:x"}, ("proxy_user", "colon")),
    ({"proxy": PROXY, "host": "fe80::1%lo"}, ("host", "interface")),
    ({"proxy": "socks5h://127.0.0.1", "address_family": 2}, ("proxy", "address_family")),
    ({"proxy": "socks5://h", "host": "::1", "address_family": 1}, ("host", "address_family")),
    ({"host": "::1", "address_family": 1}, ("host", "address_family")),
    ({"host": "127.0.0.1", "address_family": 2}, ("host", "address_family")),
    ({"local_address": "127.0.0.1", "address_family": 2}, ("local_address", "address_family")),
    ({"socket": "tcp4", "address_family": 2}, ("socket", "address_family")),
]


@pytest.mark.parametrize(("options", "named"), CONTRADICTIONS)
def test_contradictions(drive: Drive, options: dict[str, Option], named: tuple[str, ...]) -> None:
    failure = drive.refused_connection(**options)
    for option in named:
        assert option in failure.message
