"""The benchmark's client with smtpconn's Python package: PORT FILE COUNT MODE, as in send.c."""

import sys
import time
from pathlib import Path

import smtpconn

ENVELOPE = smtpconn.Envelope("sender@example.com", ["recipient@example.net"])
AHEAD = 100


def send_queued(connection: smtpconn.Connection, message: bytes, count: int) -> None:
    remaining = iter(range(count))

    def start() -> None:
        if next(remaining, None) is not None:
            connection.start_send(ENVELOPE, message, ended)

    def ended(error: smtpconn.SMTPConnError | None, _result: smtpconn.Result) -> None:
        if error is not None:
            raise error
        start()

    for _ in range(AHEAD):
        start()
    connection.loop.run()


def send_lockstep(connection: smtpconn.Connection, message: bytes, count: int) -> None:
    for _ in range(count):
        connection.send(ENVELOPE, message)


def main() -> None:
    port, path, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    send = send_lockstep if sys.argv[4] == "lockstep" else send_queued
    message = path.read_bytes()
    with smtpconn.Connection("127.0.0.1", port, name="client.test") as connection:
        send(connection, message, 1)
        wall, cpu = time.perf_counter(), time.process_time()
        send(connection, message, count)
        print(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main()
