"""How long each part of a connection took."""

from __future__ import annotations

import re

import pytest

from conftest import Opener
from support.drive.outcomes import LOG_NETWORK, Json
from support.pace import Pace
from support.servers.certificates import Certificates
from support.servers.script import greets, script
from support.servers.scripted import Peer
from support.servers.tunnels import TUNNELS, Target, http_request, through

#: Of the clock that the library sees: what really passes is nothing beside it.
UNIT = 1_000_000
DAY = 86_400_000
LONG = {
    f"{limit}_timeout": DAY
    for limit in ("connection", "greeting", "socket", "command", "final_reply", "operation")
}
PARTS = ("resolve", "connect", "proxy", "TLS", "greeting", "hello", "login")
MESSAGE_PARTS = ("envelope", "content", "verdict")


def units(info: Json) -> dict[str, int]:
    """The parts that took place, in units."""
    times = {part: info[f"time{number}"] for number, part in enumerate(PARTS + MESSAGE_PARTS)}
    return {part: round(time / UNIT) for part, time in times.items() if time >= 0}


def test_each_part_has_its_own_time(connect: Opener, certificates: Certificates) -> None:
    pace = Pace()

    def waits(turns: int) -> None:
        for _ in range(turns):
            pace.take_turn()

    def dialogue(peer: Peer) -> None:
        waits(1)
        peer.greet(b"STARTTLS")
        peer.expect(b"STARTTLS")
        waits(2)
        peer.reply(b"220 go")
        peer.hello()
        waits(3)
        peer.start_tls(certificates.good)
        peer.expect(b"EHLO ")
        waits(4)
        peer.reply(b"250-test.local", b"250 AUTH PLAIN")
        peer.expect(b"AUTH PLAIN ")
        waits(5)
        peer.reply(b"235 welcome")
        waits(6)
        peer.envelope()
        peer.content()
        waits(7)
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect(dialogue, host="localhost", **LONG)
    assert units(connection.info()) == {}
    opening = connection.start_connect()
    pace.give_turns(connection.drive, 10, UNIT)
    opening.succeeds()
    opened = {"resolve": 0, "connect": 0, "TLS": 3, "greeting": 1, "hello": 6}
    assert units(connection.info()) == opened
    login = connection.start_login("alice", "sesame")
    pace.give_turns(connection.drive, 5, UNIT)
    login.succeeds()
    send = connection.start_send()
    pace.give_turns(connection.drive, 13, UNIT)
    result = send.result()
    assert round(result.envelope_time / UNIT) == 6
    assert (round(result.content_time / UNIT), round(result.verdict_time / UNIT)) == (0, 7)
    assert result.content_time + result.verdict_time == result.message_time
    connection.start_quit().succeeds()
    connection.wait_end()
    everything = {**opened, "login": 5, "envelope": 6, "content": 0, "verdict": 7}
    assert units(connection.info()) == everything
    line = connection.drive.transcript(LOG_NETWORK)[-1]
    assert re.sub(r"\d+ ms", "0 ms", line) == (
        "took: resolve 0 ms, connect 0 ms, TLS 0 ms, greeting 0 ms, hello 0 ms, login 0 ms;"
        " 1 messages: envelope 0 ms, content 0 ms, verdict 0 ms"
    )


@pytest.mark.parametrize("scheme", list(TUNNELS))
def test_a_proxy_has_its_own_time(connect: Opener, certificates: Certificates, scheme: str) -> None:
    """TLS with the proxy is TLS; what is said to it after that, and the wait for its connection to
    the server, is the proxy's part."""
    pace = Pace()

    def tunnel(peer: Peer) -> Target:
        pace.take_turn()
        pace.take_turn()
        return TUNNELS[scheme](peer)

    def server(peer: Peer) -> None:
        pace.take_turn()
        script(Peer.greet, Peer.quit)(peer)

    identity = certificates.name_only if scheme == "https" else None
    proxy = connect.server(through(tunnel, server), identity=identity)
    host = "localhost" if scheme == "https" else "127.0.0.1"
    url = f"{scheme}://{host}:{proxy.port}"
    connection = connect(proxy, proxy=url, host="127.0.0.9", port=25, **LONG)
    opening = connection.start_connect()
    pace.give_turns(connection.drive, 3, UNIT)
    opening.succeeds()
    connection.start_quit().succeeds()
    connection.wait_end()
    times = units(connection.info())
    assert times.pop("resolve", 0) == times.pop("TLS", 0) == 0
    assert times == {"connect": 0, "proxy": 2, "greeting": 1, "hello": 0}


def test_a_proxy_that_fails_has_its_time(connect: Opener) -> None:
    pace = Pace()

    def refuses(peer: Peer) -> None:
        http_request(peer)
        pace.take_turn()
        peer.send(b"HTTP/1.1 403 no\r\n\r\n")
        peer.until_closed()

    proxy = connect.server(refuses)
    url = f"http://127.0.0.1:{proxy.port}"
    connection = connect(proxy, proxy=url, host="127.0.0.9", port=25, **LONG)
    opening = connection.start_connect()
    pace.give_turns(connection.drive, 1, UNIT)
    opening.fails("EPROXY")
    times = units(connection.info())
    assert times.pop("resolve", 0) == 0
    assert times == {"connect": 0, "proxy": 1}


def test_content_that_leaves_slowly(connect: Opener) -> None:
    pace = Pace()

    def dialogue(peer: Peer) -> None:
        peer.shrink_buffers()
        peer.greet()
        peer.envelope()
        pace.take_turn()
        peer.content()
        pace.take_turn()
        pace.take_turn()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue, send_buffer_size=4096, **LONG)
    send = connection.start_send((b"x" * 78 + b"\r\n") * 10_000)
    pace.give_turns(connection.drive, 3, UNIT)
    result = send.result()
    assert (round(result.content_time / UNIT), round(result.verdict_time / UNIT)) == (1, 2)
    connection.start_quit().succeeds()


def test_several_messages_add_up(connect: Opener) -> None:
    pace = Pace()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for _ in range(2):
            peer.envelope()
            peer.content()
            pace.take_turn()
            peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue, **LONG)
    for _ in range(2):
        send = connection.start_send()
        pace.give_turns(connection.drive, 1, UNIT)
        assert round(send.result().verdict_time / UNIT) == 1
    connection.start_quit().succeeds()
    assert units(connection.info())["verdict"] == 2


def test_an_envelope_that_was_refused_has_no_times(connect: Opener) -> None:
    connection = connect.opened(script(greets(), (b"MAIL FROM:", b"550 no"), Peer.quit_after_reset))
    result = connection.start_send().result()
    assert (result.content_time, result.verdict_time) == (-1, -1)
    assert "verdict" not in units(connection.info())
    connection.start_quit().succeeds()


def test_a_part_that_failed_counts(connect: Opener) -> None:
    pace = Pace()

    def dialogue(peer: Peer) -> None:
        pace.take_turn()
        peer.reply(b"554 no")
        peer.expect(b"QUIT")

    connection = connect(dialogue, **LONG)
    opening = connection.start_connect()
    pace.give_turns(connection.drive, 1, UNIT)
    opening.fails("EPROTOCOL")
    connection.wait_end()
    assert units(connection.info()) == {"resolve": 0, "connect": 0, "greeting": 1}
