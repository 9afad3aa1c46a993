"""The form of an email message suits the server, and keeps signatures."""

from __future__ import annotations

import email
import email.policy
from email.header import Header
from email.message import EmailMessage, Message
from email.mime.text import MIMEText
from typing import Any

import pytest

import smtpconn
from scripted_server import QUIT, SEND, ScriptedServer
from smtpconn._email import Offers, serialise

FROM, TO = "a@example.org", "b@example.org"
EVERYTHING = Offers(known=True, eight_bit=True, utf8=True)
EIGHT_BIT = Offers(known=True, eight_bit=True)
NOTHING = Offers(known=True)
UNKNOWN = Offers()

POLICIES = [email.policy.compat32, email.policy.default, email.policy.SMTP, email.policy.SMTPUTF8]
SIGNED = (
    "From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n"
    'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="bb"\n'
    "\n--bb\n{headers}\n{text}\n--bb\nContent-Type: application/pgp-signature\n\nxyz\n--bb--\n"
)
PLAIN = "Content-Type: text/plain; charset=utf-8\n"


def hello(*capabilities: str) -> str:
    lines = "".join(f"S: 250-{capability}\n" for capability in capabilities)
    return f"S: 220 test ESMTP\nC: EHLO *\nS: 250-test\n{lines}S: 250 HELP\n"


def send(server: ScriptedServer, message: Any, *capabilities: str) -> tuple[str, bytes]:
    """The MAIL command, and the message as it arrives."""
    server.play(hello(*capabilities), SEND, QUIT)
    with smtpconn.Connection("127.0.0.1", server.port) as connection:
        connection.send(FROM, TO, message)
    server.check()
    return server.commands[1], server.messages[0]


def internationalized() -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTPUTF8)
    message["From"] = "Jürgen <a@example.org>"
    message["To"] = TO
    message["Subject"] = "Grüße"
    message.set_content("Ein Tag\n")
    return message


def test_smtputf8_policy_and_a_server_without_it(server: ScriptedServer) -> None:
    mail, octets = send(server, internationalized(), "8BITMIME")
    assert octets.isascii()
    assert "UTF8" not in mail
    received = email.message_from_bytes(octets, policy=email.policy.default)
    assert (received["Subject"], received["From"]) == ("Grüße", "Jürgen <a@example.org>")


def test_smtputf8_policy_and_a_server_with_it(server: ScriptedServer) -> None:
    mail, octets = send(server, internationalized(), "8BITMIME", "SMTPUTF8")
    assert "Subject: Grüße\r\n".encode() in octets
    assert "SMTPUTF8" in mail


@pytest.mark.parametrize("capabilities", [(), ("8BITMIME", "SMTPUTF8")])
@pytest.mark.parametrize("policy", POLICIES)
def test_latin_1_in_the_header(
    policy: Any, capabilities: tuple[str, ...], server: ScriptedServer
) -> None:
    octets = "From: José <a@example.org>\nSubject: Grüße\n\nx\n".encode("latin-1")
    message = email.message_from_bytes(octets, policy=policy)
    mail, arrived = send(server, message, *capabilities)
    assert "UTF8" not in mail
    assert arrived.isascii()
    assert b"=?unknown-8bit?" in arrived
    assert b"<a@example.org>" in arrived


@pytest.mark.parametrize("policy", POLICIES)
def test_utf8_in_the_header(policy: Any) -> None:
    octets = (
        "From: José Ñ. <a@example.org>\nSubject: Grüße\n"
        'Content-Disposition: attachment; filename="ä.txt"\n\nx\n'
    ).encode()
    message = email.message_from_bytes(octets, policy=policy)
    for offers in (UNKNOWN, NOTHING, EIGHT_BIT):
        arrived = serialise(message, offers)
        assert arrived.isascii()
        assert b"<a@example.org>" in arrived
        received = email.message_from_bytes(arrived, policy=email.policy.default)
        assert received["Subject"] == "Grüße"
        assert received["From"] == '"José Ñ." <a@example.org>'
        assert received.get_filename() == "ä.txt"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_header_of_a_part(charset: str) -> None:
    octets = (
        'Content-Type: multipart/mixed; boundary="bb"\n\n--bb\n'
        "Content-Description: Grüße\n\nx\n--bb--\n"
    ).encode(charset)
    arrived = serialise(email.message_from_bytes(octets), NOTHING)
    assert arrived.isascii()


