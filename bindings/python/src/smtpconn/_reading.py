"""One reading of a source that can be read once: a file, or an iterator."""

from __future__ import annotations

import inspect
import weakref
from collections import deque
from types import GeneratorType
from typing import Any, Final

from ._errors import MessageError

#: How many iterators are remembered that do not allow a weak reference, those of map() and iter().
_REMEMBERED: Final = 256


class Reading:
    """What is read while a message is sent, its position before, and how the send ended.

    A send that fails leaves a file where it stood, if it can be moved, so that it may be sent
    again.  What cannot be moved is refused from then on: the rest of it would look like a message.
    """

    def __init__(self, origin: Any, position: Any = None) -> None:
        """`origin` is None where each reading begins anew, as over a list.

        `position` is what `origin.seek` takes; None when it cannot be moved.
        """
        _refuse_used(origin)
        self.origin: Final = origin
        #: Whether something may have been read.
        self.begun = False
        #: What reading raised, if it did.
        self.failure: BaseException | None = None
        self.position: Final = position
        self._over = False
        #: The operation that will say how the send ended.
        self.operation: weakref.ref[Any] | None = None
        if origin is not None:
            _under_way[id(origin)] = weakref.ref(self)

    @property
    def under_way(self) -> bool:
        return not self._over

    @property
    def is_started(self) -> bool:
        """Whether the library has been called for it, and has not refused."""
        operation = None if self.operation is None else self.operation()
        return operation is not None and operation.started and not operation.done

    def drop(self) -> None:
        """The send was refused, and nothing was read."""
        self._over = True
        self._forget()

    def drop_unreported(self) -> None:
        """The source was released: the send is over, also when no operation will say how."""
        if self.operation is None or self.operation() is None:
            self.end(False)

    def _forget(self) -> None:
        reference = _under_way.get(id(self.origin))
        if reference is not None and reference() is self:
            _under_way.pop(id(self.origin), None)

    def end(self, delivered: bool) -> None:
        """The send is over.  The second time does nothing."""
        if self._over:
            return
        self._over = True
        self._forget()
        if not self.begun or self.origin is None:
            return
        if self.position is None:
            # An iterator stays at its end; a pipe may have another message later.
            if not delivered or hasattr(self.origin, "__next__"):
                _used.add(self.origin)
        elif not delivered:
            try:
                self.origin.seek(self.position)
            except Exception:  # Closed meanwhile, or any other code of the user.
                _used.add(self.origin)


class _Used:
    """What was read and must not be read again; a weak reference where possible."""

    def __init__(self) -> None:
        self._weak: dict[int, weakref.ref[Any]] = {}
        self._kept: deque[Any] = deque(maxlen=_REMEMBERED)

    def add(self, origin: Any) -> None:
        key = id(origin)
        try:
            self._weak[key] = weakref.ref(origin, lambda _: self._weak.pop(key, None))
        except TypeError:
            self._kept.append(origin)

    def __contains__(self, origin: Any) -> bool:
        return id(origin) in self._weak or any(kept is origin for kept in list(self._kept))


_used: Final = _Used()
#: By the identity of the origin, which lives as long as the reading does.
_under_way: Final[dict[int, weakref.ref[Reading]]] = {}


def _refuse_used(origin: Any) -> None:
    reference = _under_way.get(id(origin))
    other = None if reference is None else reference()
    if other is not None and other.under_way:
        raise MessageError(
            "the file or iterator of the message is being sent already: give each send its own"
        )
    ended = isinstance(origin, GeneratorType) and (
        inspect.getgeneratorstate(origin) == inspect.GEN_CLOSED
    )
    if ended or origin in _used:
        raise MessageError(
            f"the {type(origin).__name__} of the message was used before and cannot be rewound: "
            "give a new one"
        )
