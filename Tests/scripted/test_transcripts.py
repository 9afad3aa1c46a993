"""The scenarios in Tests/transcripts, played by the library over a socket. The core plays them in
SMTPProtocolTests/TranscriptTests.swift."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.drive import Drive
from support.servers.certificates import Certificates
from support.slowness import MODE
from support.transcripts import FOLDER
from support.transcripts.player import Player
from support.transcripts.scenario import Scenario, read
from support.transcripts.ways import Way, core_words, ways, ways_without_socket

SCENARIOS = read(FOLDER)
PLAYED = [each for each in SCENARIOS if each.only != "core"]


def cases(*, every_scenario: bool) -> Iterator[object]:
    """Under valgrind every scenario with its first row, and of the other rows, which differ in
    values, as many as of other tests."""
    seen: set[tuple[str, str]] = set()
    for number, scenario in enumerate(PLAYED):
        name = (scenario.file, scenario.title)
        is_first = every_scenario and name not in seen
        marks = (pytest.mark.every_case,) if is_first else ()
        seen.add(name)
        yield pytest.param(number, id=str(scenario), marks=marks)


@pytest.mark.parametrize("number", list(cases(every_scenario=True)))
def test_scenario(drive: Drive, certificates: Certificates, number: int) -> None:
    play(drive, certificates, number, ways(PLAYED[number]))


@pytest.mark.parametrize("number", list(cases(every_scenario=False)))
def test_scenario_without_socket(drive: Drive, certificates: Certificates, number: int) -> None:
    """The same over memory: the program moves the octets, in one of three ways in turn."""
    found = ways_without_socket(PLAYED[number])
    play(drive, certificates, number, found[number % 3 :: 3] or found)


def play(drive: Drive, certificates: Certificates, number: int, found: list[Way]) -> None:
    scenario = PLAYED[number]
    if MODE == "valgrind":
        found = [found[number % len(found)]]
    for way in found:
        Player(scenario, way, drive, certificates.good, certificates.ca_file).play()


@pytest.mark.every_case
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_what_only_the_core_can_do_says_so(scenario: Scenario) -> None:
    assert scenario.only == "core" or not core_words(scenario), "it needs `only: core`"
