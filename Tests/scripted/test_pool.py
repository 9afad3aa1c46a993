"""A pool: every message once, or in doubt, or refused, as reported; connections are few, end, fail
and are replaced. Tests/c/pooled.c makes the calls."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field

import pytest

from support.drive import BUILD, valgrind
from support.servers.counting import CUT, CountingServer, message_of
from support.servers.endpoint import TokenEndpoint, granted
from support.servers.scripted import Peer, ScriptedServer
from support.slowness import MODE, PATIENCE


@dataclass
class Ended:
    """A callback of a message."""

    code: str
    retry: int
    tries: int
    reason: str
    statuses: str
    text: str


@dataclass
class Ran:
    """What the program printed."""

    lines: list[str]
    ended: dict[int, Ended] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def codes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for ended in self.ended.values():
            found[ended.code] = found.get(ended.code, 0) + 1
        return found


def run_pool(server: CountingServer, **settings: int | str) -> Ran:
    """Runs the program; each message has ended once."""
    words = [f"{name}={value}" for name, value in settings.items()]
    folder = "asan" if MODE == "asan" else "tests"
    prefix = valgrind() if MODE == "valgrind" else []
    with ScriptedServer(server.dialogue, repeat=True) as listening:
        done = subprocess.run(
            [*prefix, str(BUILD / folder / "pooled"), str(listening.port), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "the record says" not in done.stdout, done.stdout
    ran = Ran(done.stdout.splitlines())
    for line in ran.lines:
        found = re.match(
            r"(\d+) (\w+) retry=(\d) tries=(\d+) reason=(\S+) statuses=(\d*) \| (.*)", line
        )
        if found:
            number = int(found[1])
            assert number not in ran.ended, f"{number} ended twice"
            ran.ended[number] = Ended(
                found[2], int(found[3]), int(found[4]), found[5], found[6], found[7]
            )
            ran.order.append(number)
        if line.startswith("counts"):
            ran.counts = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}
    assert max(server.delivered.values(), default=1) == 1, "delivered twice"
    return ran


def delivered(server: CountingServer) -> set[int]:
    return {message_of(address) for address in server.delivered}


# --- messages and connections -----------------------------------------------------------


def test_every_message_once() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=100)
    assert ran.codes() == {"OK": 100}
    assert {ended.tries for ended in ran.ended.values()} == {1}
    assert delivered(server) == set(range(1, 101))
    assert 1 <= server.connections <= 4
    assert server.quits == server.connections, "drained connections quit"
    assert ran.counts["sent"] == 100
    assert ran.counts["connections"] == ran.counts["queued"] == ran.counts["active"] == 0
    assert "drained user=6 connections=0" in ran.lines


def test_few_messages_need_one_connection() -> None:
    server = CountingServer()
    assert run_pool(server, messages=8).codes() == {"OK": 8}
    assert server.connections == 1


def test_in_order_over_one_connection() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=30, connections=1)
    assert ran.order == list(range(1, 31))
    assert list(server.delivered) == [f"m{number}-0@b.example" for number in range(1, 31)]


def test_several_recipients() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=5, to=3)
    assert {ended.statuses for ended in ran.ended.values()} == {"000"}
    assert len(server.delivered) == 15


# --- the end of a connection ------------------------------------------------------------


def test_421_after_some() -> None:
    """What was not tried goes over another connection: at once, and this is no further try."""
    server = CountingServer(
        mail=lambda _, accepted, __: b"421 4.3.2 enough" if accepted == 5 else None
    )
    ran = run_pool(server, messages=43, delay=3600000)
    assert ran.codes() == {"OK": 43}
    assert {ended.tries for ended in ran.ended.values()} == {1}
    assert "ECONNECTION" in {ended.reason for ended in ran.ended.values()}
    assert delivered(server) == set(range(1, 44))
    assert max(server.by_connection.values()) == 5


def test_421_keeps_the_order() -> None:
    server = CountingServer(
        mail=lambda _, accepted, __: b"421 4.3.2 enough" if accepted == 3 else None
    )
    run_pool(server, messages=20, connections=1)
    assert list(server.delivered) == [f"m{number}-0@b.example" for number in range(1, 21)]


def test_421_to_the_content() -> None:
    """It is the server's word on the message: refused for now."""
    server = CountingServer(
        final=lambda number, accepted, _: (
            b"421 4.3.2 busy" if number == 1 and accepted == 0 else None
        )
    )
    ran = run_pool(server, messages=3, connections=1)
    assert ran.codes() == {"OK": 3}
    assert (ran.ended[1].tries, ran.ended[1].reason) == (2, "EMESSAGE")
    assert delivered(server) == {1, 2, 3}


