"""The scenarios in Tests/transcripts, played by the library over a socket. The core plays them in
SMTPProtocolTests/TranscriptTests.swift."""

from __future__ import annotations

import pytest

from support.drive import Drive
from support.servers.certificates import Certificates
from support.slowness import MODE
from support.transcripts import FOLDER
from support.transcripts.player import Player
from support.transcripts.scenario import Scenario, read
from support.transcripts.ways import core_words, ways

SCENARIOS = read(FOLDER)
PLAYED = [each for each in SCENARIOS if each.only != "core"]


@pytest.mark.every_case
@pytest.mark.parametrize("number", range(len(PLAYED)), ids=[str(each) for each in PLAYED])
def test_scenario(drive: Drive, certificates: Certificates, number: int) -> None:
    scenario = PLAYED[number]
    found = ways(scenario)
    if MODE == "valgrind":
        found = [found[number % len(found)]]
    for way in found:
        Player(scenario, way, drive, certificates.good, certificates.ca_file).play()


@pytest.mark.every_case
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_what_only_the_core_can_do_says_so(scenario: Scenario) -> None:
    assert scenario.only == "core" or not core_words(scenario), "it needs `only: core`"
