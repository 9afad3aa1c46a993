"""gevent, with monkey patching: other greenlets run while one waits for the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import smtpconn

#: In a process of its own: what is patched stays patched.
PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gevent
import smtpconn
from scripted_server import HELLO, QUIT, SEND, ScriptedServer

RESET = "C: RSET\\nS: 250 ok"
A, B = "a@example.org", "b@example.org"
ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0.001)

def talk(server, loop, times):
    with smtpconn.Connection("127.0.0.1", server.port, loop=loop) as connection:
        for _ in range(times):
            assert connection.send(A, B, "x").accepted == [B]
            connection.reset()

gevent.spawn(tick)
for shared in (False, True):
    # The server is greenlets too: it answers only while the clients let others run.
    with ScriptedServer() as server:
        for _ in range(3):
            server.play(HELLO, *[SEND, RESET] * 5, QUIT)
        loop = smtpconn.Loop() if shared else None
        gevent.joinall([gevent.spawn(talk, server, loop, 5) for _ in range(3)], raise_error=True)
        assert len(server.messages) == 15
        if loop is not None:
            loop.close()
assert ticks > 1, ticks

# A wait ends when its greenlet is killed.
with ScriptedServer() as server:
    server.play(HELLO, "C: RSET", "E:")
    connection = smtpconn.Connection("127.0.0.1", server.port)
    connection.connect()
    waiting = gevent.spawn(connection.reset)
    while "RSET" not in server.commands:
        gevent.sleep(0.001)
    waiting.kill()
    assert connection.closed
print("done")
"""


def test_other_greenlets_run_meanwhile() -> None:
    source = Path(smtpconn.__file__).parents[1]
    paths = [str(Path(__file__).parent), str(source)]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{PROGRAM}"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
