"""Sends one message: send.py HOST PORT CAFILE USER FROM TO < message

The password is read from the environment variable SMTP_PASSWORD."""

import logging
import os
import sys

import smtpconn

# The dialogue, without secrets, goes to the logger "smtpconn".
logging.basicConfig(level=logging.DEBUG, format="%(message)s")
host, port, ca_file, user, sender, recipient = sys.argv[1:7]

with smtpconn.Connection(host=host, port=int(port), require_tls=True, tls_ca_file=ca_file) as c:
    c.login(user, os.environ["SMTP_PASSWORD"])
    result = c.send(sender, [recipient], sys.stdin.buffer)
    print(f"{', '.join(result.accepted)}: accepted\nserver: {result.response}")
