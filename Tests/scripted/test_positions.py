"""A server refuses, or closes, at each point of the dialogue: the result of the message
that it is about, of the one before it and of the one after it, in each way in which they
may travel."""

from __future__ import annotations

import itertools

import pytest

from conftest import Opener
from support.messages.model import Posted
from support.messages.modes import GROUPED, SINGLY, Mode
from support.messages.posting import fates
from support.servers.strict import FINE, Judge, StrictServer, Verdict

SENDER = b"from1@example.com"
PLACES: dict[str, tuple[str, bytes]] = {
    "RSET": ("RSET", b""),
    "MAIL": ("MAIL", SENDER),
    "first RCPT": ("RCPT", b"to1-0@example.com"),
    "middle RCPT": ("RCPT", b"to1-1@example.com"),
    "last RCPT": ("RCPT", b"to1-2@example.com"),
    "DATA": ("DATA", SENDER),
    "first BDAT": ("BDAT", SENDER),
    "end": ("end", SENDER),
}
EVENTS: dict[str, Verdict] = {
    "rejected": Verdict(b"550 5.7.1 no"),
    "deferred": Verdict(b"451 4.3.0 later"),
    "421": Verdict(b"421 4.3.2 bye"),
    "closed": Verdict(None, "before"),
    "closed in the reply": Verdict(None, "within"),
    "closed after the reply": Verdict(None, "behind"),
    "closed after a refusal": Verdict(b"550 5.7.1 no", "behind"),
    "reset": Verdict(None, "before", resets=True),
    "reset after the reply": Verdict(None, "behind", resets=True),
}


def messages(is_stream: bool) -> list[Posted]:
    return [
        Posted(
            number,
            tuple(f"to{number}-{place}@example.com" for place in range(3)),
            b"Subject: %d\r\n\r\n.one\ntwo\r" % number,
            is_stream=is_stream and number == 1,
        )
        for number in range(3)
    ]


def once(what: str, about: bytes, verdict: Verdict) -> Judge:
    """Of what is about nobody the first is judged, which belongs to the second message."""
    left = itertools.count()

    def judge(judged: str, whom: bytes) -> Verdict:
        return verdict if (judged, whom) == (what, about) and next(left) == 0 else FINE

    return judge


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    ("mode", "place"),
    [
        (mode, place)
        for mode in GROUPED + SINGLY
        for place in PLACES
        if (place != "DATA" or not mode.has_chunks)
        and (place != "first BDAT" or mode.has_chunks)
        and (place != "RSET" or mode.takes_groups)
    ],
    ids=str,
)
def test_position(connect: Opener, mode: Mode, place: str, event: str) -> None:
    what, about = PLACES[place]
    strict = StrictServer(mode.capabilities, once(what, about, EVENTS[event]))
    first, second, third = fates(connect, strict, mode, messages(place == "first BDAT"))
    assert first.error is None
    if event in ("rejected", "deferred") and place != "RSET":
        assert third.error is None
        assert second.error != "ECONNECTION"
    else:
        assert third.error in ("ECONNECTION", "EPROTOCOL")


@pytest.mark.parametrize("place", ["first RCPT", "last RCPT", "end"])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("mode", GROUPED, ids=str)
def test_lmtp(connect: Opener, mode: Mode, place: str, event: str) -> None:
    """The end is about each recipient; that of the second copy is another place."""
    what, about = PLACES[place]
    if place == "end":
        about = b"to1-1@example.com"
    strict = StrictServer(mode.capabilities, once(what, about, EVENTS[event]), lmtp=True)
    first, second, third = fates(connect, strict, mode, messages(is_stream=False))
    assert first.error is None
    if event in ("rejected", "deferred"):
        assert second.error is None
        assert second.is_refused()
        assert third.error is None
