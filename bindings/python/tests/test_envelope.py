"""What the envelope asks for, and what of it reaches the server."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

import pytest

import smtpconn
from scripted_server import QUIT, ScriptedServer
from smtpconn import DSN, Envelope, Recipient, RecipientStatus

FROM, TO = "a@example.org", "b@example.org"
ALL = ("8BITMIME", "SMTPUTF8", "SIZE 1000", "DSN")


def hello(*capabilities: str) -> str:
    lines = "".join(f"S: 250-{capability}\n" for capability in capabilities)
    return f"S: 220 test ESMTP\nC: EHLO *\nS: 250-test\n{lines}S: 250 HELP\n"


def sending(mail: str, *recipients: str) -> str:
    """An expected transaction, with the parameters of MAIL and of each RCPT."""
    rcpt = "".join(f"C: RCPT TO:{recipient}\nS: 250 ok\n" for recipient in recipients)
    return f"C: MAIL FROM:{mail}\nS: 250 ok\n{rcpt}C: DATA\nS: 354 go\nM:\nS: 250 ok\n"


def open_to(server: ScriptedServer) -> smtpconn.Connection:
    return smtpconn.Connection("127.0.0.1", server.port)


def test_dsn(server: ScriptedServer) -> None:
    mail = f"<{FROM}> SIZE=3 RET=HDRS ENVID=x+2By"
    server.play(
        hello("SIZE", "DSN"),
        sending(
            mail,
            f"<{TO}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@example.org",
            "<c@example.org> NOTIFY=NEVER ORCPT=rfc822;o@example.org",
            "<d@example.org> NOTIFY=FAILURE ORCPT=rfc822;p+2Bq@example.org",
        ),
        QUIT,
    )
    recipients: list[str | Recipient] = [
        TO,
        Recipient("c@example.org", notify="NEVER"),
        Recipient("d@example.org", notify=["FAILURE"], orcpt="p+q@example.org"),
    ]
    dsn = DSN(ret="HDRS", envid="x+y", notify=["SUCCESS", "DELAY"], orcpt="o@example.org")
    with open_to(server) as connection:
        result = connection.send(FROM, recipients, "x", dsn=dsn)
    assert result.accepted == [TO, "c@example.org", "d@example.org"]


def test_one_recipient_object(server: ScriptedServer) -> None:
    server.play(hello("DSN"), sending(f"<{FROM}>", f"<{TO}> NOTIFY=NEVER"), QUIT)
    with open_to(server) as connection:
        connection.send(Envelope(FROM, Recipient(TO, notify="NEVER")), "x")


def test_a_server_without_dsn_gets_no_parameters(server: ScriptedServer) -> None:
    server.play(hello(), sending(f"<{FROM}>", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, Recipient(TO, "NEVER", "o@example.org"), "x", dsn=DSN(ret="FULL"))


@pytest.mark.parametrize(
    ("envelope", "complaint"),
    [
        (Envelope(FROM, TO, dsn=DSN(ret="ALL")), "RET|ret"),
        (Envelope(FROM, TO, dsn=DSN(envid="")), "ENVID|envid"),
        (Envelope(FROM, TO, dsn=DSN(envid="x\0")), "dsn.envid"),
        (Envelope(FROM, TO, dsn=DSN(notify="NEVER,DELAY")), "NOTIFY|notify"),
        (Envelope(FROM, TO, dsn=DSN(notify=[])), "NOTIFY|notify"),
        (Envelope(FROM, TO, dsn=DSN(notify=["DELAY", "x\0"])), r"dsn.notify\[1\]"),
        (Envelope(FROM, [Recipient(TO, notify="SOMETIMES")]), "NOTIFY|notify"),
        (Envelope(FROM, [Recipient(TO, orcpt="x\0")]), r"to_addrs\[0\].orcpt"),
        (Envelope(FROM, [TO, Recipient("no mailbox")]), "mailbox"),
        (Envelope(FROM, TO, deliver_by="60"), "^deliver_by must be seconds"),
        (Envelope(FROM, TO, hold_for=0), "^hold_for must be 1 to"),
        (Envelope(FROM, TO, hold_until="tomorrow"), "^hold_until must be a moment"),
        (Envelope(FROM, TO, auth_sender="a"), "^auth_sender must be a mailbox"),
        (Envelope(FROM, TO, solicit=["a", ""]), "^solicit must be keywords"),
        (Envelope(FROM, TO, solicit="a\0"), "^solicit holds a NUL"),
        (Envelope(FROM, TO, parameters={"": "1"}), '^parameter must have a name .* not "=1"'),
        (Envelope(FROM, TO, parameters={"X": "a b"}), '^parameter must .* not "X=a b"'),
        (Envelope(FROM, TO, parameters={"X": ""}), r"^parameters\['X'\] is empty: give None"),
        (Envelope(FROM, TO, parameters={"X": "\0"}), r"^parameters\['X'\] holds a NUL"),
        (Envelope(FROM, TO, parameters={"size": "1"}), "smtpconn_envelope_set_size"),
        (Envelope(FROM, Recipient(TO, rrvs="x")), "^to_rrvs must be a moment"),
        (Envelope(FROM, Recipient(TO, parameters={"X=": "1"})), "^to_parameter must have a name"),
    ],
)
def test_bad_values(envelope: Envelope, complaint: str, server: ScriptedServer) -> None:
    server.play(hello("DSN"), QUIT)
    with (
        open_to(server) as connection,
        pytest.raises(smtpconn.EnvelopeError, match=complaint),
    ):
        connection.send(envelope, "x")


@pytest.mark.parametrize(
    ("dsn", "recipient", "complaint"),
    [
        ({"ret": 1}, {}, "dsn.ret must be a str, not int"),
        ({"notify": 1}, {}, "dsn.notify must be a str, not int"),
        ({"notify": ["DELAY", 1]}, {}, r"dsn.notify\[1\] must be a str"),
        ({}, {"notify": [b"DELAY"]}, r"to_addrs\[0\].notify\[0\] must be a str"),
        ({}, {"orcpt": [TO]}, r"to_addrs\[0\].orcpt must be a str"),
    ],
)
def test_values_of_another_type(
    dsn: dict[str, Any], recipient: dict[str, Any], complaint: str, server: ScriptedServer
) -> None:
    server.play(hello("DSN"), QUIT)
    envelope = Envelope(FROM, Recipient(TO, **recipient), dsn=DSN(**dsn))
    with open_to(server) as connection, pytest.raises(TypeError, match=complaint):
        connection.send(envelope, "x")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"to_addrs": b"b@example.org"}, "to_addrs must be .* not bytes"),
        ({"to_addrs": bytearray(b"b")}, "to_addrs must be .* not bytearray"),
        ({"to_addrs": None}, "to_addrs must be .* not NoneType"),
        ({"to_addrs": {TO: "Bob"}}, "to_addrs must be .* not dict"),
        ({"to_addrs": 5}, "to_addrs must be .* not int"),
        ({"to_addrs": [TO, b"c@example.org"]}, r"to_addrs\[1\] must be a str, not bytes"),
        ({"to_addrs": Recipient(b"b@x")}, r"to_addrs\[0\].address must be a str"),  # type: ignore[arg-type]
        ({"from_addr": None}, "from_addr must be a str, not None"),
        ({"from_addr": b"a@example.org"}, "from_addr must be a str, not bytes"),
        ({"dsn": {}}, "dsn must be a DSN, not dict"),
        ({"dsn": {"ret": "FULL"}}, "dsn must be a DSN, not dict"),
        ({"dsn": ""}, "dsn must be a DSN, not str"),
        ({"size": 1.5}, "size must be an int, not float"),
        ({"size": True}, "size must be an int, not bool"),
        ({"size": "1"}, "size must be an int, not str"),
        ({"hold_for": 1.5}, "hold_for must be an int, not float"),
        ({"hold_until": 5}, "hold_until must be a str, not int"),
        ({"deliver_by": 5}, "deliver_by must be a str, not int"),
        ({"auth_sender": b"a@b"}, "auth_sender must be a str, not bytes"),
        ({"solicit": [1]}, r"solicit\[0\] must be a str, not int"),
        ({"parameters": [("X", "1")]}, "parameters must be a dict, not list"),
        ({"parameters": {"X": 1}}, r"parameters\['X'\] must be a str, not int"),
        ({"parameters": {5: "1"}}, r"parameters\[5\] must be a str, not int"),
        ({"to_addrs": Recipient(TO, parameters="X")}, r"to_addrs\[0\].parameters must be a dict"),  # type: ignore[arg-type]
        ({"mt_priority": "3"}, "mt_priority must be an int, not str"),
        ({"mt_priority": True}, "mt_priority must be an int, not bool"),
        ({"use_8bitmime": "no"}, "use_8bitmime must be a bool, not str"),
        ({"use_smtputf8": "no"}, "use_smtputf8 must be a bool"),
        ({"require_tls": "no"}, "require_tls must be a bool"),
        ({"all_or_none": 1}, "all_or_none must be a bool"),
        ({"use_binarymime": 0}, "use_binarymime must be a bool"),
        ({"allow_empty": "no"}, "allow_empty must be a bool"),
    ],
)
def test_arguments_of_another_type(
    arguments: dict[str, Any], complaint: str, server: ScriptedServer
) -> None:
    server.play(hello("DSN", "SIZE", "8BITMIME", "SMTPUTF8"), QUIT)
    values: dict[str, Any] = {"from_addr": FROM, "to_addrs": TO, **arguments}
    with open_to(server) as connection:
        with pytest.raises(TypeError, match=complaint):
            connection.send(Envelope(**values), "x")
        with pytest.raises(TypeError, match=complaint):
            connection.send(message="x", **values)


@pytest.mark.parametrize("envelope", [None, FROM, (FROM, TO), {}])
def test_no_envelope(envelope: Any) -> None:
    connection = smtpconn.Connection()
    with pytest.raises(TypeError, match="must be an Envelope"):
        connection.start_send(envelope, "x")
    connection.close()


@pytest.mark.parametrize("sender", ["", "<>"])
def test_null_sender(sender: str, server: ScriptedServer) -> None:
    server.play(hello(), sending("<>", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(sender, TO, "x")


@pytest.mark.parametrize(
    "public", [DSN, Envelope, Recipient, smtpconn.Result, smtpconn.RecipientResult]
)
def test_type_hints(public: type) -> None:
    """They can be read at run time, under every version, and say something."""
    hints = typing.get_type_hints(public)
    assert set(hints) == {field.name for field in dataclasses.fields(public)}
    for function in vars(public).values():
        function = function.fget if isinstance(function, property) else function
        if inspect.isfunction(function):
            hints.update(typing.get_type_hints(function))
    assert Any not in hints.values()


@pytest.mark.parametrize(
    ("message", "parameters"),
    [
        (b"Subject: x\r\n\r\ny\r\n", " SIZE=17"),
        ("Subject: x\r\n\r\nü\r\n".encode(), " SIZE=18 BODY=8BITMIME"),
        ("Subject: ü\r\n\r\ny\r\n".encode(), " SIZE=18 BODY=8BITMIME SMTPUTF8"),
    ],
)
def test_a_message_in_memory_is_looked_at(
    message: bytes, parameters: str, server: ScriptedServer
) -> None:
    server.play(hello(*ALL), "C: MAIL *", "S: 550 no", QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.EnvelopeError):
        connection.send(FROM, TO, message)
    server.check()
    mail = server.commands[1]
    assert mail.startswith(f"MAIL FROM:<{FROM}> ")
    assert sorted(mail.split()[2:]) == sorted(parameters.split())


def test_what_was_not_looked_at_is_not_announced(server: ScriptedServer) -> None:
    server.play(hello(*ALL), sending(f"<{FROM}>", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, TO, iter(["Subject: ü\r\n\r\nü\r\n"]))


@pytest.mark.parametrize(
    ("use", "parameters"), [(True, " BODY=8BITMIME"), (False, ""), (None, " BODY=8BITMIME")]
)
def test_use_8bitmime(use: bool | None, parameters: str, server: ScriptedServer) -> None:
    server.play(hello("8BITMIME"), sending(f"<{FROM}>{parameters}", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, TO, "\r\nü\r\n", use_8bitmime=use)


def test_8bit_content_where_it_is_not_taken(server: ScriptedServer) -> None:
    server.play(hello(), sending(f"<{FROM}>", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        with pytest.raises(smtpconn.MessageError, match="8BITMIME"):
            connection.send(FROM, TO, "\r\nü\r\n")
        connection.send(FROM, TO, "\r\nü\r\n", use_8bitmime=True)


def test_use_smtputf8(server: ScriptedServer) -> None:
    server.play(hello("SMTPUTF8"), sending(f"<{FROM}> SMTPUTF8", f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, TO, "x", use_smtputf8=True)


def test_smtputf8_for_an_address(server: ScriptedServer) -> None:
    server.play(hello("SMTPUTF8"), sending(f"<{FROM}> SMTPUTF8", "<jürgen@example.org>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, "jürgen@example.org", "x")


def test_a_domain_outside_ascii(server: ScriptedServer) -> None:
    """Without SMTPUTF8 as its A-label; the result has what was given."""
    server.play(hello(), sending(f"<{FROM}>", "<b@xn--bcher-kva.example>"), QUIT)
    with open_to(server) as connection:
        result = connection.send(FROM, "b@bücher.example", "x")
    assert result.accepted == ["b@bücher.example"]


def test_no_smtputf8_where_it_is_needed(server: ScriptedServer) -> None:
    server.play(hello(), QUIT)
    with open_to(server) as connection:
        with pytest.raises(smtpconn.MessageError, match="SMTPUTF8"):
            connection.send(FROM, TO, "x", use_smtputf8=True)
        with pytest.raises(smtpconn.EnvelopeError, match="SMTPUTF8"):
            connection.send(FROM, "jürgen@example.org", "x")


def test_a_message_beyond_the_limit(server: ScriptedServer) -> None:
    server.play(hello(*ALL), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.MessageError, match="1000"):
        connection.send(FROM, TO, b"x" * 1001)


def test_require_tls(server: ScriptedServer) -> None:
    server.play(hello("REQUIRETLS"), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.RequireTLSError):
        connection.send(FROM, TO, "x", require_tls=True)


@pytest.mark.parametrize("value", [-9, 0, 9])
def test_a_priority(value: int, server: ScriptedServer) -> None:
    mail = f"<{FROM}> MT-PRIORITY={value}"
    server.play(hello("MT-PRIORITY"), sending(mail, f"<{TO}>"), QUIT)
    with open_to(server) as connection:
        connection.send(FROM, TO, "x", mt_priority=value)


# The last two are what C would take for no value, and for 3.
@pytest.mark.parametrize("value", [-10, 10, -(2**31), 2**32 + 3])
def test_a_priority_out_of_range(value: int, server: ScriptedServer) -> None:
    server.play(hello("MT-PRIORITY"), QUIT)
    with (
        open_to(server) as connection,
        pytest.raises(smtpconn.EnvelopeError, match=rf"^mt_priority .*{value}"),
    ):
        connection.send(FROM, TO, "x", mt_priority=value)


def test_a_parameter_that_is_not_offered(server: ScriptedServer) -> None:
    server.play(hello(), QUIT)
    with (
        open_to(server) as connection,
        pytest.raises(smtpconn.EnvelopeError, match=r"needs MT-PRIORITY, .* does not offer"),
    ):
        connection.send(FROM, TO, "x", mt_priority=0)


EXTENSIONS = ("DELIVERBY", "FUTURERELEASE", "AUTH PLAIN", "NO-SOLICITING", "RRVS", "X-MORE")


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"deliver_by": "60;RT"}, "BY=60;RT"),
        ({"hold_for": 3600}, "HOLDFOR=3600"),
        ({"hold_until": "2026-12-24T18:00:00Z"}, "HOLDUNTIL=2026-12-24T18:00:00Z"),
        ({"auth_sender": "a+b@example.org"}, "AUTH=a+2Bb@example.org"),
        ({"auth_sender": "<>"}, "AUTH=<>"),
        ({"solicit": ["org.example:ADV", "x"]}, "SOLICIT=org.example:ADV,x"),
        ({"solicit": "x"}, "SOLICIT=x"),
        ({"parameters": {"X-A": "1", "X-B": None}}, "X-A=1 X-B"),
        ({"parameters": {}, "deliver_by": "0;N"}, "BY=0;N"),
    ],
)
def test_parameters_of_mail(fields: dict[str, Any], parameter: str, server: ScriptedServer) -> None:
    """As arguments of send, and in an envelope."""
    mail = sending(f"<{FROM}> {parameter}", f"<{TO}>")
    server.play(hello(*EXTENSIONS), mail, mail, QUIT)
    with open_to(server) as connection:
        connection.send(FROM, TO, "x", **fields)
        connection.send(Envelope(FROM, TO, **fields), "x")


def test_parameters_of_one_recipient(server: ScriptedServer) -> None:
    since = "2026-01-31T12:00:00Z"
    rcpt = (f"<{TO}> RRVS={since} X-A=1 X-B", "<c@example.org>")
    server.play(hello(*EXTENSIONS), sending(f"<{FROM}>", *rcpt), QUIT)
    recipient = Recipient(TO, rrvs=since, parameters={"X-A": "1", "X-B": None})
    with open_to(server) as connection:
        connection.send(FROM, [recipient, "c@example.org"], "x")


def test_all_or_none(server: ScriptedServer) -> None:
    """Said as an argument of send, and in an envelope."""
    refusal = (
        f"C: MAIL FROM:<{FROM}>\nS: 250 ok\nC: RCPT TO:<{TO}>\nS: 250 ok\n"
        "C: RCPT TO:<c@example.org>\nS: 550 nobody\nC: RSET\nS: 250 ok\n"
    )
    server.play(hello(), refusal, refusal.replace("C: RSET\nS: 250 ok\n", ""), QUIT)
    recipients = [TO, "c@example.org"]
    with open_to(server) as connection:
        with pytest.raises(smtpconn.EnvelopeError, match="all_or_none") as by_argument:
            connection.send(FROM, recipients, "x", all_or_none=True)
        with pytest.raises(smtpconn.EnvelopeError, match="all_or_none") as by_envelope:
            connection.send(Envelope(FROM, recipients, all_or_none=True), "x")
        for caught in (by_argument, by_envelope):
            result = caught.value.result
            assert result is not None
            assert [recipient.status for recipient in result.recipients] == [
                RecipientStatus.NOT_TRIED,
                RecipientStatus.REJECTED,
            ]


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("Ann <ann@example.org>", "angle brackets"),
        ("a@example.org, b@example.org", "each of them alone"),
        ("a\u200b@example.org", r"U\+200B"),
        ("alice", "LMTP"),
    ],
)
def test_what_to_give_instead(address: str, advice: str, server: ScriptedServer) -> None:
    server.play(hello(), QUIT)
    with open_to(server) as connection, pytest.raises(smtpconn.EnvelopeError, match=advice):
        connection.send(FROM, address, "x")


def test_host_with_a_port() -> None:
    with pytest.raises(smtpconn.OptionsError, match="587 as port"):
        smtpconn.Connection("mail.example.com:587")


@pytest.mark.parametrize("ignored", ["size 8bitmime", ["SIZE", "8BITMIME"]])
def test_ignored_capabilities(ignored: str | list[str], server: ScriptedServer) -> None:
    server.play(hello("SIZE", "8BITMIME"), sending(f"<{FROM}>", f"<{TO}>"), QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, ignored_capabilities=ignored) as connection:
        assert connection.capability_lines == ["HELP"]
        connection.send(FROM, TO, "x")


@pytest.mark.parametrize("chunking", smtpconn.Chunking)
def test_chunking_where_it_is_not_offered(
    chunking: smtpconn.Chunking, server: ScriptedServer
) -> None:
    server.play(hello(), sending(f"<{FROM}>", f"<{TO}>"), QUIT)
    with smtpconn.Connection("127.0.0.1", server.port, chunking=chunking) as connection:
        connection.send(FROM, TO, "x")


def test_the_rest_follows_in_a_second_transaction(server: ScriptedServer) -> None:
    more = "C: RCPT TO:<c@example.org>\nS: 452 4.5.3 too many\n"
    more += more.replace("<c@", "<d@")
    first = sending(f"<{FROM}>", f"<{TO}>").replace("C: DATA", f"{more}C: DATA")
    second = sending(f"<{FROM}>", "<c@example.org>", "<d@example.org>")
    server.play(hello(), first, second, QUIT)
    with open_to(server) as connection:
        result = connection.send(FROM, [TO, "c@example.org", "d@example.org"], "x")
    server.check()
    assert result.accepted == [TO, "c@example.org", "d@example.org"]
    assert server.messages == [b"x\r\n"] * 2


def test_lmtp(server: ScriptedServer) -> None:
    recipients = [f"{letter}@example.org" for letter in "bcd"]
    server.play(
        hello().replace("EHLO", "LHLO"),
        sending(f"<{FROM}>", "<b@example.org>", "<c@example.org>").replace(
            "C: DATA", "C: RCPT TO:<d@example.org>\nS: 550 5.1.1 nobody\nC: DATA"
        ),
        "S: 452 4.2.2 full",
        QUIT,
    )
    with smtpconn.Connection("127.0.0.1", server.port, lmtp=True) as connection:
        result = connection.send(FROM, recipients, "x")
    assert result.accepted == recipients[:1]
    assert result.rejected == recipients[1:]
    deferred, rejected = result.recipients[1:]
    assert (deferred.status, rejected.status) == (
        RecipientStatus.DEFERRED,
        RecipientStatus.REJECTED,
    )
    assert (deferred.command, deferred.code, deferred.enhanced) == ("DATA", 452, "4.2.2")
    assert (rejected.command, rejected.code, rejected.enhanced) == ("RCPT TO", 550, "5.1.1")
    assert isinstance(deferred.error, smtpconn.MessageError)
    assert isinstance(rejected.error, smtpconn.EnvelopeError)
