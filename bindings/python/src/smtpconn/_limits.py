"""Time limits of a connection, all at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Optional, Union

from ._options import CARRIERS

#: Those of one wait.  A whole operation may take many of them.
_WAITS: Final = ("dns", "connection", "greeting", "socket", "command", "final_reply")

#: The defaults of the library, in seconds, of what a single number shortens or lengthens only.
_QUIT: Final = 5.0
_OPERATION: Final = 3600.0


@dataclass(frozen=True)
class Timeouts:
    """The time limits of a connection, in seconds; None is the default of each.

    They are the options of these names: `command` is `command_timeout`.
    """

    dns: Optional[float] = None
    connection: Optional[float] = None
    greeting: Optional[float] = None
    socket: Optional[float] = None
    command: Optional[float] = None
    final_reply: Optional[float] = None
    quit: Optional[float] = None
    operation: Optional[float] = None


#: The argument `timeout` of a connection.
Timeout = Union[float, Timeouts]


def limits(timeout: Timeout | None) -> dict[str, Any]:
    """Options of a `Connection`.

    With a number no wait takes longer.  A whole operation, which may wait often, keeps its own
    limit, unless the number is larger; QUIT keeps its own, unless the number is smaller.
    """
    if timeout is None:
        return {}
    if isinstance(timeout, Timeouts):
        named = asdict(timeout)
    else:
        CARRIERS["seconds"](timeout, "timeout")  # An error names the argument that was given.
        named = dict.fromkeys(_WAITS, timeout)
        named.update(quit=min(timeout, _QUIT), operation=max(timeout, _OPERATION))
    return {f"{name}_timeout": value for name, value in named.items()}
