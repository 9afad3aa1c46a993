"""Exceptions of the program's functions that do not change a result."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from contextlib import suppress
from types import SimpleNamespace
from typing import Final

from ._log import LOGGER

_here: Final = threading.local()


def report(error: BaseException, where: str) -> None:
    """Logs the exception of `where`, which must not replace a known result.

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
    what = f"smtpconn: ignored what {where} raised"
    if sys.unraisablehook is not sys.__unraisablehook__:
        arguments = SimpleNamespace(
            exc_type=type(error),
            exc_value=error,
            exc_traceback=error.__traceback__,
            err_msg=what,
            object=None,
        )
        try:
            sys.unraisablehook(arguments)
            return
        except Exception:
            pass  # It hands on to the interpreter's, probably.
    # That one takes nothing but an object that only the interpreter can make.
    with suppress(Exception):
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        sys.stderr.write("".join([f"{what}:\n", *lines]))
