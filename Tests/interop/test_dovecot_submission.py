"""Queued messages through Dovecot's submission service, which hands each on to another
server while it has it: in each way in which they may travel, all that were accepted get
there, once, under the right sender."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.drive import Drive
from support.drive.outcomes import ACCEPTED, REJECTED
from support.messages.content import WAYS, wire
from support.realservers.client import Client
from support.realservers.dovecot import SUBMISSION, Dovecot
from support.realservers.letters import MODES, Letter
from support.realservers.mailboxes import ALICE, BOB, DOMAIN, NOBODY
from support.realservers.submitted import Submitted
from support.realservers.tokens import Signer
from support.servers.certificates import Certificates
from support.servers.scripted import ScriptedServer

COUNT = 60


@pytest.fixture(scope="module")
def submitted() -> Submitted:
    return Submitted()


@pytest.fixture(scope="module")
def submission(
    certificates: Certificates, signer: Signer, submitted: Submitted
) -> Iterator[Dovecot]:
    """A Dovecot that relays to its own scripted server."""
    with (
        ScriptedServer(submitted, repeat=True) as behind,
        Dovecot(certificates.good, behind.port, signer.key, certificates.ca_file) as server,
    ):
        yield server


def letters() -> list[Letter]:
    found = []
    for number in range(COUNT):
        letter = Letter(number, f"sender{number}@{DOMAIN}", way=WAYS[number % 7 % 4])
        letter.size = {9: 3_000, 19: 15_000, 29: 70_000}.get(number, 0)
        if number % 12 == 3:
            letter.recipients, letter.statuses = [NOBODY, BOB], [REJECTED, ACCEPTED]
        elif number % 12 == 5:
            letter.recipients, letter.statuses = [ALICE, BOB], [ACCEPTED, ACCEPTED]
        elif number % 12 == 7:
            letter.recipients, letter.statuses = [NOBODY, NOBODY], [REJECTED, REJECTED]
            letter.error = "EENVELOPE"
        elif number % 12 == 10:
            letter.subject, letter.statuses, letter.error = "spam", [REJECTED], "EMESSAGE"
        found.append(letter)
    return found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", SUBMISSION)
def test_queued(
    drive: Drive,
    certificates: Certificates,
    submission: Dovecot,
    submitted: Submitted,
    service: str,
    mode: str,
) -> None:
    client = Client(drive, submission, certificates)
    submitted.messages.clear()
    posted = letters()
    connection = client.logged_in(service, chunking=MODES[mode])
    assert connection.capability("PIPELINING")[0]
    assert connection.capability("CHUNKING")[0]
    with drive.held():
        sendings = [letter.post(drive, connection) for letter in posted]
        quitting = connection.start_quit()
    for letter, sending in zip(posted, sendings, strict=True):
        letter.expect_told(sending)
    quitting.succeeds()
    assert connection.error is None
    arrived = [
        (
            message.sender,
            message.recipients,
            re.sub(rb"\AReceived: .*\r\n([ \t].*\r\n)*", b"", message.content),
        )
        for message in submitted.messages
    ]
    assert arrived == [
        (letter.sender, tuple(letter.accepted), wire(letter.content))
        for letter in posted
        if letter.accepted
    ]