def test_name_and_address_outside_ascii() -> None:
    message = Message()
    message["From"] = "José <josé@example.org>"
    message.set_payload("x\n")
    for offers in (UNKNOWN, EVERYTHING):
        assert "From: José <josé@example.org>\r\n".encode() in serialise(message, offers)
    with pytest.raises(smtpconn.MessageError, match="SMTPUTF8"):
        serialise(message, NOTHING)


@pytest.mark.parametrize("policy", POLICIES)
def test_before_ehlo_any_server_can_take_it(policy: Any, server: ScriptedServer) -> None:
    """Started before the server is known: a server without extensions gets what it takes."""
    server.play(hello(), SEND, QUIT)
    octets = (
        "From: a@example.org\nSubject: Grüße\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n"
    )
    message = email.message_from_bytes(octets.encode(), policy=policy)
    reports = start(server, message)
    assert reports == [None]
    assert server.messages[0].isascii()
    received: Any = email.message_from_bytes(server.messages[0], policy=email.policy.default)
    assert (received["Subject"], received.get_content()) == ("Grüße", "Grüße\n")


def start(server: ScriptedServer, message: Any) -> list[Any]:
    reports: list[Any] = []
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection("127.0.0.1", server.port, loop=loop)
        connection.start_connect()
        connection.start_send(
            smtpconn.Envelope(FROM, TO), message, lambda error, _: reports.append(error)
        )
        connection.start_quit()
        loop.run()
    server.check()
    return reports


@pytest.mark.parametrize("first", [(), ("8BITMIME", "SMTPUTF8")])
@pytest.mark.parametrize("last", [(), ("8BITMIME", "SMTPUTF8")])
def test_before_the_last_ehlo(
    first: tuple[str, ...], last: tuple[str, ...], server: ScriptedServer
) -> None:
    """Started behind a login after which the server says anew what it takes."""
    login = "C: AUTH PLAIN *\nS: 235 ok\n" + hello(*last).partition("\n")[2]
    server.play(hello("AUTH PLAIN", *first), login, SEND, SEND, QUIT)
    message = internationalized()
    reports: list[Any] = []
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection(
            "127.0.0.1", server.port, loop=loop, hello_after_login=True, allow_insecure_auth=True
        )
        connection.start_connect()
        loop.run()
        connection.start_login("user", "password")
        envelope = smtpconn.Envelope(FROM, TO)
        connection.start_send(envelope, message, lambda error, _: reports.append(error))
        loop.run()
        # Now it is known.
        connection.start_send(envelope, message, lambda error, _: reports.append(error))
        connection.start_quit()
        loop.run()
    server.check()
    assert reports == [None, None]
    assert server.messages[0].isascii()
    assert server.messages[1].isascii() == (not last)


def test_behind_a_login_without_another_ehlo(server: ScriptedServer) -> None:
    """What the server said holds."""
    login = "C: AUTH PLAIN *\nS: 235 ok\n"
    server.play(hello("AUTH PLAIN", "8BITMIME", "SMTPUTF8"), login, SEND, QUIT)
    with smtpconn.Loop() as loop:
        connection = smtpconn.Connection(
            "127.0.0.1", server.port, loop=loop, allow_insecure_auth=True
        )
        connection.start_connect()
        loop.run()
        connection.start_login("user", "password")
        connection.start_send(smtpconn.Envelope(FROM, TO), internationalized())
        connection.start_quit()
        loop.run()
    server.check()
    assert "Subject: Grüße\r\n".encode() in server.messages[0]


def test_before_ehlo_an_address_outside_ascii(server: ScriptedServer) -> None:
    message = MIMEText("x\n")
    message["From"] = "josé@example.org"
    server.play(hello("8BITMIME"), QUIT)
    (error,) = start(server, message)
    assert isinstance(error, smtpconn.MessageError)
    assert "SMTPUTF8" in str(error)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("text", ["Grüße\n.\nFrom me\n", "a\n" + "x" * 500 + "\n"])
