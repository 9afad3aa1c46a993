"""The benchmark's client with Python's smtplib: PORT FILE COUNT, as in bench.h."""

import smtplib
import sys
import time
from pathlib import Path


def main() -> None:
    port, path, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    message = path.read_bytes()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test") as connection:

        def send() -> None:
            connection.sendmail("sender@example.com", ["recipient@example.net"], message)

        send()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            send()
        print(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main()
