"""Postfix, Exim, OpenSMTPD, Dovecot and Cyrus on loopback, and the library as their client."""
