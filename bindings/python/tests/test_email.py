"""Messages of the email package."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import Header
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn._addresses import derive_envelope, has_addresses_outside_ascii
from smtpconn._email import Offers, serialise

EVERYTHING = Offers(known=True, eight_bit=True, utf8=True)
NOTHING = Offers(known=True)


def simple() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.org>"
    message["To"] = "bob@example.org"
    message["Bcc"] = "secret@example.org"
    message["Subject"] = "Grüße"
    message.set_content("Ein Tag\n.\nwie jeder\n")
    return message


def with_parts() -> EmailMessage:
    message = simple()
    message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream")
    message.add_attachment(simple())
    return message


def old_style() -> Message:
    message = MIMEMultipart()
    message["From"] = "ann@example.org"
    message["To"] = "bob@example.org"
    message["Bcc"] = "secret@example.org"
    message.attach(MIMEText("From here\nto there\n", "plain", "utf-8"))
    return message


def parsed() -> Message:
    return email.message_from_bytes(
        b"From: ann@example.org\nTo: bob@example.org\nBcc: secret@example.org\n"
        b"Content-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=utf-8\n\n"
        b"From here \xc3\xa4\n"
    )


MESSAGES: list[Callable[[], Any]] = [simple, with_parts, old_style, parsed]


def state(message: Any) -> object:
    """All of a message, without asking a generator, which may change it."""
    payload = message.get_payload()
    parts = [state(part) for part in payload] if isinstance(payload, list) else payload
    return message.policy, [(name, str(value)) for name, value in message.raw_items()], parts


def named(octets: bytes) -> bytes:
    """The octets without the boundaries that are made up anew each time."""
    return re.sub(rb"=====+\d+==", b"boundary", octets)


@pytest.mark.parametrize("make", MESSAGES)
def test_send(make: Callable[[], Any], server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)
    message = make()
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send("a@example.org", "b@example.org", message)
    server.check()
    assert named(server.messages[0]) == named(serialise(message, EVERYTHING))
    received = email.message_from_bytes(server.messages[0])
    assert received["From"] == message["From"]
    assert received["Bcc"] is None


@pytest.mark.parametrize("make", MESSAGES)
def test_the_message_is_left_as_it_is(make: Callable[[], Any]) -> None:
    message = make()
    before = state(message)
    serialise(message)
    serialise(message, EVERYTHING)
    assert state(message) == before
    assert message["Bcc"] == "secret@example.org"


@pytest.mark.parametrize("make", MESSAGES)
def test_octets(make: Callable[[], Any]) -> None:
    octets = serialise(make())
    header = octets.split(b"\r\n\r\n")[0]
    assert b"secret" not in header
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert b">From" not in octets


def test_resent_bcc_is_not_sent() -> None:
    message = simple()
    message["Resent-Bcc"] = "hidden@example.org"
    assert b"hidden" not in serialise(message)


def test_without_8bitmime_content_is_encoded(server: ScriptedServer) -> None:
    server.play(HELLO.replace("S: 250-8BITMIME\n", ""), SEND, QUIT)
    message = simple()
    message.set_content("ä\n", cte="8bit")
    assert "ä".encode() in serialise(message, EVERYTHING)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send("a@example.org", "b@example.org", message)
    server.check()
    assert server.messages[0].isascii()
    received = email.message_from_bytes(server.messages[0], policy=email.policy.default)
    assert isinstance(received, EmailMessage)
    assert received.get_content() == "ä\n"


@pytest.mark.parametrize("style", [EmailMessage, Message])
def test_addresses_outside_ascii(style: type[Message], server: ScriptedServer) -> None:
    message = style()
    message["From"] = "jürgen@example.org"
    message["To"] = "bob@example.org"
    message.set_payload("x\n")
    assert has_addresses_outside_ascii(message)
    assert "jürgen@example.org".encode() in serialise(message)
    assert not has_addresses_outside_ascii(simple())
    server.play(HELLO.replace("S: 250-SMTPUTF8\n", ""), QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(smtpconn.MessageError, match="SMTPUTF8"),
    ):
        connection.send("a@example.org", "b@example.org", message)


def headers(**fields: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("fields", "sender", "recipients"),
    [
        ({"From": "a@b.c", "To": "d@e.f"}, "a@b.c", ["d@e.f"]),
        ({"From": "x@y.z, a@b.c", "Sender": "A <a@b.c>", "Cc": "d@e.f"}, "a@b.c", ["d@e.f"]),
        (
            {"From": '"Last, First" <a@b.c>', "To": "d@e.f, G: g@h.i, j@k.l;", "Bcc": "m@n.o"},
            "a@b.c",
            ["d@e.f", "g@h.i", "j@k.l", "m@n.o"],
        ),
        ({"From": "a@b.c", "To": "d@e.f", "Cc": "g@h.i, d@e.f"}, "a@b.c", ["d@e.f", "g@h.i"]),
        ({"From": "a@b.c", "To": "nobody:;", "Bcc": "d@e.f"}, "a@b.c", ["d@e.f"]),
        (
            {
                "From": "a@b.c",
                "To": "d@e.f",
                "Resent_Date": "Mon, 1 Jan 2024 00:00:00 +0000",
                "Resent_From": "r@s.t",
                "Resent_To": "u@v.w",
                "Resent_Bcc": "x@y.z",
            },
            "r@s.t",
            ["u@v.w", "x@y.z"],
        ),
    ],
)
def test_envelope(fields: dict[str, str], sender: str, recipients: list[str]) -> None:
    envelope = derive_envelope(headers(**fields))
    assert (envelope.from_addr, envelope.to_addrs) == (sender, recipients)


def test_what_is_given_goes_before_the_header() -> None:
    message = headers(From="a@b.c", To="d@e.f")
    assert derive_envelope(message, "").from_addr == ""
    assert derive_envelope(message, None, "x@y.z").recipients() == ["x@y.z"]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"To": "d@e.f"}, "From"),
        ({"From": "a@b.c"}, "To"),
        ({"From": "a@b.c", "To": "nobody:;"}, "To"),
    ],
)
def test_header_without_an_envelope(fields: dict[str, str], complaint: str) -> None:
    with pytest.raises(smtpconn.EnvelopeError, match=complaint):
        derive_envelope(headers(**fields))


def test_field_that_cannot_be_read() -> None:
    message = Message()
    message["From"] = "a@b.c"
    message["To"] = "<>"
    with pytest.raises(smtpconn.EnvelopeError, match="To"):
        derive_envelope(message)


FIELDS = ["From", "Sender", "To", "Cc", "Bcc"]
DOUBTFUL = [
    "a@x.org; b@x.org",
    "A <a@x.org> B <b@x.org>",
    "a@x.org b@x.org",
    "a@exam(x)ple.org",
    "a@x.org,\n b@x.org; c@x.org",
    "a@x.org <b@x.org",
    "Last, First <a@x.org>",
    "a@",
    "=?utf-8?q?a?=@x.org",
    "a@x.org\n b@x.org",
    "a@x.org\x0cb@x.org",
    "=?utf-8?q?a=40x=2Eorg?=",
    "=?utf-8?q?a b?=@x.org",
    "=?utf-8?q?a b=40x=2Eorg?=",
]


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default])
@pytest.mark.parametrize("prefix", ["", "Resent-"])
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", DOUBTFUL)
def test_a_field_with_defects_is_refused(value: str, name: str, prefix: str, policy: Any) -> None:
    fields = {"From": "a@b.c", "To": "d@e.f"}
    fields[name] = value
    lines = [f"{prefix}{key}: {field}\n" for key, field in fields.items()]
    if prefix:
        lines.append("Resent-Date: Mon, 1 Jan 2024 00:00:00 +0000\n")
    message = email.message_from_string("".join(lines) + "\nx\n", policy=policy)
    argument = "from_addr" if name in ("From", "Sender") else "to_addrs"
    with pytest.raises(smtpconn.EnvelopeError, match=f"{prefix}{name} .*{argument}"):
        derive_envelope(message)
    # Given the envelope, nothing in the header matters.
    assert derive_envelope(message, "a@b.c", "d@e.f").to_addrs == "d@e.f"


@pytest.mark.parametrize("value", DOUBTFUL)
def test_a_field_with_defects_that_was_set(value: str) -> None:
    message = Message()
    message["From"], message["To"] = "a@b.c", value
    with pytest.raises(smtpconn.EnvelopeError, match="to_addrs"):
        derive_envelope(message)
    if value == "a@" or not value.isprintable():  # Some versions do not take that at all.
        return
    modern = EmailMessage()
    modern["From"], modern["To"] = "a@b.c", value
    with pytest.raises(smtpconn.EnvelopeError, match="to_addrs"):
        derive_envelope(modern)


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("John Q. Public <a@b.c>", ["a@b.c"]),
        ("a@b.c (a comment), d@e.f", ["a@b.c", "d@e.f"]),
        ("a@b (comment) .c", ["a@b.c"]),
        ("a@b.c,, d@e.f,", ["a@b.c", "d@e.f"]),
        ("=?utf-8?q?J=C3=BCrgen=2C_X?= <a@b.c>", ["a@b.c"]),
        ('"=?utf-8?q?J=C3=BCrgen?=" <a@b.c>', ["a@b.c"]),
        ("=?utf-8?q?J=C3=BCrgen?=<a@b.c>", ["a@b.c"]),
        ("=?utf-8?q?a=40b?=\n =?utf-8?q?.c?=\n <a@b.c>", ["a@b.c"]),
        ("=?utf-8?q?J=C3=BCrgen X?= <a@b.c>", ["a@b.c"]),
        ("=?utf-8?q?J=C3=BCrgen, X?= <a@b.c>, d@e.f", ["a@b.c", "d@e.f"]),
        ("=?utf-8?q?X,?=\n =?utf-8?b?SsO8 cmdlbg==?= <a@b.c>", ["a@b.c"]),
        ('"d@e.f, g@h.i" <a@b.c>', ["a@b.c"]),
        ('"a b"@c.d', ['"a b"@c.d']),
        ("José <josé@b.c>", ["josé@b.c"]),
        ("a@bücher.example", ["a@bücher.example"]),
        ("a@[192.0.2.1]", ["a@[192.0.2.1]"]),
    ],
)
@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default])
def test_a_field_that_is_odd_but_certain(value: str, addresses: list[str], policy: Any) -> None:
    octets = f"From: s@t.u\nTo: {value}\n\nx\n".encode()
    message = email.message_from_bytes(octets, policy=policy)
    assert derive_envelope(message).to_addrs == addresses


def test_a_blank_in_an_encoded_word_that_was_set() -> None:
    message = headers(From="s@t.u", To="=?utf-8?q?J=C3=BCrgen X?= <a@b.c>")
    assert derive_envelope(message).to_addrs == ["a@b.c"]


def test_a_header_object_of_the_older_kind() -> None:
    message = Message()
    message["From"] = "a@b.c"
    field = Header("Jürgen, X", "utf-8")
    field.append("<d@e.f>", "ascii")
    message["To"] = field  # type: ignore[assignment]
    assert derive_envelope(message).to_addrs == ["d@e.f"]


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default])
def test_an_address_in_no_known_encoding(policy: Any) -> None:
    octets = "From: a@b.c\nTo: josé@b.c\n\nx\n".encode("latin-1")
    message = email.message_from_bytes(octets, policy=policy)
    with pytest.raises(smtpconn.EnvelopeError, match="To"):
        derive_envelope(message)


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default])
def test_a_name_in_an_unknown_encoding(policy: Any) -> None:
    octets = "From: a@b.c\nTo: José <d@e.f>\n\nx\n".encode("latin-1")
    message = email.message_from_bytes(octets, policy=policy)
    assert derive_envelope(message).to_addrs == ["d@e.f"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\u2028", "\x85", "\xa0", "\x1e"])
@pytest.mark.parametrize("style", [Message, EmailMessage])
def test_nothing_is_glued_together(style: type[Message], separator: str) -> None:
    message = style()
    message["From"] = "a@b.c"
    try:
        message["To"] = f"d@e.f{separator}g"
    except ValueError:
        return  # The modern kind refuses line breaks by itself.
    with pytest.raises(smtpconn.EnvelopeError, match="To"):
        derive_envelope(message)


@pytest.mark.parametrize("style", [Message, EmailMessage])
def test_a_no_break_space_in_a_name(style: type[Message]) -> None:
    message = style()
    message["From"], message["To"] = "a@b.c", "Ann\xa0Bee <d@e.f>"
    assert derive_envelope(message).to_addrs == ["d@e.f"]


@pytest.mark.parametrize("message", [b"x", "x", None, ["x"]])
def test_no_message(message: Any) -> None:
    connection = smtpconn.Connection()
    with pytest.raises(TypeError, match=r"send_message takes .* use send\("):
        connection.send_message(message)
    connection.close()


@pytest.mark.parametrize("given", [(None, None), ("a@b.c", None), (None, ["d@e.f"])])
def test_resent_more_than_once(given: tuple[Any, Any]) -> None:
    message = headers(From="a@b.c", To="d@e.f")
    for number in range(2):
        message.add_header("Resent-From", f"from{number}@example.org")
        message.add_header("Resent-To", f"to{number}@example.org")
        message.add_header("Resent-Date", "Mon, 1 Jan 2024 00:00:00 +0000")
    # Which set is the newer one cannot be told, and the older one must not get it again.
    with pytest.raises(smtpconn.EnvelopeError, match="more than once"):
        derive_envelope(message, *given)
    assert derive_envelope(message, "a@b.c", ["d@e.f"]).recipients() == ["d@e.f"]


def test_send_message(server: ScriptedServer) -> None:
    script = SEND.replace("C: DATA", "C: RCPT TO:*\nS: 250 ok\nC: DATA")
    server.play(HELLO, script, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        result = connection.send_message(simple())
    server.check()
    assert result.accepted == ["bob@example.org", "secret@example.org"]
    assert b"secret" not in server.messages[0]


def test_send_message_takes_the_fields_of_an_envelope(server: ScriptedServer) -> None:
    server.play(
        HELLO.replace("8BITMIME", "DSN"),
        "C: MAIL FROM:<a@example.org> RET=HDRS\nS: 250 ok\n"
        "C: RCPT TO:<b@example.org> NOTIFY=NEVER\nS: 250 ok\n"
        "C: RCPT TO:<c@example.org> NOTIFY=NEVER\nS: 550 no\n",
        QUIT,
    )
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org, c@example.org"
    message.set_content("x")
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        dsn = smtpconn.DSN(ret="HDRS", notify="NEVER")
        with pytest.raises(smtpconn.EnvelopeError):
            connection.send_message(message, dsn=dsn, all_or_none=True)
        with pytest.raises(smtpconn.EnvelopeError, match="mt_priority"):
            connection.send_message(message, mt_priority=1000)
        with pytest.raises(TypeError, match="all_or_none must be a bool"):
            connection.send_message(message, all_or_none=1)  # type: ignore[arg-type]
