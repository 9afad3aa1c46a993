"""A message that is an asynchronous iterable, read in a task of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable
from typing import Any, Callable, Final

from ._aio_backend import Backend, Flag, Stop
from ._errors import CancelledError
from ._reading import Reading
from ._report import report
from ._source import PAUSED, Chunk, octets_of

#: Octets that are kept for the library.  With so many, the iterable is not asked for more.
ROOM: Final = 64 * 1024


class Feed:
    """The chunks of an asynchronous iterable, as the iterator that the library reads.

    Nothing is read before the server has asked for the content.  After that the iterable is ahead
    of the connection by ROOM octets and one chunk at most.
    """

    def __init__(
        self, message: AsyncIterable[Chunk], backend: Backend, resume: Callable[[], None]
    ) -> None:
        self._iterator: Final[Any] = message.__aiter__()
        #: Refuses an iterator that was used before, or is in use.
        self._reading: Final = Reading(self._iterator)
        self._backend: Final = backend
        self._resume: Final = resume
        self._chunks: Final[deque[bytes]] = deque()
        self._size = 0
        self._failure: BaseException | None = None
        self._complete = False
        self._paused = False
        self._room: Flag | None = None
        self._stop: Stop | None = None
        self._running = False
        self._then: Callable[[], None] | None = None

    # The library, while it runs

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> Any:
        if self._stop is None:
            self._begin()
        if self._failure is not None:
            raise self._failure
        if self._chunks:
            chunk = self._chunks.popleft()
            self._size -= len(chunk)
            if self._room is not None and self._size < ROOM:
                self._room.set()
            return chunk
        if self._complete:
            raise StopIteration
        self._paused = True
        return PAUSED

    # The send

    @property
    def unfinished(self) -> bool:
        """Whether the iterable was begun and not read to its end."""
        return self._running and not self._complete

    def refuse(self) -> None:
        """The send was not started, and nothing was read."""
        self._reading.drop()

    def end(self, delivered: bool, then: Callable[[], None]) -> None:
        """The send is over; `then` is called when the iterable is, too."""
        self._reading.end(delivered)
        if not self._running:
            then()
            return
        self._then = then
        self.stop()

    def stop(self) -> None:
        """Ends the reading; the message cannot be completed then."""
        if self._running and self._stop is not None:
            self._stop()

    # The task

    def _begin(self) -> None:
        self._reading.begun = True
        self._running = True
        self._stop = _nothing  # A task may begin to run before spawn() returns.
        self._stop = self._backend.spawn(self._run(), self._ended)

    async def _run(self) -> None:
        try:
            async for chunk in self._iterator:
                await self._put(octets_of(chunk))
            self._complete = True
        except Exception as error:
            self._failure = error
        finally:
            if not self._complete:
                await self._close()

    def _ended(self) -> None:
        self._running = False
        if not self._complete and self._failure is None:
            self._failure = CancelledError("the send was cancelled while its message was read")
        self._wake()
        if self._then is not None:
            self._then()

    async def _put(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._wake()
        while self._size >= ROOM:
            self._room = self._backend.flag()
            await self._room.wait()
            self._room = None

    async def _close(self) -> None:
        """Ends a generator that was not read to its end."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            try:
                await close()
            except Exception as error:
                report(error, "aclose() of the source")

    def _wake(self) -> None:
        if self._paused:
            self._paused = False
            self._resume()


def _nothing() -> None:
    pass
