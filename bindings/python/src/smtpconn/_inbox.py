"""Fetches the records of the library: completions, events and lines of the log."""

from __future__ import annotations

import ctypes
from collections.abc import MutableSequence
from typing import Any, Callable, Final, Optional, Protocol

from ._result import HEAD, HEAD_SIZE

#: Octets of records that are fetched in one call, unless a single one is larger.
_ROOM: Final = 64 * 1024

#: What a record becomes, from its kind, its `user`, and its octets; None when nobody wants it.
Opener = Callable[[int, int, bytes], Optional[Any]]


class Owner(Protocol):
    """Who has the handle; it is read in the expression that passes it on, see `Core`."""

    @property
    def handle(self) -> Any: ...


class Inbox:
    """A buffer for records.

    All of it is zero but the records that were not read yet.  So what a call has written there is
    found also when a signal handler raised as the call returned, and its length is unknown.

    After any call of a function a signal handler or another thread may come here too, and take the
    records that are there, or be interrupted in the middle of that.  So every step is taken only
    if `_steps` says that nobody has taken one since it was prepared.
    """

    def __init__(self) -> None:
        self._left: Final = ctypes.c_size_t()
        self._left_at: Final = ctypes.byref(self._left)
        #: Counts what changed anything below.
        self._steps = 0
        #: Where the first record is that was not read yet.
        self._offset = 0
        #: Whether there may be one.
        self._is_filled = False
        self._make(_ROOM)

    def _make(self, capacity: int) -> None:
        """Another buffer, instead of one that is empty."""
        steps = self._steps
        # A head of zeros ends the records of a full buffer.
        buffer = bytearray(capacity + HEAD_SIZE)
        address, view = ctypes.addressof(ctypes.c_char.from_buffer(buffer)), memoryview(buffer)
        if self._steps == steps:
            self._steps = steps + 1
            self._address, self._capacity, self._view = address, capacity, view

    def fetch(
        self, take: Callable[..., int], owner: Owner, open_: Opener, items: MutableSequence[Any]
    ) -> None:
        """Appends what there is to `items`."""
        while True:
            while self._is_filled:  # Somebody was interrupted before it was empty.
                self._split(open_, items)
            self._steps = steps = self._steps + 1
            self._is_filled = True
            taken = take(owner.handle, self._address, self._capacity, self._left_at)
            left = self._left.value
            if taken > 0:
                self._split(open_, items)
            elif self._steps == steps:
                self._steps = steps + 1
                self._is_filled = False
                if left > 0:
                    self._make(left)
            if taken < 0 or left == 0:
                return

    def _split(self, open_: Opener, items: MutableSequence[Any]) -> None:
        while True:
            steps, view, offset = self._steps, self._view, self._offset
            size, _, kind, user, _, _, _, _ = HEAD.unpack_from(view, offset)
            if size == 0:
                break
            item = open_(kind, user, view[offset : offset + size].tobytes())
            # Nobody comes between these lines.
            if self._steps == steps:
                self._steps = steps + 1
                self._offset = offset + size
                if item is not None:
                    items.append(item)
        if self._steps == steps:
            ctypes.memset(self._address, 0, offset)
        if self._steps == steps:
            self._steps = steps + 1
            self._offset = 0
            self._is_filled = False
