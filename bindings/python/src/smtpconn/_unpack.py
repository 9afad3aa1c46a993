"""`typing.Unpack`, which older versions of Python do not have: keywords typed by a TypedDict."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from typing_extensions import Unpack
elif hasattr(typing, "Unpack"):
    Unpack = typing.Unpack
else:

    class Unpack:
        """Enough for `typing.get_type_hints`."""

        def __class_getitem__(cls, item):
            return item


__all__ = ["Unpack"]
