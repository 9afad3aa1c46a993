"""Dialogues that are written once and played in the core and over sockets."""

from support.program import ROOT

FOLDER = ROOT / "Tests" / "transcripts"
