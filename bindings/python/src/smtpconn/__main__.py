"""`python -m smtpconn`: sends a message, or checks a server."""

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
