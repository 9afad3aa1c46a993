"""The functions of the library that keep what happens as records, as callbacks for it."""

from __future__ import annotations

from ctypes import c_void_p, cast
from typing import Any, Final

from ._ffi import (
    DoneCallback,
    ErrorCallback,
    EventCallback,
    LogCallback,
    NewTokenCallback,
    ProgressCallback,
    ReplyCallback,
    SendCallback,
)
from ._library import lib


def _keeper(kind: Any, name: str) -> Any:
    return kind(cast(getattr(lib, f"smtpconn_keep_{name}"), c_void_p).value)


# No Python code runs inside of the library for these: what is raised there would be lost.
DONE: Final = _keeper(DoneCallback, "done")
SENT: Final = _keeper(SendCallback, "sent")
REPLIED: Final = _keeper(ReplyCallback, "reply")
CONNECTED: Final = _keeper(EventCallback, "connected")
ENDED: Final = _keeper(EventCallback, "ended")
BROKEN: Final = _keeper(ErrorCallback, "error")
LOGGED: Final = _keeper(LogCallback, "log")
GOT_TOKEN: Final = _keeper(NewTokenCallback, "token")
PROGRESSED: Final = _keeper(ProgressCallback, "progress")
NO_PROGRESS: Final = ProgressCallback()
