"""Dialogues that are written once and played in the core and over sockets."""

from support.drive.program import ROOT

FOLDER = ROOT / "Tests" / "transcripts"