def test_cut_before_the_content() -> None:
    server = CountingServer(
        data=lambda number, accepted, _: CUT if number == 1 and accepted == 2 else None
    )
    ran = run_pool(server, messages=10, connections=1)
    assert ran.codes() == {"OK": 10}
    assert delivered(server) == set(range(1, 11))


def test_cut_after_the_content() -> None:
    """In doubt, and never sent again."""
    server = CountingServer(
        final=lambda number, accepted, _: CUT if number == 1 and accepted == 2 else None
    )
    ran = run_pool(server, messages=10, connections=1)
    doubtful = [number for number, ended in ran.ended.items() if ended.retry == 2]
    assert doubtful == [3]
    assert (ran.ended[3].tries, ran.ended[3].statuses) == (1, "4")
    assert ran.counts["doubt"] == 1
    assert delivered(server) == set(range(1, 11)) - {3}
    assert ran.counts["sent"] == 9


def test_message_that_ends_each_connection() -> None:
    """It ends, with all others delivered."""
    server = CountingServer(rcpt=lambda _, __, address: CUT if message_of(address) == 3 else None)
    ran = run_pool(server, messages=30)
    assert (ran.ended[3].code, ran.ended[3].retry) in (("ECONNECTION", 1), ("ESOCKET", 1))
    assert delivered(server) == set(range(1, 31)) - {3}
    assert server.connections < 20


def test_message_that_ends_connections_of_one_message() -> None:
    """All others go before it, also those that were never tried."""
    server = CountingServer(rcpt=lambda _, __, address: CUT if message_of(address) == 1 else None)
    ran = run_pool(server, messages=10, messages_per_connection=1, connections=1)
    assert delivered(server) == set(range(2, 11))
    assert ran.ended[1].retry == 1


def test_server_that_ends_connections_with_the_reply_to_ehlo() -> None:
    """RFC 5321 section 3.8: 421 at any time. It counts as a failure, and it is not hammered."""
    opened = 0

    def dialogue(peer: Peer) -> None:
        nonlocal opened
        opened += 1
        peer.reply(b"220 test.local ESMTP")
        peer.line()
        peer.send(b"250 test.local\r\n421 4.3.2 overloaded\r\n")
        peer.close()

    server = CountingServer()
    server.dialogue = dialogue  # type: ignore[method-assign]
    ran = run_pool(server, messages=10)
    assert {ended.retry for ended in ran.ended.values()} == {1}
    assert opened < 8


def test_server_that_ends_each_connection() -> None:
    """It is not hammered."""
    server = CountingServer(mail=lambda _, __, ___: CUT)
    ran = run_pool(server, messages=100)
    assert not server.delivered
    assert {ended.retry for ended in ran.ended.values()} == {1}
    assert server.connections < 16


def test_mailmax() -> None:
    """RFC 9422 section 4: the connection is not asked for more."""
    server = CountingServer(b"LIMITS MAILMAX=7")
    assert run_pool(server, messages=50).codes() == {"OK": 50}
    assert max(server.by_connection.values()) == 7
    assert server.quits == server.connections


