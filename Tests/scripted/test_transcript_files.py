"""What is wrong in a file of transcripts is named, and nothing of it is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.transcripts.lines import TranscriptError
from support.transcripts.scenario import scenarios

GOOD = """\
--- hello
> send a@x.example b@y.example
C: MAIL FROM:<a@x.example>

=== a title
offers: SIZE 10
for: code text
  250 "two words"
  550 "one\\nS: 551 two"
{hello}
S: {code} {text}
= ready
"""


@pytest.mark.parametrize(
    ("line", "instead", "place", "why"),
    [
        ("=== a title", "== a title", 1, "nothing uses {hello}"),
        ("offers: SIZE 10", "offer: SIZE 10", 6, "neither a setting"),
        ("offers: SIZE 10", "lmtp: true", 6, "lmtp is of no, yes"),
        ("offers: SIZE 10", "chunking:", 6, "chunking is of off, on, optimistic"),
        ('  250 "two words"', "  250 two words", 8, "3 values for the columns"),
        ('  250 "two words"', '  250 "two words', 8, "does not end"),
        ("for: code text", "", 8, "values for the columns []"),
        ("{hello}", "{hallo}", 10, "nothing is called {hallo}"),
        ("S: {code} {text}", "S: {code} {txt}", 11, "nothing is called {txt}"),
        ("S: {code} {text}", "T: {code} {text}", 11, "not a line of a dialogue"),
        ("= ready", "= ready\n=== a title\n> quit", 13, "another scenario has this title"),
        ("= ready", "= ready\n=== another title\noffers:\nfor: a\n> quit", 13, "nothing to play"),
        ("--- hello", "S: 220", 1, "a line before the first title"),
    ],
)
def test_mistake(tmp_path: Path, line: str, instead: str, place: int, why: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text(GOOD.replace(line, instead, 1))
    with pytest.raises(TranscriptError) as caught:
        list(scenarios(path))
    assert str(caught.value).startswith(f"wrong.txt:{place}: ")
    assert why in str(caught.value)


def test_rows_and_pieces(tmp_path: Path) -> None:
    path = tmp_path / "good.txt"
    path.write_text(GOOD)
    first, second = scenarios(path)
    assert str(first) == "good.txt: a title (250, two words)"
    assert [step.server for step in first.steps] == [
        ["220 mx.example"],
        ["250-mx.example", "250 SIZE 10"],
        [],
        ["250 two words"],
    ]
    assert second.steps[3].server == ["550 one", "551 two"]
    assert [(line.number, line.text) for line in first.steps[2].client] == [
        (3, "MAIL FROM:<a@x.example>")
    ]
