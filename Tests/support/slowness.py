"""What the tests do otherwise where the program under test runs slowly."""

from __future__ import annotations

import os

#: plain, asan or valgrind (drive.start).
MODE = os.environ.get("SMTPCONN_TEST_MODE", "plain")

#: Seconds after which a wait is called hung: much longer than any wait of a test that passes,
#: on a machine that is slow and busy with other work.
PATIENCE = 120.0

#: Milliseconds of a limit that a test lets pass (Program.advance): less than any other limit is
#: by default, but that of QUIT, and much longer than what leads to it takes.
LIMIT = 20_000


def repeated(times: int) -> int:
    """How often to repeat what leaves something behind if it is wrong. Valgrind takes twenty
    times as long and names what one repetition leaves, so it gets a tenth of them."""
    return max(2, times // 10) if MODE == "valgrind" else times
