"""The benchmark's client with Python's smtplib."""

from __future__ import annotations

import smtplib

from arguments import SENDER, Arguments, Clock


def connect(arguments: Arguments) -> smtplib.SMTP:
    context = arguments.tls()
    if context is None:
        return smtplib.SMTP("127.0.0.1", arguments.port, local_hostname="client.test")
    return smtplib.SMTP_SSL(
        "127.0.0.1", arguments.port, local_hostname="client.test", context=context
    )


def main() -> None:
    arguments = Arguments()
    with connect(arguments) as connection:
        if arguments.is_warm:
            connection.sendmail(SENDER, arguments.recipients, arguments.head)
        message = arguments.message
        arguments.start_computing()
        clock = Clock()
        for _ in range(arguments.count):
            connection.sendmail(SENDER, arguments.recipients, message)
        clock.stop()


if __name__ == "__main__":
    main()