def test_messages_per_connection() -> None:
    server = CountingServer()
    assert run_pool(server, messages=10, messages_per_connection=3, connections=1).codes() == {
        "OK": 10
    }
    assert list(server.by_connection.values()) == [3, 3, 3, 1]


def test_idle_connections_quit() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=3, drain=0, idle=1, linger=1)
    assert ran.codes() == {"OK": 3}
    assert (server.quits, ran.counts["connections"]) == (1, 0)


def test_idle_time_of_nothing() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=3, drain=0, idle=0, linger=1)
    assert (server.quits, ran.counts["connections"]) == (1, 0)


# --- failures ----------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [1, 3])
def test_greeting_421(failures: int) -> None:
    """So many connections and no more."""
    server = CountingServer(greeting=lambda _, __, ___: b"421 4.7.0 come back later")
    ran = run_pool(server, messages=50, failures=failures)
    assert set(ran.codes()) == {"ECONNECTION"}
    assert {(ended.retry, ended.tries) for ended in ran.ended.values()} == {(1, 0)}
    assert server.connections == failures
    assert ran.counts["failed"] == 50
    assert ran.counts["failures"] == failures


def test_greeting_554() -> None:
    """It cannot pass by itself."""
    server = CountingServer(greeting=lambda _, __, ___: b"554 5.7.1 go away")
    ran = run_pool(server, messages=50)
    assert {ended.retry for ended in ran.ended.values()} == {0}
    assert server.connections == 1


def test_login_refused() -> None:
    server = CountingServer(b"AUTH PLAIN", auth=lambda _, __, ___: b"535 5.7.8 no")
    ran = run_pool(server, messages=50, user="ann", password="secret")
    assert set(ran.codes()) == {"EAUTH"}
    assert (server.connections, server.quits) == (1, 1)
    assert not server.asked


def test_login_refused_for_now() -> None:
    server = CountingServer(
        b"AUTH PLAIN", auth=lambda number, _, __: b"454 4.7.0 later" if number < 3 else None
    )
    ran = run_pool(server, messages=5, user="ann", password="secret")
    assert ran.codes() == {"OK": 5}
    assert (server.connections, ran.counts["failures"]) == (3, 2)


def test_one_connection_too_many() -> None:
    """As long as one is open, another one that is refused ends nothing."""
    server = CountingServer(
        greeting=lambda number, _, __: b"421 4.7.0 too many connections" if number > 1 else None
    )
    ran = run_pool(server, messages=60, backoff=1, longest=1000)
    assert ran.codes() == {"OK": 60}
    assert server.by_connection == {1: 60}


def test_server_that_comes_back() -> None:
    server = CountingServer(
        greeting=lambda number, _, __: b"421 4.3.2 restarting" if number < 3 else None
    )
    ran = run_pool(server, messages=20)
    assert ran.codes() == {"OK": 20}
    assert ran.counts["failures"] == 2


# --- sending again -----------------------------------------------------------------------


def test_only_the_deferred_recipients() -> None:
    asked: dict[str, int] = {}

    def rcpt(_: int, __: int, address: str) -> bytes | None:
        asked[address] = asked.get(address, 0) + 1
        if "-1@" in address and asked[address] == 1:
            return b"451 4.7.1 greylisted"
        return b"550 5.1.1 unknown" if "-2@" in address else None

    server = CountingServer(rcpt=rcpt)
    ran = run_pool(server, messages=6, to=3)
    assert {(e.code, e.statuses, e.tries, e.reason) for e in ran.ended.values()} == {
        ("OK", "002", 2, "EENVELOPE")
    }
    assert {address: count for address, count in server.asked.items() if count == 2} == {
        f"m{number}-1@b.example": 2 for number in range(1, 7)
    }
    assert len(server.delivered) == 12
    assert ran.counts["again"] == 6


