"""A token source that may be a coroutine function: it runs in a task of its own."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import Callable, Final, Optional, Union

from ._aio_backend import Backend, Stop
from ._auth import LaterToken, Token
from ._errors import CancelledError

#: What `login` of an AsyncConnection takes.
AsyncTokenSource = Callable[[bool], Union[Token, Awaitable[Token]]]


class TokenTask:
    """The source of the tokens of one login, for the library."""

    def __init__(self, source: AsyncTokenSource, backend: Backend) -> None:
        if not callable(source):
            raise TypeError(f"token must be callable, not {type(source).__name__}")
        self._source: Final = source
        self._backend: Final = backend
        self._stop: Optional[Stop] = None

    def __call__(self, renew: bool) -> Union[Token, LaterToken]:
        answer = self._source(renew)
        if not inspect.isawaitable(answer):
            return answer

        def start(give: Callable[[Token], None], fail: Callable[[BaseException], None]) -> None:
            answered = False

            async def run() -> None:
                nonlocal answered
                try:
                    token = await answer
                except Exception as error:
                    answered = True
                    fail(error)
                else:
                    answered = True
                    give(token)

            def ended() -> None:
                if not answered:
                    fail(CancelledError("the login was cancelled while it waited for a token"))

            self._stop = self._backend.spawn(run(), ended)

        return LaterToken(start)

    def stop(self) -> None:
        """Ends the wait for a token, and so the login."""
        if self._stop is not None:
            self._stop()
