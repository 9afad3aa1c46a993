"""Commands with one reply, as real servers answer them."""

from __future__ import annotations

import pytest

from support.messages.content import HELLO, stored
from support.realservers.client import Client, send
from support.realservers.exim import Exim
from support.realservers.mailboxes import ALICE, BOB, DOMAIN, PASSWORD, USER
from support.realservers.postfix import Postfix
from support.realservers.realserver import RealServer

#: A host name of 239 octets: two of them do not fit into one command.
LONG = ".".join(["a" * 59] * 4)


@pytest.mark.parametrize("server", ["postfix", "exim", "opensmtpd"], indirect=True)
def test_everybody_knows_noop_and_ehlo(client: Client[RealServer]) -> None:
    """OpenSMTPD refuses EHLO again (503); what it offered holds then."""
    connection = client.opened("smtp")
    offered = connection.info()["capabilities"]
    said = connection.start_command("noop").succeeds().said
    assert said is not None
    assert said.code == 250
    error = connection.start_command("hello").wait().error
    refusal = (503, "OpenSMTPD") if error is not None else (0, type(client.server).__name__)
    assert (error.response_code if error else 0, type(client.server).__name__) == refusal
    assert connection.info()["capabilities"] == offered
    assert client.delivered(send(connection)) == stored(HELLO)
    connection.start_quit().succeeds()


@pytest.mark.parametrize("server", ["exim"], indirect=True)
class TestExim:
    def test_vrfy(self, client: Client[Exim]) -> None:
        """It says who there is."""
        connection = client.opened("smtp")
        said = connection.start_command("verify", ALICE).succeeds().said
        assert said is not None
        assert said.code == 250
        assert ALICE in said.response
        failure = connection.start_command("verify", f"stranger@{DOMAIN}").fails("ECOMMAND")
        assert failure.response_code == 550
        connection.start_quit().succeeds()

    def test_expn(self, client: Client[Exim]) -> None:
        connection = client.opened("smtp")
        said = connection.start_command("expand", f"staff@{DOMAIN}").succeeds().said
        assert said is not None
        assert said.code == 250
        assert len(said.lines) == 2
        assert ALICE in said.response
        assert BOB in said.response
        assert client.delivered(send(connection)) == stored(HELLO)
        connection.start_quit().succeeds()


