"""The commands and replies of a connection, as lines of text, without secrets."""

from __future__ import annotations

import logging
from typing import TextIO

from ._cli_output import printable


class _Lines(logging.Handler):
    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        self._stream.write(f"{printable(record.getMessage())}\n")


def transcript_to(stream: TextIO) -> logging.Logger:
    """A logger that writes there and nowhere else."""
    logger = logging.Logger("smtpconn.transcript", logging.DEBUG)
    logger.addHandler(_Lines(stream))
    return logger
