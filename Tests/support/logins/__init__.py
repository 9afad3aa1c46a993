"""Logins as most tests of them have them, and what mechanisms put on the wire."""
