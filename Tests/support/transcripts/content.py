"""The content of the sends of a scenario, which the library may have together with the send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from support.transcripts.scenario import Scenario


@dataclass
class Content:
    """The content of a send, as the transcript gives it."""

    pieces: list[bytes] = field(default_factory=list)
    #: Its end is given too.
    ends: bool = False
    #: It is in memory when the send starts.
    is_at_once: bool = False


def contents_of_sends(scenario: Scenario) -> Iterator[Content]:
    """The content of each send, in the order of the sends: that of the first one that has not
    got all of it, when content is given."""
    contents: list[Content] = []
    waiting: list[Content] = []
    for step in scenario.steps:
        operation = step.operation or ""
        verb, _, text = operation.partition(" ")
        if verb == "send":
            contents.append(content := Content())
            at_once = [word for word in text.split(" ") if word.startswith("atonce=")]
            if at_once:
                content.pieces.append(at_once[0][7:].encode() + b"\r\n")
                content.is_at_once = True
            seen = [word for word in text.split(" ") if word.startswith("survey=")]
            if seen:
                content.pieces.append(seen[0][7:].replace("\\n", "\n").encode())
                content.is_at_once = True
            waiting.append(content)
        elif verb in ("content", "partial") and waiting:
            waiting[0].pieces.append(text.replace("\\n", "\n").encode())
            waiting[0].ends = verb == "content"
        elif verb in ("chunk", "last") and waiting:
            waiting[0].pieces.append(text.encode() + b"\r\n" if text else b"")
            waiting[0].ends = verb == "last"
            if verb == "last" and len(waiting[0].pieces) == 1:
                waiting[0].is_at_once = True
        if any(line.text.startswith(("send ok", "send failed")) for line in step.events):
            ends = sum(line.text.startswith(("send ok", "send failed")) for line in step.events)
            del waiting[:ends]
    return iter(contents)