def test_a_signed_part_stays_as_it_is(text: str, policy: Any) -> None:
    headers = PLAIN + "Content-Description: a " + "long " * 40 + "line\n"
    octets = SIGNED.format(headers=headers, text=text).encode()
    message = email.message_from_bytes(octets, policy=policy)
    wanted = (headers + "\n" + text).encode().replace(b"\n", b"\r\n")
    for offers in (UNKNOWN, EIGHT_BIT, EVERYTHING):
        assert b"--bb\r\n" + wanted + b"\r\n--bb" in serialise(message, offers)
    if text.isascii():
        assert wanted in serialise(message, NOTHING)
        return
    with pytest.raises(smtpconn.MessageError, match="signed"):
        serialise(message, NOTHING)


# Newer versions of the other policies encode it in as_bytes() already.
@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.SMTPUTF8])
def test_header_of_a_signed_part_outside_ascii(policy: Any) -> None:
    octets = SIGNED.format(headers="Content-Description: Grüße\n", text="x").encode()
    message = email.message_from_bytes(octets, policy=policy)
    assert octets.replace(b"\n", b"\r\n").split(b"--bb")[1] in serialise(message, EVERYTHING)
    with pytest.raises(smtpconn.MessageError, match="signed"):
        serialise(message, NOTHING)


FIELD = "Content-Description: Grüße\n"


@pytest.mark.parametrize("style", [Message, EmailMessage])
def test_header_of_a_signed_part_in_a_message_of_another_policy(style: type[Message]) -> None:
    """The part was signed as it came, and the other policy would encode its field."""
    part = email.message_from_bytes(f"{FIELD}\nx\n".encode())
    policy = email.policy.compat32 if style is Message else email.policy.SMTP
    message = style(policy=policy.clone(cte_type="7bit"))
    message["From"], message["To"] = FROM, TO
    message["Content-Type"] = "multipart/signed"
    message.attach(part)
    for offers in (UNKNOWN, NOTHING, EIGHT_BIT, EVERYTHING):
        with pytest.raises(smtpconn.MessageError, match="Content-Description of a signed part"):
            serialise(message, offers)


@pytest.mark.parametrize("inside", ["{}\nx", "Content-Type: message/rfc822\n\n{}\nx"])
def test_header_of_a_signed_part_that_was_read_from_text(inside: str) -> None:
    """The policy would encode it: what was signed is not known any more."""
    text = SIGNED.format(headers=inside.format(FIELD), text="")
    for offers in (UNKNOWN, NOTHING, EIGHT_BIT, EVERYTHING):
        with pytest.raises(smtpconn.MessageError, match="Content-Description of a signed part"):
            serialise(email.message_from_string(text), offers)
    octets = serialise(email.message_from_bytes(text.encode()), EIGHT_BIT)
    assert octets.split(b"--bb")[1] == text.encode().replace(b"\n", b"\r\n").split(b"--bb")[1]


def test_header_of_a_signed_part_in_its_encoded_form() -> None:
    part = Message()
    part["Content-Description"] = Header("Grüße", "utf-8")  # type: ignore[assignment]
    part.set_payload("x\n")
    message = Message()
    message["Content-Type"] = "multipart/signed"
    message.attach(part)
    assert part.as_bytes().replace(b"\n", b"\r\n") in serialise(message, NOTHING)


def test_a_signed_part_before_ehlo(server: ScriptedServer) -> None:
    octets = SIGNED.format(headers=PLAIN, text="Grüße").encode()
    server.play(hello("SMTPUTF8"), QUIT)
    (error,) = start(server, email.message_from_bytes(octets))
    assert isinstance(error, smtpconn.MessageError)
    assert "8BITMIME" in str(error)


