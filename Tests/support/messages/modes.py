"""The ways in which a message may travel: with DATA, in chunks, or in chunks together
with its envelope; in groups or one command at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from support.drive import CHUNKING_OFF, CHUNKING_ON, CHUNKING_OPTIMISTIC


@dataclass(frozen=True)
class Mode:
    """What the option says, and what the server offers."""

    name: str
    chunking: int
    capabilities: tuple[bytes, ...] = field(default=(b"PIPELINING", b"CHUNKING", b"8BITMIME"))

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> dict[str, int]:
        return {"chunking": self.chunking}

    @property
    def takes_groups(self) -> bool:
        return b"PIPELINING" in self.capabilities

    @property
    def has_chunks(self) -> bool:
        return self.chunking != CHUNKING_OFF and b"CHUNKING" in self.capabilities

    @property
    def is_optimistic(self) -> bool:
        """Whether small messages leave with their envelopes."""
        return self.chunking == CHUNKING_OPTIMISTIC and self.has_chunks and self.takes_groups

    def offering(self, *capabilities: bytes) -> Mode:
        return replace(self, capabilities=self.capabilities + capabilities)


DATA = Mode("data", CHUNKING_OFF)
CHUNKS = Mode("chunks", CHUNKING_ON)
OPTIMISTIC = Mode("optimistic", CHUNKING_OPTIMISTIC)
DATA_SINGLY = Mode("data-singly", CHUNKING_ON, (b"8BITMIME",))
CHUNKS_SINGLY = Mode("chunks-singly", CHUNKING_OPTIMISTIC, (b"CHUNKING", b"8BITMIME"))

GROUPED = (DATA, CHUNKS, OPTIMISTIC)
SINGLY = (DATA_SINGLY, CHUNKS_SINGLY)

in_groups = pytest.mark.parametrize("mode", GROUPED, ids=str)
in_every_mode = pytest.mark.parametrize("mode", GROUPED + SINGLY, ids=str)
