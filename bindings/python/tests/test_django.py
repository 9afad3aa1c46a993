"""smtpconn.django with the real Django."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from django.conf import settings

settings.configure(
    EMAIL_BACKEND="smtpconn.django.EmailBackend", DEFAULT_FROM_EMAIL="Shop <shop@example.org>"
)

from django.core import mail  # noqa: E402
from django.test import override_settings  # noqa: E402

import smtpconn  # noqa: E402
from smtpconn.django import EmailBackend  # noqa: E402
from smtpconn.testing import Server  # noqa: E402

pytest_plugins = ["smtpconn.pytest"]


@pytest.fixture
def server(smtp_server: Server) -> Iterator[Server]:
    with override_settings(EMAIL_HOST=smtp_server.host, EMAIL_PORT=smtp_server.port):
        yield smtp_server


def message(number: int = 0, *to: str, **more: Any) -> Any:
    return mail.EmailMessage(f"number {number}", "Hello", None, to or ["bob@example.net"], **more)


def several(count: int) -> list[Any]:
    return [message(each) for each in range(count)]


def in_thread(function: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def subjects(server: Server) -> list[str]:
    return [each.email["Subject"] for each in server.messages]


def test_send_mail(server: Server) -> None:
    sent = mail.send_mail(
        "Grüße", "Hello", None, ["Bob <bob@example.net>"], html_message="<p>Hello</p>"
    )
    assert sent == 1
    (received,) = server.messages
    assert (received.sender, received.recipients) == ("shop@example.org", ("bob@example.net",))
    email = received.email
    assert (email["Subject"], email["From"]) == ("Grüße", "Shop <shop@example.org>")
    html = email.get_body(("html",))
    assert html is not None
    assert html.get_content() == "<p>Hello</p>"
    assert server.commands[-1] == "QUIT"


def test_all_recipients_and_no_bcc_field(server: Server) -> None:
    message(0, "a@example.net", cc=["C <c@example.net>"], bcc=["d@example.net"]).send()
    (received,) = server.messages
    assert received.recipients == ("a@example.net", "c@example.net", "d@example.net")
    assert "d@example.net" not in received.content.decode()


def test_many_messages_are_one_connection(server: Server) -> None:
    assert mail.get_connection().send_messages(several(5)) == 5
    assert subjects(server) == [f"number {each}" for each in range(5)]
    assert server.connections == 1


def test_the_next_envelope_leaves_before_the_final_reply(server: Server) -> None:
    """While the reply to the first content is held, the second envelope comes already."""
    with server.hold("content") as hold:
        counts: list[int] = []
        sending = in_thread(lambda: counts.append(EmailBackend().send_messages(several(3))))
        hold.wait()
        hold.release()
    sending.join()
    assert counts == [3]
    commands = server.commands
    first = commands.index("DATA")
    # Pipelined: RSET ends what the first message was, before its result was known.
    assert commands[first + 1] == "RSET"


def test_nothing_to_send(server: Server) -> None:
    assert mail.get_connection().send_messages([]) == 0
    assert server.connections == 0
    nobody = mail.EmailMessage("x", "y", None, [])
    assert mail.get_connection().send_messages([nobody, message()]) == 1


def test_open_and_close(server: Server) -> None:
    backend = EmailBackend()
    backend.close()
    assert backend.open() is True
    assert backend.open() is False
    assert backend.send_messages(several(2)) == 2
    assert backend.send_messages(several(1)) == 1
    assert backend.connection is not None
    backend.close()
    backend.close()
    assert backend.connection is None
    assert server.connections == 1
    with mail.get_connection() as connection:
        assert connection.send_messages(several(1)) == 1
    assert server.connections == 2


def test_a_connection_that_was_lost_is_made_again(server: Server) -> None:
    backend = EmailBackend()
    backend.open()
    server.cut("MAIL", times=1)
    with pytest.raises(smtpconn.ConnectionLostError):
        backend.send_messages(several(1))
    assert backend.send_messages(several(1)) == 1
    backend.close()
    assert server.connections == 2


def test_a_connection_that_the_server_closed_when_it_was_idle(server: Server) -> None:
    """Nothing ran since then that would have noticed."""
    with mail.get_connection() as backend:
        backend.send_messages(several(1))
        descriptor = backend.connection.loop.fileno()
        for session in list(server._sessions):
            session.end()
        assert select.select([descriptor], [], [], 30)[0]
        assert backend.send_messages(several(1)) == 1
    assert len(server.messages) == 2
    assert server.connections == 2


def test_the_first_failure_is_raised_and_nothing_more_begun(server: Server) -> None:
    server.reply("RCPT TO:<no@*", "550 5.1.1 no such user")
    with pytest.raises(smtpconn.EnvelopeError) as caught:
        mail.get_connection().send_messages([message(0), message(1, "no@x.org"), *several(9)])
    assert caught.value.recipient == "no@x.org"
    assert len(subjects(server)) <= 2
    assert subjects(server)[0] == "number 0"


def test_fail_silently(server: Server) -> None:
    server.reply("RCPT TO:<no@*", "550 5.1.1 no such user")
    silent = mail.get_connection(fail_silently=True)
    assert silent.send_messages([message(0), message(1, "no@x.org"), message(2)]) == 2
    assert subjects(server) == ["number 0", "number 2"]
    server.defer("greeting")
    assert silent.open() is None
    assert silent.send_messages([message(0)]) == 0
    # A mistake in the program is not silent.
    with pytest.raises(smtpconn.OptionsError):
        mail.get_connection(fail_silently=True, port=70000).open()


def test_an_address_that_is_none(server: Server) -> None:
    with pytest.raises(smtpconn.EnvelopeError):
        message(0, "a@example.net; b@example.net").send()
    with pytest.raises(ValueError, match=r"(?i)header|newline"):
        message(0, "a@example.net\nBcc: x@example.net").send()
    assert server.messages == []


def test_a_message_refused_for_one_recipient_counts(server: Server) -> None:
    server.reply("RCPT TO:<no@*", "550 5.1.1 no such user")
    assert message(0, "no@x.org", "bob@example.net").send() == 1


@pytest.mark.parametrize(("setting", "option"), [("TLS", "starttls"), ("SSL", "secure")])
def test_tls_and_login(setting: str, option: str) -> None:
    with Server(
        users={"shop": "secret"}, starttls=setting == "TLS", secure=setting == "SSL"
    ) as tls:
        chosen: dict[str, Any] = {
            "EMAIL_HOST": "localhost",
            "EMAIL_PORT": tls.port,
            "EMAIL_HOST_USER": "shop",
            "EMAIL_HOST_PASSWORD": "secret",
            f"EMAIL_USE_{setting}": True,
            "EMAIL_TIMEOUT": 60,
        }
        with override_settings(**chosen):
            with pytest.raises(smtpconn.TLSError):
                message().send()  # Nobody knows its certificate.
            with override_settings(SMTPCONN_OPTIONS={"tls_ca": tls.ca}):
                assert message().send() == 1
                with pytest.raises(smtpconn.AuthError):
                    EmailBackend(password="other").open()
        assert [(each.user, each.secure) for each in tls.messages] == [("shop", True)]


def test_tls_is_required_when_the_setting_says_so(server: Server) -> None:
    with override_settings(EMAIL_USE_TLS=True), pytest.raises(smtpconn.TLSError):
        message().send()
    with pytest.raises(ValueError, match="exclude each other"):
        EmailBackend(use_tls=True, use_ssl=True)


def test_a_server_on_this_machine_needs_no_certificate() -> None:
    with Server(starttls=True) as tls:
        assert EmailBackend(tls.host, tls.port).send_messages([message()]) == 1
        assert not tls.messages[0].secure


def test_threads_take_turns(server: Server) -> None:
    backend = EmailBackend()
    backend.open()
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(backend.send_messages(several(3))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    backend.close()
    assert counts == [3] * 6
    assert len(server.messages) == 18
    assert server.connections == 1


def test_timeout(server: Server) -> None:
    with server.hold("greeting"), pytest.raises(smtpconn.TimedOutError):
        EmailBackend(timeout=0.05).open()