@pytest.mark.parametrize("name", ["DKIM-Signature", "ARC-Message-Signature"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_message_with_a_signature_in_its_header(policy: Any, name: str) -> None:
    octets = (
        f"{name}: v=1; a=rsa-sha256; b=xyz\nFrom: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n"
    ).encode()
    message = email.message_from_bytes(octets, policy=policy)
    for offers in (UNKNOWN, EIGHT_BIT, EVERYTHING):
        assert serialise(message, offers) == octets.replace(b"\n", b"\r\n")
    with pytest.raises(smtpconn.MessageError, match="signed"):
        serialise(message, NOTHING)


def test_a_signed_part_and_an_address_outside_ascii() -> None:
    """The older policy cannot write the address, and another one may not write the part."""
    for headers, certain in ((PLAIN, True), (PLAIN + "Content-Description: Gr\udcfc\n", False)):
        text = SIGNED.format(headers=headers, text="x").replace("b@example", "josé@example")
        octets = text.encode("utf-8", "surrogateescape")
        try:
            arrived = serialise(email.message_from_bytes(octets), EVERYTHING)
        except smtpconn.MessageError as error:
            # Newer versions encode the octet, in every policy that can write the address.
            assert not certain and "SMTPUTF8" in str(error)
            continue
        assert "To: josé@example.org\r\n".encode() in arrived
        assert octets.replace(b"\n", b"\r\n").split(b"--bb")[1] in arrived


def test_a_signed_header_outside_ascii() -> None:
    message = internationalized()
    message["DKIM-Signature"] = "v=1; b=xyz"
    assert "Subject: Grüße\r\n".encode() in serialise(message, EVERYTHING)
    with pytest.raises(smtpconn.MessageError, match="signed"):
        serialise(message, EIGHT_BIT)
    older = Message()
    older["From"] = "josé@example.org"
    older["DKIM-Signature"] = "v=1; b=xyz"
    with pytest.raises(smtpconn.MessageError, match=r"policy\.SMTPUTF8"):
        serialise(older, EVERYTHING)


def test_a_signed_header_outside_ascii_before_ehlo(server: ScriptedServer) -> None:
    message = internationalized()
    message["DKIM-Signature"] = "v=1; b=xyz"
    server.play(hello("8BITMIME"), QUIT)
    (error,) = start(server, message)
    assert isinstance(error, smtpconn.MessageError)
    assert "SMTPUTF8" in str(error)


def lone_surrogate() -> Message:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_payload("\ud800")
    return message


@pytest.mark.parametrize("offers", [UNKNOWN, EVERYTHING])
def test_line_break_in_a_field_outside_ascii(offers: Offers) -> None:
    message = Message(policy=email.policy.compat32)
    message["Subject"] = "ä\nBcc: x@example.org"
    with pytest.raises(smtpconn.MessageError, match="line break"):
        serialise(message, offers)
    folded = Message()
    folded["Subject"] = "ä\n b"
    received = email.message_from_bytes(serialise(folded, offers), policy=email.policy.default)
    assert received["Subject"] == "ä b"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\v", "\f", "\x1e", "\r\n\r\n", "\n \n"])
@pytest.mark.parametrize("where", ["name", "value", "header object", "part", "signed part"])
def test_line_break_in_a_field(where: str, end: str) -> None:
    """What the older kind of message takes, and newer versions write as another field."""
    message = Message()
    message["From"] = FROM
    place = message
    if where.endswith("part"):
        message["Content-Type"] = f"multipart/{'signed' if where == 'signed part' else 'mixed'}"
        place = Message()
        message.attach(place)
    if where == "name":
        message[f"X-A: b{end}Bcc"] = "c@example.org"
    elif where == "header object":
        message["X-A"] = Header(f"b{end}Bcc: c@example.org")  # type: ignore[assignment]
    else:
        place["X-A"] = f"b{end}Bcc: c@example.org"
    place.set_payload("x\n")
    name = "X-A: b" if where == "name" else "X-A"
    for offers in (UNKNOWN, NOTHING, EVERYTHING):
        with pytest.raises(smtpconn.MessageError, match=f"{name}.* holds a line break"):
            serialise(message, offers)


@pytest.mark.parametrize("value", ["b\n c", "b\r\n\tc", "b\n", "b\u2028c", "b\x85c"])
def test_a_field_that_is_folded_or_has_no_line_break(value: str) -> None:
    message = Message()
    message["X-A"] = value
    message.set_payload("x\n")
    arrived = email.message_from_bytes(serialise(message, NOTHING))
    assert arrived.keys() == ["X-A"]
    assert arrived.get_payload() == "x\r\n"


def test_a_message_that_cannot_be_written() -> None:
    with pytest.raises(smtpconn.MessageError, match="no form to be sent in") as caught:
        serialise(lone_surrogate(), NOTHING)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("message", [Message(), EmailMessage(), MIMEText("")])
def test_empty(message: Message, server: ScriptedServer) -> None:
    for name in list(message.keys()):
        del message[name]
    server.play(hello(), QUIT)
    with (
        smtpconn.Connection("127.0.0.1", server.port) as connection,
        pytest.raises(smtpconn.MessageError, match="allow_empty"),
    ):
        connection.send(FROM, TO, message)


def with_attachment() -> EmailMessage:
    """Only the header of a part is outside ASCII."""
    message = EmailMessage(policy=email.policy.SMTPUTF8)
    message["From"], message["To"], message["Subject"] = FROM, TO, "x"
    message.set_content("x\n")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="grüße.pdf")
    return message


def test_header_of_a_part_needs_no_smtputf8(server: ScriptedServer) -> None:
    mail, octets = send(server, with_attachment(), "8BITMIME", "SMTPUTF8")
    assert "UTF8" not in mail
    assert b"filename*=utf-8''gr%C3%BC%C3%9Fe.pdf" in octets


def signed_with_utf8() -> Message:
    octets = SIGNED.format(headers="Content-Description: Grüße\n", text="x").encode()
    return email.message_from_bytes(octets, policy=email.policy.SMTPUTF8)


def test_header_of_a_signed_part_needs_smtputf8(server: ScriptedServer) -> None:
    mail, octets = send(server, signed_with_utf8(), "8BITMIME", "SMTPUTF8")
    assert " SMTPUTF8" in mail
    assert "Grüße".encode() in octets


def test_header_of_a_signed_part_that_the_server_does_not_take() -> None:
    with pytest.raises(smtpconn.MessageError, match="SMTPUTF8"):
        serialise(signed_with_utf8(), EIGHT_BIT)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_body_without_a_header_is_no_header(policy: Any, server: ScriptedServer) -> None:
    message = email.message_from_bytes("\nGrüße\n\nEnde\n".encode(), policy=policy)
    mail, octets = send(server, message, "8BITMIME")
    assert "UTF8" not in mail
    assert octets == "\r\nGrüße\r\n\r\nEnde\r\n".encode()


#: Content that its header does not describe, or not as it is.
UNDECLARED = {
    "no charset": ("", "Grüße\n".encode()),
    "ASCII": ("Content-Type: text/plain; charset=us-ascii\n", "Grüße\n".encode()),
    "unknown charset": ("Content-Type: text/plain; charset=x-own\n", "Grüße\n".encode()),
    "wrong charset": ("Content-Type: text/plain; charset=utf-8\n", "Grüße\n".encode("latin-1")),
    "no text": ("Content-Type: application/octet-stream\n", "Grüße\n".encode()),
}
WRAPPED = "Content-Type: message/rfc822\n\n"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("offers", [NOTHING, UNKNOWN])
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("kind", UNDECLARED)
def test_content_that_is_not_declared_is_kept(
    kind: str, wrapped: bool, offers: Offers, policy: Any
) -> None:
    header, content = UNDECLARED[kind]
    octets = f"{WRAPPED if wrapped else ''}From: a@example.org\n{header}\n".encode() + content
    sent = serialise(email.message_from_bytes(octets, policy=policy), offers)
    assert sent.isascii()
    received: Any = email.message_from_bytes(sent)
    part = received.get_payload(0) if wrapped else received
    assert part["MIME-Version"] == "1.0"
    assert part.get_payload(decode=True).replace(b"\r\n", b"\n") == content


def test_signed_content_that_is_not_declared_is_not_encoded() -> None:
    octets = SIGNED.format(headers="Content-Type: text/plain\n", text="Grüße").encode()
    message = email.message_from_bytes(octets)
    assert "Grüße".encode() in serialise(message, UNKNOWN)
    with pytest.raises(smtpconn.MessageError, match="8BITMIME"):
        serialise(message, NOTHING)
