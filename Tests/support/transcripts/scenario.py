"""Scenarios: dialogues that are written once, as text, and played on several levels.
Tests/README.md describes the form; SMTPProtocolTests/Support/Scenario.swift reads the same."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.transcripts.lines import Line, Pieces, TranscriptError, expanded, replaced, values_of

#: What a scenario can set. What `options` sets only the library has.
SETTINGS = {
    *("offers", "chunking", "lmtp", "secure", "policy", "name", "verify", "feeding", "only"),
    *("initial_response", "hello_after_login", "message", "options"),
}
YES_OR_NO = {"yes", "no"}
#: The words that a setting can have.
WORDS = {
    "chunking": {"off", "on", "optimistic"},
    "feeding": {"whole", "lines", "octets", "octetsWithBareLF"},
    "hello_after_login": YES_OR_NO,
    "initial_response": {"automatic", "never", "always"},
    "lmtp": YES_OR_NO,
    "message": {"memory", "stream", "asked"},
    "only": {"core", "library"},
    "policy": {"never", "ifOffered", "required", "opportunistic"},
    "secure": YES_OR_NO,
    "verify": YES_OR_NO,
}
DIALOGUE = ("S:", "C:", ">", "!", "~", "=", "{")


@dataclass
class Step:
    """A stimulus, and all that it leads to."""

    line: int
    #: Lines of the server, or what the caller or the peer does.
    server: list[str] = field(default_factory=list)
    operation: str | None = None
    client: list[Line] = field(default_factory=list)
    events: list[Line] = field(default_factory=list)
    #: Texts of errors, by the place of their event in `events`.
    texts: dict[int, list[Line]] = field(default_factory=dict)
    #: What is true of the connection then.
    states: list[Line] = field(default_factory=list)

    @property
    def verb(self) -> str | None:
        return self.operation.split()[0] if self.operation else None


@dataclass(frozen=True)
class Scenario:
    """One row of one scenario."""

    file: str
    title: str
    row: str
    line: int
    settings: Mapping[str, str]
    steps: Sequence[Step]

    def __str__(self) -> str:
        return f"{self.file}: {self.title}" + (f" ({self.row})" if self.row else "")

    def setting(self, name: str, otherwise: str) -> str:
        return self.settings.get(name, otherwise)

    @property
    def only(self) -> str | None:
        """The level on which alone it is played: "core" or "library"."""
        return "library" if "options" in self.settings else self.settings.get("only")

    @property
    def options(self) -> dict[str, str]:
        """What it sets of the library's options."""
        words = shlex.split(self.setting("options", ""))
        return dict(word.split("=", 1) for word in words)

    @property
    def server_lines(self) -> Iterator[str]:
        for step in self.steps:
            yield from step.server

    @property
    def verbs(self) -> set[str]:
        return {step.verb for step in self.steps if step.verb}


def read(folder: Path) -> list[Scenario]:
    """All scenarios below the folder."""
    return [each for path in sorted(folder.glob("*.txt")) for each in scenarios(path)]


def scenarios(path: Path) -> Iterator[Scenario]:
    """The scenarios of one file, with each row of their tables."""
    lines = [Line(number, text) for number, text in enumerate(path.read_text().split("\n"), 1)]
    pieces: dict[str, list[Line]] = {}
    bodies: list[tuple[Line, list[Line]]] = []
    section: list[Line] = []
    for line in lines:
        if line.text.startswith("=== "):
            section = []
            bodies.append((Line(line.number, line.text[4:].strip()), section))
        elif line.text.startswith("--- "):
            section = []
            pieces[line.text[4:].strip()] = section
        elif line.text.strip() and not line.text.startswith("#"):
            if not (bodies or pieces):
                raise TranscriptError(path.name, line.number, "a line before the first title")
            section.append(line)
    titles: set[str] = set()
    for title, body in bodies:
        if title.text in titles:
            raise TranscriptError(path.name, title.number, "another scenario has this title")
        titles.add(title.text)
        found = list(_rows(path.name, title, body, pieces))
        if not all(scenario.steps for scenario in found) or not found:
            raise TranscriptError(path.name, title.number, "nothing to play")
        yield from found
    for name, piece in pieces.items():
        others = [lines for other, lines in pieces.items() if other != name]
        users = [body for _, body in bodies] + others
        if not any(line.text == f"{{{name}}}" for body in users for line in body):
            raise TranscriptError(path.name, piece[0].number - 1, f"nothing uses {{{name}}}")


