"""What a login asks of the caller: tokens, and the answers of mechanisms."""

from __future__ import annotations

from typing import TypedDict

from support.drive.outcomes import OK, Failure, read_failure
from support.drive.program import Program, quote

Text = str | bytes | None


class Refreshing(TypedDict, total=False):
    """What new tokens are got with from an endpoint. Two values are set together."""

    refresh_token: Text
    #: Its id, and its secret.
    client: tuple[Text, Text]
    scope: Text
    access_url: Text


class Tokens(Refreshing, total=False):
    """An access token, the ways to get new ones, and whom to act as."""

    authorization_identity: Text

    #: And when it ends.
    access_token: Text | tuple[Text, int]
    #: Its name, and its private key.
    service_account: tuple[Text, Text]


class TokenCallback:
    """A token callback: what it was asked, and what it answers."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.tag = program.name("k")

    @property
    def asked(self) -> list[bool]:
        """For each time that it was asked, whether that was for a renewal."""
        return self._program.wanted.get(self.tag, [])

    @property
    def released(self) -> int:
        return self._program.released.count(self.tag)

    @property
    def results(self) -> list[int]:
        """What the calls gave back that the callback made."""
        return self._program.actions.get(self.tag, [])

    def wait(self, count: int = 1) -> None:
        """Waits until it was asked so often."""
        self._program.wait(lambda: len(self.asked) == count, f"question {count}")

    def when_asked(self, *calls: list[str]) -> None:
        """What it does inside; nothing means that it answers later, or never."""
        self._program.on(self.tag, *calls)

    def providing(self, token: str | bytes | None, expires: int = 0) -> list[str]:
        """The call that answers with a token."""
        return ["provide", self.tag, quote(token), str(expires)]

    def withholding(self, reason: str | None = None) -> list[str]:
        """The call that answers that there is none."""
        return ["withhold", self.tag, quote(reason)]

    def provide(self, token: str | bytes | None, expires: int = 0) -> int:
        """Answers now, from outside."""
        return int(self._program.call(*self.providing(token, expires))["reply"])

    def withhold(self, reason: str | None = None) -> int:
        return int(self._program.call(*self.withholding(reason))["reply"])


class Mechanism:
    """A SASL mechanism of the caller's: what it was asked, and what it answers."""

    def __init__(self, program: Program, name: str = "X-MINE") -> None:
        self._program = program
        self.name = name
        self.tag = program.name("x")

    def offer(self, options: str) -> Failure | None:
        """Puts it into options; the failure says why it was refused."""
        answer = self._program.call("mechanism", options, quote(self.name), self.tag)
        failure = read_failure(answer["error"])
        assert (answer["reply"] == OK) == (failure is None)
        return failure

    def take_away(self, options: str) -> None:
        assert self._program.call("mechanism", options, quote(self.name), "~")["reply"] == OK

    @property
    def challenges(self) -> list[bytes | None]:
        """What it was asked; None is the beginning."""
        return self._program.challenges.get(self.tag, [])

    @property
    def released(self) -> int:
        return self._program.released.count(self.tag)

    @property
    def results(self) -> list[int]:
        """What the calls gave back that the callback made."""
        return self._program.actions.get(self.tag, [])

    def wait(self, count: int) -> None:
        """Waits until it was asked so often, the beginning included."""
        self._program.wait(lambda: len(self.challenges) == count, f"challenge {count}")

    def when_asked(self, *calls: list[str]) -> None:
        """What it does inside; nothing means that it answers later, or never."""
        self._program.on(self.tag, *calls)

    def answers(self, *responses: bytes | None) -> None:
        """What it answers at once, one response for each time that it is asked, the
        beginning included; None: nothing."""
        for response in responses:
            self.when_asked(*([] if response is None else [self.responding(response)]))

    def responding(self, response: bytes) -> list[str]:
        """The call that responds."""
        return ["respond", self.tag, quote(response.hex())]

    def giving_up(self, reason: str | None = None) -> list[str]:
        """The call that gives the login up."""
        return ["give_up", self.tag, quote(reason)]

    def respond(self, response: bytes) -> int:
        """Answers now, from outside."""
        return int(self._program.call(*self.responding(response))["reply"])

    def give_up(self, reason: str | None = None) -> int:
        return int(self._program.call(*self.giving_up(reason))["reply"])
