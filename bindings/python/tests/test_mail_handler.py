"""smtpconn.logging: records become mails, nobody waits, and nothing goes round."""

from __future__ import annotations

import logging
import logging.config
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn.logging import SMTPHandler
from smtpconn.testing import Server

pytest_plugins = ["smtpconn.pytest"]

FROM, TO = "App <app@example.org>", ["ops@example.org", "Eve <eve@example.net>"]


class Handler(SMTPHandler):
    """Keeps what it could not send, instead of printing it."""

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__((server.host, server.port), FROM, TO, "Trouble", **options)
        self.failures: list[BaseException | None] = []

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        self.failures.append(sys.exc_info()[1])


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.Logger("app")
    yield made
    for handler in made.handlers:
        handler.close()


def test_record(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server)
    logger.addHandler(handler)
    logger.error("cannot %s", "write ü\udc80")
    handler.flush()
    (message,) = smtp_server.messages
    assert (message.sender, message.recipients) == (
        "app@example.org",
        ("ops@example.org", "eve@example.net"),
    )
    email = message.email
    assert (email["Subject"], email["From"], email["To"]) == ("Trouble", FROM, ", ".join(TO))
    assert email["Message-ID"].endswith("@example.org>")
    assert email["Date"] is not None
    assert email.get_content() == "cannot write ü\\udc80\n"
    assert handler.failures == []


def test_arguments_of_the_standard_library(logger: logging.Logger) -> None:
    """As a configuration names them, with TLS and a login."""
    with Server(starttls=True, users={"app": "secret"}) as server:
        configuration = {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "mail": {
                    "class": "smtpconn.logging.SMTPHandler",
                    "mailhost": [server.host, server.port],
                    "fromaddr": FROM,
                    "toaddrs": TO[0],
                    "subject": "Trouble",
                    "credentials": ["app", "secret"],
                    "secure": [],
                    "options": {"tls_ca": server.ca},
                }
            },
            "loggers": {"test.mail": {"handlers": ["mail"], "propagate": False}},
        }
        logging.config.dictConfig(configuration)
        named = logging.getLogger("test.mail")
        named.error("x")
        (handler,) = named.handlers
        named.removeHandler(handler)
        handler.close()
        (message,) = server.messages
        assert (message.user, message.secure) == ("app", True)


def test_tls_that_is_required(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server, secure=())
    logger.addHandler(handler)
    logger.error("x")
    handler.flush()
    (error,) = handler.failures
    assert isinstance(error, smtpconn.TLSError)
    assert smtp_server.messages == []


def test_nobody_waits_and_one_connection_is_used(
    smtp_server: Server, logger: logging.Logger
) -> None:
    logger.addHandler(Handler(smtp_server))
    with smtp_server.hold("greeting"):
        for number in range(20):
            logger.error("number %d", number)
        assert smtp_server.messages == []
    logger.handlers[0].flush()
    texts = [each.email.get_content() for each in smtp_server.messages]
    assert texts == [f"number {number}\n" for number in range(20)]
    assert smtp_server.connections == 1


def test_capacity(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server, capacity=2)
    logger.addHandler(handler)
    with smtp_server.hold("greeting") as hold:
        logger.error("first")
        hold.wait()  # It is under way, and not in the queue any more.
        for number in range(5):
            logger.error("number %d", number)
        assert handler.dropped == 3
    handler.flush()
    texts = [each.email.get_content() for each in smtp_server.messages]
    assert texts[1].startswith("number 0\n\n3 further records were dropped")
    assert texts[2] == "number 1\n"
    assert len(texts) == 3


def test_its_own_records_go_nowhere(smtp_server: Server) -> None:
    """At the root, at DEBUG, the package itself logs each command that it sends."""
    root, own = logging.getLogger(), logging.getLogger("smtpconn")
    handler = Handler(smtp_server)
    before = root.level, own.level
    root.addHandler(handler)
    try:
        root.setLevel(logging.DEBUG)
        own.setLevel(logging.DEBUG)
        logging.getLogger("app").error("x")
        handler.flush()
        # What other connections log is sent.
        other = smtpconn.Connection(smtp_server.host, smtp_server.port)
        other.connect()
        other.close()
        handler.flush()
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])
        handler.close()
    first, *others = [each.email.get_content() for each in smtp_server.messages]
    assert first == "x\n"
    assert any("EHLO" in text for text in others)
    assert not any("MAIL FROM" in text for text in others)


def test_a_record_inside_of_the_sending_thread(smtp_server: Server, logger: logging.Logger) -> None:
    class Chatty(Handler):
        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
            super().handleError(record)
            logger.error("could not send %r", record)
            self.flush()  # Would wait for itself.

    handler = Chatty(smtp_server)
    logger.addHandler(handler)
    smtp_server.reply("MAIL", "550 no", times=1)
    logger.error("x")
    handler.flush()
    assert [type(each) for each in handler.failures] == [smtpconn.EnvelopeError]
    assert smtp_server.messages == []


