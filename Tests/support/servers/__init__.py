"""Servers on loopback that do what a test says: scripts, judges, TLS, tokens, proxies."""