def test_tries() -> None:
    server = CountingServer(rcpt=lambda _, __, ___: b"451 4.7.1 later")
    ran = run_pool(server, messages=3, tries=3)
    assert {(e.code, e.retry, e.tries, e.statuses) for e in ran.ended.values()} == {
        ("EENVELOPE", 1, 3, "1")
    }
    assert set(server.asked.values()) == {3}
    assert ran.counts["deferred"] == 3


@pytest.mark.parametrize("settings", [{"tries": 1}, {"time": 0, "delay": 1000}])
def test_never_again(settings: dict[str, int]) -> None:
    server = CountingServer(rcpt=lambda _, __, ___: b"451 4.7.1 later")
    ran = run_pool(server, messages=2, **settings)
    assert {(e.tries, e.reason) for e in ran.ended.values()} == {(1, "-")}
    assert set(server.asked.values()) == {1}


def test_refused_for_good() -> None:
    server = CountingServer(mail=lambda _, __, ___: b"550 5.7.1 not you")
    ran = run_pool(server, messages=2)
    assert {(e.code, e.retry, e.tries) for e in ran.ended.values()} == {("EENVELOPE", 0, 1)}
    assert ran.counts["refused"] == 2


@pytest.mark.parametrize(("other", "tries"), [(b"250 2.1.5 ok", 2), (b"550 5.1.1 unknown", 1)])
def test_all_or_none(other: bytes, tries: int) -> None:
    """Again as a whole, but not when somebody will never get it."""
    asked: dict[str, int] = {}

    def rcpt(_: int, __: int, address: str) -> bytes:
        asked[address] = asked.get(address, 0) + 1
        return b"451 4.7.1 later" if "-0@" in address and asked[address] == 1 else other

    server = CountingServer(rcpt=rcpt)
    ran = run_pool(server, to=2, all_or_none=1)
    assert ran.ended[1].tries == tries
    assert set(server.asked.values()) == {tries}
    assert len(server.delivered) == (2 if tries == 2 else 0)


def test_lmtp() -> None:
    """A copy that is refused for now is sent again alone (RFC 2033 section 4.2)."""
    refused: set[str] = set()

    def final(_: int, __: int, address: str) -> bytes | None:
        if "-1@" not in address or address in refused:
            return None
        refused.add(address)
        return b"452 4.2.2 full for now"

    server = CountingServer(lmtp=True, final=final)
    ran = run_pool(server, messages=4, to=3, lmtp=1)
    assert {(e.code, e.statuses, e.tries) for e in ran.ended.values()} == {("OK", "000", 2)}
    assert len(server.delivered) == 12


# --- what the caller does ------------------------------------------------------------------


def test_rate() -> None:
    """Two an hour: the others have not begun when the pool is closed."""
    server = CountingServer()
    ran = run_pool(server, messages=6, rate=2, rate_period=3600000, do2="close")
    assert ran.codes() == {"OK": 2, "ECANCELLED": 4}
    assert delivered(server) == {1, 2}
    assert {ran.ended[number].tries for number in (3, 4, 5, 6)} == {0}


def test_rate_that_lets_all_pass() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=10, rate=1, rate_period=1)
    assert ran.codes() == {"OK": 10}


def test_recipient_rate() -> None:
    server = CountingServer()
    ran = run_pool(
        server, messages=6, to=3, recipient_rate=7, recipient_period=3600000, do2="close"
    )
    assert ran.codes() == {"OK": 2, "ECANCELLED": 4}
    assert len(server.delivered) == 6


def test_full_queue() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=6, queue_limit=4)
    assert ran.lines[:2] == ["send 5: EFULL", "send 6: EFULL"]
    room = [line for line in ran.lines if line.startswith("room")]
    assert len(room) == 1
    assert re.fullmatch(r"room user=5 pending=[012]", room[0])
    assert delivered(server) == {1, 2, 3, 4}


