"""`on_progress`: how much of a message has left."""

from __future__ import annotations

from typing import Callable, Optional

import pytest

import smtpconn
from event_loops import Main, in_every_loop
from smtpconn import aio
from smtpconn.testing import Server

pytest_plugins = ["smtpconn.pytest"]

LINES = b"a line of the message\r\n" * 100_000
News = list[tuple[int, Optional[int]]]
Run = Callable[[Main], None]


def check(news: News, size: int) -> None:
    assert news == sorted(news)
    assert news[-1] == (size, size)
    assert all(total == size for _sent, total in news)


def test_a_large_message(smtp_server: Server) -> None:
    news: News = []
    with smtpconn.Connection(
        **smtp_server.options, on_progress=lambda _connection, *numbers: news.append(numbers)
    ) as connection:
        connection.send("a@example.org", "b@example.org", LINES)
        check(news, len(LINES))
        del news[:]
        connection.send("a@example.org", "b@example.org", b"small\r\n")
        assert news == [(7, 7)]


def test_of_unknown_length(smtp_server: Server) -> None:
    news: News = []
    with smtpconn.Connection(**smtp_server.options) as connection:
        connection.on_progress = lambda _connection, *numbers: news.append(numbers)
        connection.send("a@example.org", "b@example.org", iter([LINES, LINES]))
        assert news[-1] == (2 * len(LINES), 2 * len(LINES))
        assert all(total is None for _sent, total in news[:-1])
        del news[:]
        connection.on_progress = None
        connection.send("a@example.org", "b@example.org", LINES)
        assert news == []


def test_what_a_handler_raises(smtp_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def stop(*_news: object) -> None:
        raise ZeroDivisionError

    with smtpconn.Connection(**smtp_server.options, on_progress=stop) as connection:
        assert connection.send("a@example.org", "b@example.org", b"small\r\n").accepted
    assert "on_progress raised an exception, which is ignored" in caplog.text


def test_after_connecting_again(smtp_server: Server) -> None:
    news: News = []
    connection = smtpconn.Connection(
        **smtp_server.options, on_progress=lambda _connection, *numbers: news.append(numbers)
    )
    for _ in range(2):
        connection.connect()
        connection.send("a@example.org", "b@example.org", b"small\r\n")
        connection.quit()
    connection.close()
    assert news == [(7, 7)] * 2


@in_every_loop
def test_in_asyncio_and_trio(run: Run) -> None:
    news: News = []

    async def main() -> None:
        with Server() as server:
            async with aio.AsyncConnection(
                **server.options, on_progress=lambda _connection, *numbers: news.append(numbers)
            ) as connection:
                await connection.send("a@example.org", "b@example.org", LINES)

    run(main)
    check(news, len(LINES))
