"""What holds for every error and every result, whatever the scenario: their replies are replies of
the server, to the octet, and each recipient has the error that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
    Done,
    Failure,
    Recipient,
    Result,
)
from support.logins.sasl import b64
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


def secrets(scenario: Scenario) -> set[str]:
    """What logins are made with, and what the client sends of it."""
    found: set[str] = set()
    for step in scenario.steps:
        if step.verb == "login":
            words = (step.operation or "").split()
            found |= {words[3], *(b64(octets).decode() for octets in words[3:])}
            found |= {line.text.split(" ")[2] for line in step.client if line.text.count(" ") == 2}
    return found


def enhanced_of(reply: str) -> str | None:
    """The status code of its last line that has one (RFC 3463)."""
    codes = [match[2] for line in reply.split("\n") if (match := ENHANCED.match(line))]
    return codes[-1] if codes else None


class Truths:
    """For one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._replies = replies(scenario)
        self._secrets = secrets(scenario)
        #: What the server offers since its last reply to EHLO or LHLO.
        self._offered: list[str] = []
        self._hello = ""
        #: The replies of the last step in which it sent some.
        self._said: set[str] = set()
        #: Of a message that is sent again the last reply may be that of an earlier step.
        self._may_be_repeated = scenario.only == "library"
        #: Where the server is; None when only the caller knows.
        self.address: str | None = None
        self._ignored = scenario.options.get("ignored_capabilities", "").upper().split()

    def heard(self, command: str) -> None:
        """A line of the client."""
        if command[:4] in ("EHLO", "LHLO", "HELO"):
            self._hello = command[:4]

    def said(self, lines: Sequence[str]) -> None:
        """Lines of the server that are sent together."""
        ends = tuple(line.encode().decode("latin-1") for line in lines if line.strip())
        self._said = {reply for reply in self._replies if reply.endswith(ends)}
        if not self._hello:
            return
        if lines[0][:3] != "250":
            # What was offered before is still.
            self._hello = ""
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

    def of_last_reply(self, seen: object, lines: Sequence[str]) -> None:
        """`lines`: what the server sent together, and the client has understood."""
        # A code may be all that there is of a line.
        lines = [line if line[4:] else line[:3] for line in lines if line.strip()]
        start = len(lines) - 1
        while start > 0 and lines[start - 1][3:4] == "-":
            start -= 1
        last = "\n".join(lines[start:]).encode().decode("latin-1")
        self._expect(seen == last, f"the last reply was {last!r}, seen was {seen!r}")

    def of_operation(self, failure: Failure) -> None:
        """The error of an operation, or of the connection."""
        if failure.name in ("ECONNECTION", "EPROTOCOL", "ETIMEDOUT", "ETLS"):
            self._expect(
                failure.address == self.address, f"not the address of the server: {failure}"
            )
        self.of_failure(failure)

    def _of_said(self, done: Done) -> None:
        """The reply to a command."""
        if done.said is not None:
            self._of_reply(done.said.response, done.said.code, done.said.enhanced)

    def of_failure(self, failure: Failure) -> None:
        self._of_reply(failure.response, failure.response_code, failure.enhanced)
        if failure.response is not None:
            self._expect(
                failure.response.replace("\n", " ") in failure.message,
                f"the reply is not in the message: {failure}",
            )
        words = set(re.split(r"[^\w+/=.-]+", failure.message))
        self._expect(not words & self._secrets, f"a secret is in the message: {failure}")

    def of_end(self, done: Done, content: bytes | None) -> None:
        """`content`: that of a send."""
        if done.error is not None:
            self.of_operation(done.error)
        self._of_said(done)
        if done.result is None:
            about = None if done.error is None else done.error.recipient
            self._expect(about is None, f"about a recipient? {done}")
            return
        self._of_result(done.result, done.error)
        if done.error is not None:
            self._of_send(done.error, done.result)
        else:
            self._expect(done.result.response is not None, f"what did the server say? {done}")
        if done.error is None and not self._may_be_repeated:
            self._expect(
                done.result.response in self._said, f"the last reply is of {self._said}: {done}"
            )
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

    def _of_send(self, error: Failure, result: Result) -> None:
        """The error of a send that the server refused to a recipient names this recipient."""
        is_about_one = error.name == "EENVELOPE" and error.command == "RCPT TO"
        named = [
            recipient.status in (DEFERRED, REJECTED)
            for recipient in result.recipients
            if (recipient.recipient, recipient.response) == (error.recipient, error.response)
        ]
        self._expect(any(named) == is_about_one, f"who was refused? {error}")
        if not is_about_one:
            names = [recipient.recipient for recipient in result.recipients]
            # What the server cannot take is known before anything is sent: an address, or a
            # parameter of a recipient.
            is_known = error.name == "EENVELOPE" and error.response is None
            is_parameter = error.message.startswith(("to_", "the parameter"))
            has_name = is_known and not all(name.isascii() for name in names)
            known: list[str | None] = [*names] if has_name else [None]
            if is_known and is_parameter:
                known += names
            self._expect(error.recipient in known, f"which recipient? {error}")
        for recipient in result.recipients:
            own = recipient.error
            if own and own.name == error.name and own.response is None is error.response:
                self._expect(
                    error.retry in (own.retry, RETRY_UNKNOWN), f"not as {error}: {recipient}"
                )

    def _of_recipient(self, recipient: Recipient, names: set[str]) -> None:
        self._of_reply(recipient.response, recipient.response_code, recipient.enhanced)
        others = [f"<{name}>" for name in names if name != recipient.recipient]
        self._expect(
            not any(name in (recipient.response or "") for name in others),
            f"this reply is to another: {recipient}",
        )
        error = recipient.error
        self._expect((error is None) == (recipient.status == ACCEPTED), f"an error? {recipient}")
        if error is None:
            return
        self.of_failure(error)
        if recipient.status != NOT_TRIED:
            self._expect(error.address == self.address, f"not the server's address: {error}")
        # Of all_or_none the reason may be another recipient.
        self._expect(error.recipient in names, f"whose error? {recipient}")
        retry = {DEFERRED: RETRY_SAFE, REJECTED: RETRY_NO, UNKNOWN: RETRY_UNKNOWN}
        is_lost = error.name in ("ECONNECTION", "ETIMEDOUT")
        self._expect(
            not (is_lost and error.retry == RETRY_NO)
            and retry.get(recipient.status, error.retry) == error.retry
            and (recipient.status, error.retry) != (NOT_TRIED, RETRY_UNKNOWN),
            f"not the advice for its status: {recipient}",
        )
        if recipient.status in (DEFERRED, REJECTED):
            command = "DATA" if error.command == "BDAT" else error.command
            self._expect(
                (error.recipient, error.response, command)
                == (recipient.recipient, recipient.response, recipient.command)
                and error.name == ("EMESSAGE" if error.phase == "message" else "EENVELOPE"),
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
