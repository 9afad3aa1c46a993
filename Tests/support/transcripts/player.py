"""Plays a scenario with the library over a socket: one thread is the server and the caller."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

from support.drive import Drive, Option
from support.drive.connection import Operation
from support.drive.credentials import Mechanism
from support.drive.outcomes import Failure
from support.servers.certificates import Identity
from support.servers.scripted import PATIENCE, Peer
from support.transcripts.content import Content, contents_of_sends
from support.transcripts.eventtext import COMMANDS, Event, connection_failed, ended, fits
from support.transcripts.lines import Line
from support.transcripts.scenario import Scenario, Step
from support.transcripts.truths import Truths
from support.transcripts.ways import CHUNKING, Way

POLICIES: dict[str, dict[str, Option]] = {
    "never": {"ignore_tls": 1},
    "ifOffered": {},
    "required": {"require_tls": 1},
    "opportunistic": {"opportunistic_tls": 1},
}
INITIAL = {"automatic": -1, "never": 0, "always": 1}
FLAGS = {
    "smtputf8": "use_smtputf8",
    "binary": "use_binarymime",
    "allornone": "all_or_none",
    "requiretls": "require_tls",
}
FIELDS = {
    "ret": "dsn_ret",
    "envid": "dsn_envid",
    "notify": "dsn_notify",
    "orcpt": "dsn_orcpt",
    "priority": "mt_priority",
    "by": "deliver_by",
    "holdfor": "hold_for",
    "holduntil": "hold_until",
    "auth": "auth_sender",
    "solicit": "solicit",
}


class MismatchError(AssertionError):
    """What came is not what the transcript says."""


class Player:
    """One scenario, played in one way."""

    def __init__(
        self, scenario: Scenario, way: Way, drive: Drive, identity: Identity, ca_file: Option
    ) -> None:
        self._scenario = scenario
        self._way = way
        self._drive = drive
        self._identity = identity
        self._ca_file = ca_file
        self._operations: dict[str, tuple[str, Operation]] = {}
        #: Events that came and were not expected yet.
        self._events: list[Event] = []
        self._seen = len(drive.order)
        #: How often these came.
        self._counts = {"connect": 0, "end": 0}
        #: The messages whose content was wanted.
        self._asked: set[str] = set()
        #: Of each send that has not ended: whether its content is given when it is wanted.
        self._is_asked: list[bool] = []
        #: The content of each send that was started.
        self._sent: dict[str, bytes] = {}
        self._contents = contents_of_sends(scenario)
        self._truths = Truths(scenario)
        self._is_freed = False
        #: The error of the operation that was to open the connection.
        self._not_opened: Failure | None = None
        self._line = scenario.line

    def play(self) -> None:
        try:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                options = self._drive.options(**self._options(listener))
                port = listener.getsockname()[1]
                if self._way.pumped:
                    self._connection = self._drive.pumped(options, port, self._way.pumped)
                else:
                    self._connection = self._drive.connection_from(options)
                    self._truths.address = f"127.0.0.1:{port}"
                self._start("connect", self._connection.start_connect())
                listener.settimeout(PATIENCE)
                accepted, _ = listener.accept()
            self._peer = Peer(accepted)
            if self._way.under_tls:
                self._peer.start_tls(self._identity)
            self._play()
        except BaseException as error:
            place = f"{self._scenario.file}:{self._line}: {self._scenario}, {self._way}"
            raise MismatchError(f"Tests/transcripts/{place}: {error}") from error

    def _options(self, listener: socket.socket) -> dict[str, Option]:
        """What differs from the defaults: each takes a call."""
        setting = self._scenario.setting
        flags = {
            "transaction_log": self._way.is_logged,
            "lmtp": setting("lmtp", "no") == "yes",
            "hello_after_login": setting("hello_after_login", "no") == "yes",
            "chunking": CHUNKING[self._way.chunking],
        }
        options: dict[str, Option] = {
            "host": "127.0.0.1",
            "port": listener.getsockname()[1],
            "name": setting("name", "client.example"),
            **{name: int(value) for name, value in flags.items() if value},
            **POLICIES[setting("policy", "ifOffered")],
        }
        if self._way.under_tls or "secured" in self._scenario.verbs:
            options["tls_ca_file"] = self._ca_file
        if self._way.under_tls:
            options["secure"] = 1
        if setting("verify", "yes") == "no":
            options["tls_reject_unauthorized"] = 0
        if "initial_response" in self._scenario.settings:
            options["initial_response"] = INITIAL[self._scenario.settings["initial_response"]]
        if "login" in self._scenario.verbs:
            options.update({"allow_insecure_auth": 1, **self._mechanism()})
        return {**options, **self._scenario.options}

    def _mechanism(self) -> dict[str, Option]:
        """The one that is used, if it is always the same."""
        operations = [step.operation or "" for step in self._scenario.steps]
        used = {words[1] for words in map(str.split, operations) if words[:1] == ["login"]}
        options: dict[str, Option] = {}
        if "LATER" in used:
            self._later = Mechanism(self._drive, "LATER")
            options["custom_mechanism"] = self._later
        if len(used) == 1 and used != {"*"}:
            options["auth_method"] = used.pop()
        return options

    # --- the dialogue -----------------------------------------------------

    def _play(self) -> None:
        steps = self._scenario.steps
        for number, step in enumerate(steps):
            self._line = step.line
            self._stimulate(step)
            for line in step.client:
                self._expect_line(line)
            for place, line in enumerate(step.events):
                self._expect_event(line, step.texts.get(place, []))
            for line in step.states:
                self._expect_state(line)
            follows = number + 1 < len(steps) and self._is_skipped(steps[number + 1])
            # After the agreement on TLS the client speaks first.
            if not follows and not any(line.text == "start TLS" for line in step.events):
                self._expect_nothing_more(step)
        self._line = steps[-1].line if steps else self._line
        self._end()

    def _is_skipped(self, step: Step) -> bool:
        """Whether the library does this by itself: the content was given with the send."""
        return step.verb in ("content", "last") and self._way.content != "asked"

    def _stimulate(self, step: Step) -> None:
        if step.operation is not None:
            if not self._is_skipped(step):
                self._perform(step.operation)
            return
        self._truths.said(step.server)
        octets = "".join(line + "\r\n" for line in step.server).replace("…\r\n", "").encode()
        pieces = [octets[place : place + 1] for place in range(len(octets))]
        # A client that has what it needs to end the connection does not wait for the rest.
        ends = any(line.text.startswith("connection failed") for line in step.events)
        with contextlib.suppress(*(OSError,) if ends else ()):
            self._peer.send(*pieces if self._way.in_octets else [octets])

    def _expect_line(self, line: Line) -> None:
        self._line = line.number
        came = self._peer.line().decode(errors="backslashreplace")
        if came != line.text:
            raise MismatchError(f"the client was to send {line.text!r}, it sent {came!r}")
        self._truths.heard(came)

    def _expect_event(self, line: Line, texts: Sequence[Line]) -> None:
        self._line = line.number
        if line.text == "start TLS" or (line.text == "content wanted" and not self._is_asked[0]):
            return
        self._drive.wait(self._has_event, f"the event {line.text!r}")
        came = self._events.pop(0)
        if came.line != line.text:
            raise MismatchError(f"the event was to be {line.text!r}, it is {came.line!r}")
        for wanted in texts:
            self._line = wanted.number
            if not fits(came.text, wanted.text):
                raise MismatchError(f"the text was to be {wanted.text!r}, it is {came.text!r}")
        if came.line.startswith(("send ok", "send failed")):
            del self._is_asked[0]
        elif came.line in ("opened", "login ok", "hello ok 250", "xclient ok 220"):
            self._truths.of_capabilities(self._connection.info()["capabilities"])

    def _expect_state(self, line: Line) -> None:
        self._line = line.number
        info = self._connection.info()
        for each in line.text.split(", "):
            word = each.removeprefix("not ")
            is_true = {
                # Over means over at once; what an operation needs is seen when one starts.
                "over": not info["open"],
                "ready": info["open"] == 1,
                "secure": info["secure"] == 1,
                "authenticated": info["authenticated"] == 1,
            }[word]
            if word == "ready" and each != word:
                continue
            if is_true != (each == word):
                raise MismatchError(f"the connection was to be {each!r}, it is {info}")

    def _expect_nothing_more(self, step: Step) -> None:
        """What the step led to was all. That something comes later is seen later."""
        if self._is_understood(step):
            self._truths.of_last_reply(self._connection.info()["last_response"], step.server)
        else:
            self._drive.settle()
        if self._has_event():
            raise MismatchError(f"an event that the transcript does not have: {self._events}")
        self._peer.nothing_unread()

    def _is_understood(self, step: Step) -> bool:
        """Whether the client has read all that the server sends in this step, as replies."""
        return (
            "feeding" not in self._scenario.settings
            and any(line[:1].isdigit() for line in step.server)
            and bool(step.client or step.events)
            and not any("protocolViolation" in line.text for line in step.events)
        )

    def _end(self) -> None:
        if not self._is_freed:
            self._connection.close()
        self._peer.nothing_more()
        self._peer.close()
        if not self._is_freed:
            self._expect_end()
            self._connection.free()

    def _expect_end(self) -> None:
        """The events of the connection: connect if it was open, and the end, each once. What is
        still under way ends with it."""
        self._connection.wait_end()
        self._has_event()
        broken = [event for event in self._events if event.line.startswith("connection failed")]
        is_open = any(
            line.text == "opened" for step in self._scenario.steps for line in step.events
        )
        if self._not_opened not in (None, self._connection.error):
            raise MismatchError(f"another error than the event's: {self._not_opened}")
        wanted = {"connect": int(is_open), "end": 1}
        if broken or self._counts != wanted:
            raise MismatchError(f"the events of the connection are {self._counts} and {broken}")

    # --- events -----------------------------------------------------------

    def _start(self, verb: str, operation: Operation) -> None:
        self._operations[operation.tag] = (verb, operation)

    def _has_event(self) -> bool:
        """Whether there is an event that was not expected yet."""
        while self._seen < len(self._drive.order):
            kind, _, tag = self._drive.order[self._seen].partition(" ")
            self._seen += 1
            if kind == "done" and tag in self._operations:
                verb, operation = self._operations[tag]
                done = operation.wait()
                self._truths.of_end(done, self._sent.get(tag))
                # What ends a connection that is being opened is an error event too.
                if verb != "connect" or done.error is None:
                    self._events += ended(verb, done)
                else:
                    self._not_opened = done.error
            elif kind == "pause" and tag not in self._asked:
                # Later pauses are between its pieces.
                self._asked.add(tag)
                self._events.append(Event("content wanted"))
            elif kind == "event" and tag == f"{self._connection.name}.error":
                failure = self._connection.error
                assert failure is not None
                self._truths.of_operation(failure)
                self._events.append(connection_failed(failure))
            elif kind == "event" and tag.removeprefix(f"{self._connection.name}.") in self._counts:
                self._counts[tag.removeprefix(f"{self._connection.name}.")] += 1
        return bool(self._events)

    # --- what the caller and the peer do ------------------------------------

    def _perform(self, operation: str) -> None:
        verb, *words = filter(None, operation.split(" "))
        connection = self._connection
        if verb == "send":
            self._start("send", self._send(words))
        elif verb == "login":
            self._start("login", self._login(*words))
        elif verb in ("reset", "quit"):
            starts = {"reset": connection.start_reset, "quit": connection.start_quit}
            self._start(verb, starts[verb]())
        elif verb in COMMANDS:
            argument = operation.partition(" ")[2]
            texts = words if verb in ("xclient", "xforward") else [argument] if argument else []
            self._start(verb, connection.start_command(verb, *texts))
        elif verb in ("content", "partial", "chunk", "last"):
            assert connection.resume() == 0, "no message is paused"
        elif verb == "secured":
            self._peer.start_tls(self._identity)
        elif verb == "part":
            self._peer.send(operation.partition(" ")[2].encode())
        elif verb == "close":
            self._peer.end()
        elif verb in ("cancel", "end", "free"):
            self._leave(verb)
        elif verb == "answer":
            self._answer(words[0])
        elif verb == "wait":
            pass_time = self._drive.advance_past if words[0] == "past" else self._drive.advance
            pass_time(int(words[-1]))
        else:
            raise MismatchError(f"not an operation: {operation}")

    def _login(self, mechanism: str, user: str, secret: str) -> Operation:
        if mechanism == "XOAUTH2":
            return self._connection.start_login(user, access_token=secret)
        if mechanism == "LATER":
            # It has no initial response; the transcript gives the others.
            self._later.answers(None)
        return self._connection.start_login(user, secret)

    def _leave(self, verb: str) -> None:
        """The caller ends what is under way."""
        # What the server has said was read before.
        self._drive.settle()
        if verb == "cancel":
            self._connection.cancel()
        elif verb == "end":
            self._connection.close()
        else:
            self._connection.free()
        self._is_freed = verb == "free"

    def _answer(self, text: str) -> None:
        # What the server has said was read before.
        self._drive.settle()
        # What an answer is given with is gone after the end of the login.
        logins = [operation for verb, operation in self._operations.values() if verb == "login"]
        assert not all(operation.ended for operation in logins), "no login waits for an answer"
        if text == "*":
            self._later.give_up("no")
        else:
            self._later.respond(text.encode())

    def _send(self, words: list[str]) -> Operation:
        values: dict[str, str | int] = {}
        #: Of each recipient.
        theirs: dict[str, str] = {}
        addresses: list[str] = []
        size = 0
        use_8bitmime = None
        for word in words:
            key, _, value = word.partition("=")
            if key == "size":
                size = int(value)
            elif key in FIELDS:
                values[FIELDS[key]] = value
            elif key in ("param", "rcptparam"):
                name, _, text = value.partition("=")
                (values if key == "param" else theirs)[f"parameter:{name}"] = text
            elif key == "rrvs":
                theirs["rrvs"] = value
            elif word in FLAGS:
                values[FLAGS[word]] = 1
            elif word in ("8bit", "7bit"):
                use_8bitmime = int(word == "8bit")
            elif key not in ("atonce", "survey"):
                addresses.append(word)
        sender = None if addresses[0] == "<>" else addresses[0]
        envelope = self._drive.envelope(sender, addresses[1:], size, use_8bitmime, **values)
        for name, text in theirs.items():
            for index in range(len(addresses) - 1):
                assert self._drive.describe(envelope, name, text, index) is None
        content = next(self._contents)
        sending = self._connection.start_send(message=self._message(content), envelope=envelope)
        self._sent[sending.tag] = b"".join(content.pieces)
        return sending

    def _message(self, content: Content) -> str:
        is_given = content.is_at_once or (content.ends and self._way.content != "asked")
        self._is_asked.append(not is_given)
        if is_given and (content.is_at_once or self._way.content == "memory"):
            return self._drive.message(b"".join(content.pieces))
        if is_given:
            return self._drive.reader(*content.pieces)
        pieces: list[str | bytes] = []
        for piece in content.pieces:
            pieces += ["!pause", piece] if piece else ["!pause"]
        return self._drive.reader(*pieces if content.ends else [*pieces, "!pause"])
