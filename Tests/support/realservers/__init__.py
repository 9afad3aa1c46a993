"""Postfix, Exim, OpenSMTPD and Dovecot on loopback, and the library as their client."""