def test_a_server_that_closes_between_two_mails(
    smtp_server: Server, logger: logging.Logger
) -> None:
    handler = Handler(smtp_server)
    logger.addHandler(handler)
    with smtp_server.hold("greeting"):
        for number in range(3):
            logger.error("number %d", number)
        smtp_server.reply("MAIL", "421 4.4.2 timeout", times=1)
        # The first mail of a connection is not tried again; the second one is.
        smtp_server.cut("RSET", times=1)
    handler.flush()
    assert len(handler.failures) == 1
    assert len(smtp_server.messages) == 2


def test_a_mail_in_doubt_is_not_sent_again(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server)
    logger.addHandler(handler)
    with smtp_server.hold("greeting"):
        logger.error("one")
        logger.error("two")
        logger.error("three")
        # The second one, on the connection that the first one has left open.
        smtp_server.cut("content", after=True)
        smtp_server.reply("content", "250 ok", times=1)
    handler.flush()
    texts = [each.email.get_content() for each in smtp_server.messages]
    assert texts == ["one\n", "two\n", "three\n"]
    assert len(handler.failures) == 2


def test_subject_is_one_line(smtp_server: Server, logger: logging.Logger) -> None:
    class Named(Handler):
        def getSubject(self, record: logging.LogRecord) -> str:  # noqa: N802
            return record.getMessage()

    logger.addHandler(Named(smtp_server))
    logger.error("one\r\nBcc: eve@example.net\n")
    logger.error("\n")
    logger.handlers[0].flush()
    assert [each.email["Subject"] for each in smtp_server.messages] == [
        "one Bcc: eve@example.net",
        "Trouble",
    ]


def test_close_reports_what_is_late(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server, flush_timeout=0)
    with smtp_server.hold("greeting") as hold:
        logger.addHandler(handler)
        logger.error("first")
        hold.wait()
        logger.error("second")
        handler.close()
    (error,) = handler.failures
    assert isinstance(error, TimeoutError)
    assert str(error).startswith("1 records")
    assert handler.dropped == 1
    handler.flush(timeout=30)


def test_bad_arguments(smtp_server: Server) -> None:
    with pytest.raises(ValueError, match="capacity"):
        Handler(smtp_server, capacity=0)
    with pytest.raises(smtpconn.EnvelopeError):
        SMTPHandler("localhost", "a@example.org", "a@example.org; b@example.org", "x")


def test_many_threads(smtp_server: Server, logger: logging.Logger) -> None:
    handler = Handler(smtp_server)
    logger.addHandler(handler)

    def log() -> None:
        for _ in range(20):
            logger.error("x")

    threads = [threading.Thread(target=log) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.flush()
    assert len(smtp_server.messages) == 160
    assert handler.failures == []


def test_fork(smtp_server: Server, logger: logging.Logger) -> None:
    """The child has neither the thread nor the records of its parent, and can send its own."""
    handler = Handler(smtp_server)
    logger.addHandler(handler)
    with smtp_server.hold("greeting") as hold:
        logger.error("of the parent")
        hold.wait()
        logger.error("of the parent too")
        child = os.fork()
        if child == 0:
            logger.error("of the child")
            # The server's threads are the parent's: the hold is released there.
            handler.flush(timeout=60)
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    handler.flush()
    texts = sorted(each.email.get_content() for each in smtp_server.messages)
    assert texts == ["of the child\n", "of the parent\n", "of the parent too\n"]


@pytest.mark.parametrize("begun", [True, False])
def test_ctrl_c_while_the_thread_is_started(
    begun: bool, smtp_server: Server, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread sends, whether that had begun or not."""
    handler = Handler(smtp_server)
    logger.addHandler(handler)
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        started.append(thread)
        if begun:
            start(thread)
        raise KeyboardInterrupt

    with smtp_server.hold("greeting"):
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", interrupted)
            with pytest.raises(KeyboardInterrupt):
                logger.error("one")
        logger.error("two")
        senders = [each for each in threading.enumerate() if each.name == started[0].name]
        assert len(senders) == 1
    handler.flush()
    texts = [each.email.get_content() for each in smtp_server.messages]
    assert texts == ["one\n", "two\n"]


def test_the_end_of_a_program(smtp_server: Server) -> None:
    """What was logged last is sent, even when no thread can be started any more."""
    program = f"""
    import atexit, logging
    import smtpconn.logging
    logger = logging.getLogger("app")
    logger.addHandler(smtpconn.logging.SMTPHandler(
        ("{smtp_server.host}", {smtp_server.port}), "a@example.org", "b@example.org", "Trouble"))
    atexit.register(logger.error, "at exit")
    logger.error("at the end")
    """
    folder = str(Path(smtpconn.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": folder},
    )
    texts = [each.email.get_content() for each in smtp_server.messages]
    assert texts == ["at the end\n", "at exit\n"]
