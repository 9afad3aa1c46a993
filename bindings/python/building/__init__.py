"""What building the package takes, beside setuptools; nothing of it is installed."""

from pathlib import Path

#: The folder of pyproject.toml.
PACKAGE = Path(__file__).resolve().parent.parent
