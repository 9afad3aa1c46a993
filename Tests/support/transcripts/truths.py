"""What holds for every error and every result, whatever the scenario: their replies are replies of
the server, to the octet, and each recipient has the error that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    REJECTED,
    Done,
    Failure,
    Recipient,
    Result,
)
from support.messages.content import wire
from support.transcripts.scenario import Scenario

ENHANCED = re.compile(r"(\d)\d\d[ -](\1\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2}))(?: |$)")
QUEUED = re.compile(r"queued as (\w+)$")


class UntrueError(AssertionError):
    """Something that holds for every error or result does not hold for this one."""


def replies(scenario: Scenario) -> set[str]:
    """The replies of the server, each with its code on every line."""
    found: set[str] = set()
    lines: list[str] = []
    part = ""
    for step in scenario.steps:
        verb, _, rest = (step.operation or "").partition(" ")
        if verb == "part":
            part += rest
            # It counts if the connection ends.
            found.add("\n".join([*lines, part]))
        for line in step.server:
            lines.append(part + line)
            part = ""
            if line.endswith("…"):
                part = lines.pop()[:-1]
                continue
            if lines[-1][3:4] != "-":
                found.add("\n".join(lines))
                lines = []
    # Octets, each as a character, as the library's are here.
    return {reply.encode().decode("latin-1") for reply in found}


def enhanced_of(reply: str) -> str | None:
    """The status code of its last line that has one (RFC 3463)."""
    codes = [match[2] for line in reply.split("\n") if (match := ENHANCED.match(line))]
    return codes[-1] if codes else None


class Truths:
    """For one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._replies = replies(scenario)
        #: What the server offers since its last reply to EHLO or LHLO.
        self._offered: list[str] = []
        self._hello = ""
        #: Where the server is.
        self.address = ""
        self._ignored = scenario.options.get("ignored_capabilities", "").upper().split()

    def heard(self, command: str) -> None:
        """A line of the client."""
        if command[:4] in ("EHLO", "LHLO", "HELO"):
            self._hello = command[:4]

    def said(self, lines: Sequence[str]) -> None:
        """Lines of the server that are sent together."""
        if not self._hello:
            return
        offered = [line[4:] for line in lines[1:] if line.strip()] if self._hello != "HELO" else []
        # Octets, each as a character.
        self._offered = [
            keyword.encode().decode("latin-1")
            for keyword in offered
            if re.split("[ =]", keyword)[0].upper() not in self._ignored
        ]
        self._hello = ""

    def of_capabilities(self, seen: object) -> None:
        self._expect(seen == self._offered, f"{self._offered} was offered, seen was {seen}")

    def of_operation(self, failure: Failure) -> None:
        """The error of an operation, or of the connection."""
        if failure.name in ("ECONNECTION", "EPROTOCOL", "ETLS"):
            self._expect(
                failure.address == self.address, f"not the address of the server: {failure}"
            )
        self.of_failure(failure)

    def of_failure(self, failure: Failure) -> None:
        self._of_reply(failure.response, failure.response_code, failure.enhanced)
        if failure.response is not None:
            self._expect(
                failure.response.replace("\n", " ") in failure.message,
                f"the reply is not in the message: {failure}",
            )

    def of_end(self, done: Done, content: bytes | None) -> None:
        """`content`: that of a send."""
        if done.error is not None:
            self.of_operation(done.error)
        if done.result is None:
            return
        self._of_result(done.result, done.error)
        if done.error is None and content is not None:
            size = len(wire(content))
            self._expect(done.result.message_size == size, f"{size} octets: {done.result}")

    def _of_result(self, result: Result, error: Failure | None) -> None:
        names = {recipient.recipient for recipient in result.recipients}
        for recipient in result.recipients:
            self._of_recipient(recipient, names)
        self._expect(result.response in {None, *self._replies}, f"no such reply: {result}")
        queued = QUEUED.search(result.response or "")
        identifier = queued[1] if queued and error is None else None
        self._expect(result.queue_id == identifier, f"{identifier} was expected: {result}")

    def _of_recipient(self, recipient: Recipient, names: set[str]) -> None:
        self._of_reply(recipient.response, recipient.response_code, recipient.enhanced)
        error = recipient.error
        self._expect((error is None) == (recipient.status == ACCEPTED), f"an error? {recipient}")
        if error is None:
            return
        self.of_failure(error)
        # Of all_or_none the reason may be another recipient.
        self._expect(error.recipient in names, f"whose error? {recipient}")
        if recipient.status in (DEFERRED, REJECTED):
            self._expect(
                (error.recipient, error.response) == (recipient.recipient, recipient.response)
                and error.name in ("EENVELOPE", "EMESSAGE"),
                f"not the error of its reply: {recipient}",
            )

    def _of_reply(self, reply: str | None, code: int, enhanced: str | None) -> None:
        if reply is None:
            self._expect((code, enhanced) == (0, None), f"no reply, and yet {code} {enhanced}")
            return
        self._expect(reply in self._replies, f"no such reply: {reply!r}")
        self._expect(code == int(reply.split("\n")[-1][:3]), f"{code} is not the code of {reply!r}")
        self._expect(enhanced == enhanced_of(reply), f"{enhanced} is not that of {reply!r}")

    @staticmethod
    def _expect(is_true: bool, what: str) -> None:
        if not is_true:
            raise UntrueError(what)
