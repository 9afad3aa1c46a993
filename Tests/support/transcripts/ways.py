"""In which ways a scenario can be played over a socket."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from support.drive import CHUNKING_OFF, CHUNKING_ON, CHUNKING_OPTIMISTIC
from support.transcripts.scenario import Scenario

CHUNKING = {"off": CHUNKING_OFF, "on": CHUNKING_ON, "optimistic": CHUNKING_OPTIMISTIC}

#: What only the core can do: there are no such moments that a caller can choose.
CORE_ONLY = frozenset({"hold", "leave", "grow", "abort"})

#: What the library says of a message whose size and octets it knows.
KNOWN_CONTENT = re.compile(r"SIZE|8BITMIME|SMTPUTF8|BINARYMIME|LIMITS|^[45]52|^45")


@dataclass(frozen=True)
class Way:
    """One way to play a scenario."""

    #: Octet by octet, or what is sent together at once.
    in_octets: bool
    under_tls: bool
    is_logged: bool
    chunking: str
    #: "asked": the content is given when the transcript says so; "stream" and "memory": together
    #: with the send.
    content: str
    #: The connection has no socket, and the program moves its octets: "whole", "lines" or "octets"
    #: at a time. "": it has a socket.
    pumped: str = ""

    def __str__(self) -> str:
        words = [
            "in octets" if self.in_octets else "whole",
            "under TLS" if self.under_tls else "in the clear",
            "logged" if self.is_logged else "not logged",
            f"chunking {self.chunking}",
            f"content {self.content}",
            *([f"without a socket, by {self.pumped}"] if self.pumped else []),
        ]
        return ", ".join(words)


def core_words(scenario: Scenario) -> list[str]:
    """What of it only the core can do."""
    found = [verb for verb in scenario.verbs if verb in CORE_ONLY]
    for step in scenario.steps:
        # A line that has not left completely.
        found += [line.text for line in step.client if line.text.endswith("…")]
        # Nobody but a session that is asked to cuts chunks like this: a stream ends with an
        # empty one, and content in memory is one chunk.
        if step.verb == "last" and step.operation != "last" and "chunk" in scenario.verbs:
            found.append(step.operation or "")
    return found


def ways(scenario: Scenario) -> list[Way]:
    """Each two of octet-wise or whole, clear or TLS, logged or not; chunking and content take
    turns, so that each kind of them comes once at least."""
    fed = scenario.setting("feeding", "whole octets").split()
    secure = {"yes": [True], "no": [False]}.get(scenario.setting("secure", ""))
    if secure is None:
        secure = [False] if _is_about_tls(scenario) else [False, True]
    feeding = [each == "octets" for each in fed if each in ("whole", "octets")]
    places = list(itertools.product(feeding, secure, [True, False]))
    if len(feeding) == len(secure) == 2:
        places = [each for each in places if (each[0] == each[1]) == each[2]]
    modes, given = chunkings(scenario), contents(scenario)
    return [
        Way(
            *places[number % len(places)],
            modes[number % len(modes)],
            given[(number + number // len(modes)) % len(given)],
        )
        for number in range(max(len(places), len(modes), len(given)))
    ]


#: How octets are moved where there is no socket.
PUMPED = ("whole", "lines", "octets")


def ways_without_socket(scenario: Scenario) -> list[Way]:
    """Each place (clear or TLS) with each way to move octets; the rest takes turns."""
    found = ways(scenario)
    places = sorted({way.under_tls for way in found})
    # Lines that belong together are not moved apart.
    fed = scenario.setting("feeding", " ".join(PUMPED)).split()
    return [
        dataclasses.replace(
            next(way for way in found[number % len(found) :] + found if way.under_tls == place),
            in_octets=False,
            pumped=pumped,
        )
        for number, (place, pumped) in enumerate(
            itertools.product(places, [each for each in PUMPED if each in fed])
        )
    ]


def _is_about_tls(scenario: Scenario) -> bool:
    return any("STARTTLS" in line for line in scenario.server_lines) or any(
        "secure" in line.text for step in scenario.steps for line in step.states
    )


def chunkings(scenario: Scenario) -> Sequence[str]:
    """What is set; without the extension it makes no difference."""
    if "chunking" in scenario.settings:
        return scenario.settings["chunking"].split()
    if any("CHUNKING" in line for line in scenario.server_lines):
        return ["off"]
    return list(CHUNKING)


def contents(scenario: Scenario) -> Sequence[str]:
    if "message" in scenario.settings:
        return scenario.settings["message"].split()
    if "last" in scenario.verbs and "chunk" not in scenario.verbs:
        return ["memory"]
    if not any(step.verb in ("content", "partial") for step in scenario.steps):
        return ["asked"]
    if not all(_is_given_at_once(scenario)):
        return ["asked"]
    if any(KNOWN_CONTENT.search(line) for line in scenario.server_lines):
        return ["asked", "stream"]
    return ["asked", "stream", "memory"]


def _is_given_at_once(scenario: Scenario) -> Iterator[bool]:
    """For each time that content is wanted, whether all of it follows."""
    for step, after in itertools.pairwise([*scenario.steps, None]):
        if step and any(line.text == "content wanted" for line in step.events):
            yield after is not None and after.verb == "content"
