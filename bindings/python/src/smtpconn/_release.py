"""Objects that the library borrowed, kept alive until it releases them."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Final, Protocol

from ._ffi import ReleaseCallback


class Borrowed(Protocol):
    """An object that is notified when the library has released it."""

    def belongs(self, loop: object) -> bool:
        """Whether it is for whoever drives `loop` to end it, in that thread."""

    def released(self) -> bool:
        """False when it must be kept a little longer, and asked again."""


class Octets:
    """A message in memory; its bytes stay where they are as long as this object does."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def belongs(self, loop: object) -> bool:
        return True

    def released(self) -> bool:
        return True


_lent: Final[dict[int, Borrowed]] = {}
_tokens: Final = itertools.count(1)
_returned: Final[deque[int]] = deque()

#: One C function for all, alive as long as the module: the token tells them apart.  No Python code
#: runs in it, which could be interrupted or run into whoever is calling the library.
RELEASE: Final = ReleaseCallback(_returned.append)


def lend(borrowed: Borrowed) -> int:
    """Keeps `borrowed` until the library returns it; the number is the `user` for the library."""
    token = next(_tokens)
    _lent[token] = borrowed
    return token


def forget(token: int) -> None:
    """The library refused it."""
    del _lent[token]


def is_returned(borrowed: Borrowed) -> bool:
    """Whether the library has released it, and `collect` has not come by yet."""
    return any(_lent.get(token) is borrowed for token in list(_returned))


def collect(loop: object = None) -> None:
    """Drops what was released.  Called after calls into the library.

    A message that was sent is ended where its loop is driven: the `finally` of a generator runs in
    the thread in which its body ran.
    """
    for _ in range(len(_returned)):
        try:
            token = _returned.popleft()
        except IndexError:  # Another thread was here.
            return
        borrowed = _lent[token]
        if borrowed.belongs(loop) and borrowed.released():
            del _lent[token]
        else:
            _returned.append(token)
