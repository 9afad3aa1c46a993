"""Log lines of the library become records of the logging package."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Union

from ._constants import LogKind, LogLevel
from ._text import decode

if TYPE_CHECKING:
    AnyLogger = Union[logging.Logger, logging.LoggerAdapter[Any]]
else:  # No type of its logger before Python 3.11.
    AnyLogger = Union[logging.Logger, logging.LoggerAdapter]

#: Silent until the program configures logging, as a library should be.
LOGGER: Final = logging.getLogger("smtpconn")
LOGGER.addHandler(logging.NullHandler())

_LEVELS: Final = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    # The same is raised, or handed to a callback or to on_error: not once more as an error here.  A
    # handler that mails what is logged at ERROR would call itself.
    LogLevel.ERROR: logging.INFO,
}

_PREFIXES: Final = {
    LogKind.NETWORK: "network",
    LogKind.TLS: "tls",
    LogKind.SMTP: "smtp",
    LogKind.CLIENT: "C",
    LogKind.SERVER: "S",
    LogKind.MESSAGE: "M",
}


def write(logger: AnyLogger, level: int, kind: int, text: bytes, dropped: int = 0) -> None:
    """One line.  Numbers that this version does not know are of a later library.

    `dropped`: how many lines before it were more than the library keeps.
    """
    if dropped:
        logger.warning("%d lines of the log were dropped: there were too many at once", dropped)
    severity = _LEVELS.get(LogLevel(level), logging.DEBUG) if level in _LEVELS else logging.DEBUG
    if not logger.isEnabledFor(severity):
        return
    known = kind in _PREFIXES
    prefix = _PREFIXES[LogKind(kind)] if known else str(kind)
    extra = {"smtpconn_kind": LogKind(kind) if known else kind}
    logger.log(severity, "%s: %s", prefix, decode(text), extra=extra)
