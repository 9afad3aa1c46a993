"""One number for all time limits, where a setting of another package has only one."""

from __future__ import annotations

from typing import Any, Final

#: Those of one wait.  A whole operation may take many of them, and QUIT has a short limit anyway.
_WAITS: Final = (
    "dns_timeout",
    "connection_timeout",
    "greeting_timeout",
    "socket_timeout",
    "command_timeout",
    "final_reply_timeout",
)


def limits(seconds: float | None) -> dict[str, Any]:
    """Options of a `Connection`: no wait takes longer.  None: the defaults of each."""
    return {} if seconds is None else dict.fromkeys(_WAITS, seconds)