def _rows(file: str, title: Line, body: list[Line], pieces: Pieces) -> Iterator[Scenario]:
    settings: dict[str, Line] = {}
    tables: list[list[dict[str, str]]] = []
    dialogue: list[Line] = []
    columns: list[str] = []
    for line in body:
        if dialogue or line.text.startswith(DIALOGUE):
            dialogue.append(line)
            continue
        try:
            if line.text.startswith(" "):
                values = values_of(line.text)
                if not columns or len(values) != len(columns):
                    raise ValueError(f"{len(values)} values for the columns {columns}")
                tables[-1].append(dict(zip(columns, values, strict=True)))
                continue
            key, colon, value = line.text.partition(":")
            columns = []
            if key == "for":
                columns = value.split()
                tables.append([])
            elif not colon or key not in SETTINGS:
                raise ValueError(f"neither a setting nor a line of a dialogue: {line.text}")
            else:
                settings[key] = Line(line.number, value.strip())
        except ValueError as error:
            raise TranscriptError(file, line.number, str(error)) from None
    for rows in itertools.product(*tables):
        words = {name: value for row in rows for name, value in row.items()}
        set_here = {key: replaced(line.text, words) for key, line in settings.items()}
        for key, known in WORDS.items():
            unknown = set(set_here.get(key, "").split()) - known
            if unknown or set_here.get(key) == "":
                why = f"{key} is of {', '.join(sorted(known))}"
                raise TranscriptError(file, settings[key].number, why)
        text = [*_opening(title.number, set_here), *expanded(file, dialogue, pieces, words)]
        label = ", ".join(words.values()).replace("\n", " / ")
        yield Scenario(file, title.text, label, title.number, set_here, _steps(file, text))


def _opening(number: int, settings: Mapping[str, str]) -> Iterator[Line]:
    """Greeting and EHLO of a server that offers these keywords."""
    if "offers" not in settings:
        return
    hello = "LHLO" if settings.get("lmtp") == "yes" else "EHLO"
    name = settings.get("name", "client.example")
    keywords = [keyword.strip() for keyword in settings["offers"].split(",") if keyword.strip()]
    lines = ["mx.example", *keywords]
    for text in (
        *("S: 220 mx.example", f"C: {hello} {name}"),
        *[f"S: 250-{line}" for line in lines[:-1]],
        *(f"S: 250 {lines[-1]}", "! opened"),
    ):
        yield Line(number, text)


def _steps(file: str, lines: Sequence[Line]) -> list[Step]:
    steps: list[Step] = []
    for line in lines:
        kind, _, rest = line.text.partition(" ")
        if not line.text or line.text.startswith("#"):
            continue
        if kind == "S:":
            last = steps[-1] if steps else None
            if not (last and last.server and not (last.client or last.events or last.states)):
                steps.append(Step(line.number))
            steps[-1].server.append(rest)
        elif kind == ">":
            steps.append(Step(line.number, operation=rest))
        elif kind == "~" and steps and steps[-1].events:
            event = len(steps[-1].events) - 1
            steps[-1].texts.setdefault(event, []).append(Line(line.number, rest))
        elif kind in ("C:", "!", "=") and steps:
            step = steps[-1]
            found = {"C:": step.client, "!": step.events, "=": step.states}[kind]
            found.append(Line(line.number, rest))
        else:
            raise TranscriptError(file, line.number, f"not a line of a dialogue: {line.text}")
    return steps
