"""What the library borrowed, kept alive until the library gives it back."""

from __future__ import annotations

import itertools
from typing import Final, Protocol

from ._ffi import ReleaseCallback


class Borrowed(Protocol):
    """Something that wants to know when the library is through with it."""

    def released(self) -> None: ...


class Octets:
    """A message in memory; its bytes stay where they are as long as this object does."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def released(self) -> None:
        """Nothing to do: dropping the object is all."""


_lent: Final[dict[int, Borrowed]] = {}
_tokens: Final = itertools.count(1)


def lend(borrowed: Borrowed) -> int:
    """Keeps `borrowed` until `give_back`; the number is the `user` for the library."""
    token = next(_tokens)
    _lent[token] = borrowed
    return token


def give_back(token: int) -> None:
    """The end of `lend`; does nothing the second time."""
    borrowed = _lent.pop(token, None)
    if borrowed is not None:
        borrowed.released()


#: One C function for all, alive as long as the module: the token tells them apart.
RELEASE: Final = ReleaseCallback(give_back)