def test_pause() -> None:
    """What has begun goes on; the others wait until resume."""
    server = CountingServer()
    ran = run_pool(server, messages=20, connections=1, do1="pause", resume=1)
    assert ran.codes() == {"OK": 20}
    (resumed,) = [line for line in ran.lines if line.startswith("resumed")]
    assert int(resumed.split("=")[1]) >= 10
    assert delivered(server) == set(range(1, 21))


def test_paused_from_the_beginning() -> None:
    server = CountingServer()
    ran = run_pool(server, messages=5, first="pause", then="close")
    assert ran.codes() == {"ECANCELLED": 5}
    assert server.connections == 0


@pytest.mark.parametrize("what", ["close", "free", "drain", "pause"])
@pytest.mark.parametrize("when", [1, 7, 20])
def test_in_a_callback(what: str, when: int) -> None:
    """Whatever it does, each message ends once."""
    server = CountingServer()
    ran = run_pool(
        server,
        messages=20,
        drain=0,
        **{f"do{when}": what},
        **({"resume": 1} if what == "pause" else {}),
    )
    assert len(ran.ended) == 20
    accepted = delivered(server)
    for number, ended in ran.ended.items():
        if ended.code == "OK":
            assert number in accepted
        elif ended.retry == 1:
            assert ended.code == "ECANCELLED"
            assert number not in accepted


@pytest.mark.parametrize("what", ["close", "free"])
def test_before_the_loop_runs(what: str) -> None:
    server = CountingServer()
    ran = run_pool(server, messages=5, drain=0, first=what)
    assert ran.codes() == {"ECANCELLED": 5}
    assert server.connections == 0


def test_freed_when_drained() -> None:
    server = CountingServer()
    assert run_pool(server, messages=5, free_when_drained=1).codes() == {"OK": 5}


def test_sends_again_in_callbacks() -> None:
    server = CountingServer()
    again = {f"do{number}": "again" for number in range(1, 51)}
    ran = run_pool(server, messages=1, drain=0, **again)
    assert ran.codes() == {"OK": 51}
    assert server.connections == 1


def test_withdraw() -> None:
    """One that waits; one that has ended, and one that there never was."""
    server = CountingServer()
    ran = run_pool(
        server, messages=20, connections=1, do1="withdraw:20", do2="withdraw:1", do3="withdraw:99"
    )
    assert [line for line in ran.lines if line.startswith("withdraw")] == [
        "withdraw 1",
        "withdraw 0",
        "withdraw 0",
    ]
    assert (ran.ended[20].code, ran.ended[20].retry, ran.ended[20].tries) == ("ECANCELLED", 1, 0)
    assert delivered(server) == set(range(1, 20))


@pytest.mark.parametrize("what", ["free", "close"])
def test_ended_between_a_connection_and_its_end(what: str) -> None:
    """The connection is lost, and what it had was not yet given to another one."""
    server = CountingServer(mail=lambda _, accepted, __: CUT if accepted == 2 else None)
    ran = run_pool(server, messages=20, connections=1, drain=0, log=1, at="closed: ", then_at=what)
    assert len(ran.ended) == 20
    assert ran.codes() == {"OK": 2, "ECANCELLED": 18}


def test_token() -> None:
    """One that a connection got serves the others: the endpoint is asked once."""
    server = CountingServer(b"AUTH XOAUTH2")
    with TokenEndpoint(granted("token-1")) as endpoint:
        ran = run_pool(server, messages=60, user="ann", refresh="r", access_url=endpoint.url)
    assert ran.codes() == {"OK": 60}
    assert server.connections > 1
    assert [line for line in ran.lines if line.startswith("token")] == [
        "token token-1 expires user=4"
    ]


def test_log() -> None:
    """Each line has the number of its connection."""
    server = CountingServer()
    ran = run_pool(server, messages=40, log=1)
    numbers = {int(line.split()[1]) for line in ran.lines if line.startswith("log ")}
    assert numbers == set(range(1, server.connections + 1))
