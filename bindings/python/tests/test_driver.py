"""How often the library is called before its records are fetched."""

from __future__ import annotations

from typing import Any

import pytest

from smtpconn import _driver
from smtpconn._core import Core
from smtpconn._delivery import Delivery


class Ended:
    connection = None
    counts = True

    def prepare(self) -> None:
        return None


class Turns:
    """A loop without a connection; something comes of each call of the library, or nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_driver, "lib", self)
        self._core, self._delivery = Core(), Delivery()
        self.driver = _driver.Driver(self, self._core, self._delivery)
        self._pending: list[None] = []
        self.status = 1
        self.is_quick = True
        self.calls = 0

    def smtpconn_loop_dispatch(self, _handle: Any) -> int:
        self.calls += 1
        if self.is_quick:
            self._delivery.items.append(Ended())
        return self.status

    def _fetch(self) -> None:
        pass

    def advance(self) -> int:
        """How often the library was called."""
        self.calls = 0
        self.driver.advance()
        return self.calls


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    return Turns(monkeypatch)


def test_as_long_as_something_comes_of_it(turns: Turns) -> None:
    turns._pending = [None] * 1000
    assert [turns.advance() for _ in range(7)] == [1, 2, 4, 8, 16, 16, 16]
    turns.is_quick = False
    assert [turns.advance() for _ in range(3)] == [16, 1, 1]
    turns.is_quick = True
    assert [turns.advance() for _ in range(3)] == [1, 2, 4]


@pytest.mark.parametrize(("pending", "calls"), [(0, 1), (7, 1), (8, 2), (40, 6)])
def test_callbacks_come_before_the_library_has_nothing_to_do(
    turns: Turns, pending: int, calls: int
) -> None:
    turns._pending = [None] * pending
    assert max(turns.advance() for _ in range(9)) == calls


def test_not_when_nothing_is_pending_any_more(turns: Turns) -> None:
    turns._pending = [None] * 1000
    assert [turns.advance() for _ in range(3)] == [1, 2, 4]
    turns.status = 0
    assert turns.advance() == 1
