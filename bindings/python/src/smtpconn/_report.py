"""Exceptions of the program's own functions that change no outcome."""

from __future__ import annotations

import logging
import sys
import threading
from types import SimpleNamespace
from typing import Final

from ._log import LOGGER

_here: Final = threading.local()


def report(error: BaseException, where: str) -> None:
    """Logs what `where` raised.  An outcome that is known must not be lost for it.

    Without logging, and where logging fails too, the traceback goes to sys.unraisablehook.
    """
    if getattr(_here, "busy", False) or not _is_logged():
        _print(error, where)
        return
    _here.busy = True
    try:
        LOGGER.error("%s raised an exception, which is ignored", where, exc_info=error)
    except Exception as failure:
        _print(error, where)
        _print(failure, "the logger")
    finally:
        _here.busy = False


def _is_logged() -> bool:
    """Whether a handler gets it that does something."""
    logger: logging.Logger | None = LOGGER
    while logger is not None:
        if any(not isinstance(each, logging.NullHandler) for each in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _print(error: BaseException, where: str) -> None:
    sys.unraisablehook(
        SimpleNamespace(
            exc_type=type(error),
            exc_value=error,
            exc_traceback=error.__traceback__,
            err_msg=f"smtpconn: ignored what {where} raised",
            object=None,
        )
    )
