"""The version: the one place that holds it.  It follows the library's."""

__version__ = "0.1.0"
