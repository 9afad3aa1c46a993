"""What was sent is what was delivered, octet for octet."""

from __future__ import annotations

import pytest

from support.client import HEADER, WAYS, Client, message, send, stored, wire_size
from support.realserver import PASSWORD, USER, RealServer

# Each server, with and without PIPELINING.
PLACES = [
    ("postfix", "submission"),
    ("postfix", "bare"),
    ("exim", "smtp"),
    ("exim", "stepwise"),
]

BODIES = {
    "empty": b"",
    "one line": b"body\r\n",
    "no final newline": b"body",
    "ends with CR": b"body\r",
    "ends with LF": b"body\n",
    "lone CR": b"one\rtwo\rthree\r\n",
    "lone LF": b"one\ntwo\nthree\n",
    "all line ends": b"one\rtwo\nthree\r\nfour\n\rfive\r\r\nsix\r\n\nseven",
    "empty lines at the end": b"body\r\n\r\n\r\n\r\n",
    "only empty lines": b"\r\n\n\r",
    "blanks at the ends of lines": b"one \r\n\t\r\n two\t\r\n",
    "leading dots": b".\r\n..\r\n.one\r\n..two\r\n...\r\n. \r\n",
    "dots behind lone line ends": b"a\r.\rb\n.\nc\r\n.\nd\n.\r\ne\r.\r\nf",
    "a dot at the end": b"body\r\n.",
    "another message inside": b"x\n.\nMAIL FROM:<x@test.local>\r.\r\nRCPT TO:<bob@test.local>\n.",
    "a mailbox line": b"From here to there\r\n>From there\r\n",
    "UTF-8": "zoë ☃ 𝄞\r\n".encode(),
    "every octet": bytes(range(256)),
    "every high octet": bytes(range(0x80, 0x100)) * 40,
    "NUL": b"\0\r\n.\0\r\0",
    "line of 998": b"x" * 998 + b"\r\n" + b"y" * 998,
    "line of 1000 with dots": b"." * 1000 + b"\r\n" + b"." * 999,
    "line of 20000": b"z" * 20_000,
    "line of 200000 octets": bytes(range(0x20, 0x7F)) * 2105,
    "many short lines": b"\n".join(b"%d" % number for number in range(20_000)),
}
# OpenSMTPD cuts a line off at NUL, and refuses one of more than 65535 octets.
NOT_FOR = {"opensmtpd": ("every octet", "NUL", "line of 200000 octets")}
WITHOUT_HEADER = {
    b"\r\n": b"\n",
    b"\r\n\r\nbody": b"\n\nbody\n",
    b"body": b"\nbody\n",
    b".": b"\n.\n",
    b".\r\n.": b"\n.\n.\n",
}


def compare(
    client: Client[RealServer], service: str, way: str, cases: list[tuple[bytes, list[bytes]]]
) -> None:
    """Sends messages, and looks for what may be in the mailbox then."""
    connection = client.opened(service)
    if service == "submission":
        connection.start_login(USER, PASSWORD).succeeds()
    sendings = [send(connection, message=message(client.drive, given, way)) for given, _ in cases]
    for (given, wanted), sending in zip(cases, sendings, strict=True):
        assert client.delivered(sending) in wanted, given[:100]
        assert sending.result().message_size == wire_size(given), given[:100]
    connection.start_quit().succeeds()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("server", "service"), [*PLACES, ("opensmtpd", "smtp")], indirect=["server"]
)
def test_content(client: Client[RealServer], service: str, way: str) -> None:
    spared = NOT_FOR.get(client.server.name, ())
    whole = [HEADER + body for name, body in BODIES.items() if name not in spared]
    compare(client, service, way, [(given, [stored(given)]) for given in whole])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("server", "service"), PLACES, indirect=["server"])
def test_without_header(client: Client[RealServer], service: str, way: str) -> None:
    """A server puts an empty line between its own fields and the body; when there is
    no body either, it may."""
    cases = [(given, [wanted]) for given, wanted in WITHOUT_HEADER.items()]
    compare(client, service, way, [(b"", [b"", b"\n"]), *cases])


@pytest.mark.parametrize(
    ("server", "service", "tls", "way"),
    [
        *[("postfix", "smtp", tls, way) for tls in (1, 0) for way in WAYS],
        # Exim looks at every octet, and takes its time.
        ("exim", "smtp", 1, "copy"),
        ("exim", "stepwise", 0, "reader"),
        ("exim", "stepwise", 1, "descriptor"),
    ],
    indirect=["server"],
)
def test_large(client: Client[RealServer], service: str, tls: int, way: str) -> None:
    """10 MB, with line ends and dots wherever a buffer may end."""
    line = bytes(range(0x20, 0x7F)) + b"\xc3\xab" * 20
    ends = (b"\n", b"\r", b"\r\n", b"\n.", b"\r.", b"\r\n.")
    parts = [line[number % 131 :] + ends[number % 6] for number in range(160_000)]
    given = HEADER + b"".join(parts)
    assert len(given) > 10_000_000
    connection = client.opened(service, ignore_tls=1 - tls)
    sending = send(connection, message=message(client.drive, given, way))
    # Not "==" alone: nobody wants to see the difference of two such messages.
    same = client.delivered(sending) == stored(given)
    assert same
    assert sending.result().message_size == wire_size(given)
    connection.start_quit().succeeds()