@pytest.mark.parametrize("server", ["postfix"], indirect=True)
class TestPostfix:
    def test_vrfy(self, client: Client[Postfix]) -> None:
        connection = client.opened("smtp")
        said = connection.start_command("verify", ALICE).succeeds().said
        assert said is not None
        # It says no more about anybody.
        assert (said.code, said.enhanced) == (252, "2.0.0")
        failure = connection.start_command("verify", f"nosuch@{DOMAIN}").fails("ECOMMAND")
        assert (failure.response_code, failure.enhanced) == (550, "5.1.1")
        # With SMTPUTF8, which it would take for a part of the address if it did not know it.
        said = connection.start_command("verify", f"søren@{DOMAIN}").succeeds().said
        assert said is not None
        assert said.code == 252
        connection.start_quit().succeeds()

    def test_expn_is_not_known(self, client: Client[Postfix]) -> None:
        connection = client.opened("smtp")
        failure = connection.start_command("expand", "staff").fails("ECOMMAND")
        assert failure.response_code in (500, 502)
        assert client.delivered(send(connection)) == stored(HELLO)
        connection.start_quit().succeeds()

    def test_etrn(self, client: Client[Postfix]) -> None:
        connection = client.opened("smtp")
        said = connection.start_command("etrn", DOMAIN).succeeds().said
        assert said is not None
        assert said.code == 250
        failure = connection.start_command("etrn", "elsewhere.example").fails("ECOMMAND")
        assert failure.response_code == 459
        connection.start_quit().succeeds()
        bare = client.opened("bare")
        assert bare.start_command("etrn", DOMAIN).fails("ECOMMAND").response is None
        bare.start_quit().succeeds()

    def test_commands_that_are_not_known(self, client: Client[Postfix]) -> None:
        connection = client.opened("smtp")
        failure = connection.start_command("command", "X-NOTHING at all").fails("ECOMMAND")
        assert failure.response_code in (500, 502)
        connection.start_command("command", "HELP").fails("ECOMMAND")
        connection.start_quit().succeeds()

    def test_xclient(self, client: Client[Postfix]) -> None:
        connection = client.opened("passing", allow_insecure_auth=1)
        connection.start_login(USER, PASSWORD).succeeds()
        said = connection.start_command(
            "xclient", "NAME=spike.example", "ADDR=192.0.2.7", "PORT=4711", "HELO=spike.example"
        ).succeeds()
        assert said.said is not None
        assert said.said.code == 220
        assert connection.info()["authenticated"] == 0
        # It offers that no more to this address.
        assert not connection.capability("XCLIENT")[0]
        sending = send(connection)
        assert client.delivered(sending) == stored(HELLO)
        used = client.server.wait_log(rf"{sending.result().queue_id}: client=.*\n")
        assert "client=spike.example[192.0.2.7]" in used
        assert "sasl_username" not in used
        connection.start_quit().succeeds()

    def test_xclient_in_several_lines(self, client: Client[Postfix]) -> None:
        connection = client.opened("passing")
        passing = connection.start_command(
            "xclient", "ADDR=192.0.2.7", f"NAME={LONG}", f"HELO={LONG}", "PROTO=SMTP"
        )
        sending = send(connection)
        passing.succeeds()
        assert client.delivered(sending) == stored(HELLO)
        used = client.server.wait_log(rf"{sending.result().queue_id}: client=.*\n")
        assert f"client={LONG}[192.0.2.7]" in used
        connection.start_quit().succeeds()

    def test_xclient_is_refused(self, client: Client[Postfix]) -> None:
        """A value that it does not take; and what was to go out under that name does not."""
        connection = client.opened("passing")
        with connection.drive.held():
            passing = connection.start_command("xclient", "ADDR=no.address")
            sending = send(connection)
        assert passing.fails("ECOMMAND").response_code == 501
        assert sending.fails("ECOMMAND").message.startswith("not sent, because XCLIENT")
        assert client.delivered(send(connection)) == stored(HELLO)
        connection.start_quit().succeeds()

    def test_xforward(self, client: Client[Postfix]) -> None:
        """It holds for one message: the next is the client's own."""
        connection = client.opened("passing")
        with connection.drive.held():
            passing = connection.start_command(
                "xforward", f"NAME={LONG}", "ADDR=192.0.2.8", "PROTO=ESMTP", f"HELO={LONG}"
            )
            first, second = send(connection), send(connection)
        passing.succeeds()
        assert client.delivered(first) == stored(HELLO)
        used = client.server.wait_log(rf"{first.result().queue_id}: client=.*\n")
        assert f"orig_client={LONG}[192.0.2.8]" in used
        assert client.delivered(second) == stored(HELLO)
        used = client.server.wait_log(rf"{second.result().queue_id}: client=.*\n")
        assert "orig_client" not in used
        connection.start_quit().succeeds()

    def test_xforward_after_a_message_that_was_refused(self, client: Client[Postfix]) -> None:
        """RSET goes before it: after it Postfix would forget it again."""
        connection = client.opened("passing")
        with connection.drive.held():
            refused = send(connection, HELLO, f"nosuch@{DOMAIN}")
            passing = connection.start_command("xforward", "NAME=spike.example", "ADDR=192.0.2.9")
            sending = send(connection)
        refused.fails("EENVELOPE")
        passing.succeeds()
        assert client.delivered(sending) == stored(HELLO)
        used = client.server.wait_log(rf"{sending.result().queue_id}: client=.*\n")
        assert "orig_client=spike.example[192.0.2.9]" in used
        connection.start_quit().succeeds()

    def test_both_are_for_those_who_may(self, client: Client[Postfix]) -> None:
        connection = client.opened("smtp")
        for verb in ("xclient", "xforward"):
            failure = connection.start_command(verb, "NAME=spike.example").fails("ECOMMAND")
            assert f"does not offer {verb.upper()}" in failure.message
        connection.start_quit().succeeds()
