"""The servers that the interop tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.certificates import Certificates
from support.postfix import Postfix


@pytest.fixture(scope="session")
def postfix(certificates: Certificates) -> Iterator[Postfix]:
    """A Postfix on loopback, one for all tests."""
    with Postfix(certificates.good) as server:
        yield server
