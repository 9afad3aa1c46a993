"""The arguments of the command."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from ._errors import OptionsError
from ._url import option_value
from ._version import __version__

#: The URL of the server where no argument names one: it may hold a password.
URL_VARIABLE: Final = "SMTPCONN_URL"

_TLS: Final[dict[str, dict[str, Any]]] = {
    "auto": {},
    "require": {"require_tls": True},
    "implicit": {"secure": True},
    "opportunistic": {"opportunistic_tls": True},
    "never": {"ignore_tls": True},
}

#: Arguments that make a message; without any of them it comes complete.
COMPOSING: Final = (
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "header",
    "body",
    "body_file",
    "attach",
)


class UsageError(Exception):
    """What is wrong with the arguments; it names one."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parse(given: Sequence[str]) -> argparse.Namespace:
    # Recipients may stand between the options.
    wanted, unknown = _parser().parse_known_intermixed_args(given)
    if unknown:
        # Without a value, which may be a password.
        raise UsageError(f"argument {unknown[0].partition('=')[0]}: there is no such argument")
    composing = [name for name in COMPOSING if getattr(wanted, name) not in (None, [])]
    if wanted.message is not None and composing:
        name = composing[0].replace("_", "-")
        raise UsageError(
            f"argument --{name}: not with --message, which is complete; --sender and the "
            "recipients after the options decide who gets it"
        )
    if wanted.body is not None and wanted.body_file is not None:
        raise UsageError("argument --body-file: not with --body")
    wanted.composes = bool(composing)
    wanted.url_from_environment = False
    if wanted.url is None and wanted.host is None and wanted.socket is None:
        wanted.url = os.environ.get(URL_VARIABLE) or None
        wanted.url_from_environment = wanted.url is not None
    return wanted


def options_of(wanted: argparse.Namespace) -> dict[str, Any]:
    """The keywords of `target_of`, without passwords and tokens."""
    given: dict[str, Any] = {
        "host": wanted.host,
        "port": wanted.port,
        "socket_path": wanted.socket,
        "lmtp": wanted.lmtp or None,
        "timeout": wanted.timeout,
        "tls_ca_file": wanted.ca_file,
        "user": wanted.user,
        **_TLS[wanted.tls],
    }
    for pair in wanted.option:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"argument -o/--option: {name} needs a value: {name}=...")
        try:
            value = option_value(name, text)
        except OptionsError as error:
            raise UsageError(f"argument -o/--option: {error.message}") from None
        if given.get(name) is not None:
            raise UsageError(f"argument -o/--option: {name} is given twice")
        given[name] = value
    return given


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"a number from 1 to 65535 is needed, not {text!r}")
    return int(text)


def _descriptor(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"a number of a descriptor is needed, not {text!r}")
    return int(text)


def _seconds(text: str) -> object:
    try:
        return option_value("timeout", text)
    except OptionsError:
        raise argparse.ArgumentTypeError(
            f"a number of seconds is needed, as 30 or 2.5, not {text!r}"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="smtpconn",
        description="Sends a message, or checks a server. Without --message and without "
        "arguments that make a message, a complete message is read from standard input.",
        epilog="The exit codes are those of sysexits.h: 0 done, 64 wrong arguments, 65 wrong "
        "message, 66 no input, 67 recipient refused, 68 unknown host, 69 refused for good, "
        "74 perhaps delivered, 75 try later, 76 protocol violated, 77 login refused, 78 TLS "
        "not possible or not trustworthy.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "recipients",
        nargs="*",
        metavar="RECIPIENT",
        help="mailboxes of the envelope, instead of those in To, Cc and Bcc of the message",
    )
    parser.add_argument("--version", action="version", version=f"smtpconn {__version__}")
    _add_server(parser.add_argument_group("server"))
    _add_login(
        parser.add_argument_group("login", "With a user and nothing else, a password is asked for.")
    )
    _add_message(parser.add_argument_group("message"))
    _add_envelope(parser.add_argument_group("envelope"))
    _add_output(parser.add_argument_group("what is done and shown"))
    return parser


def _add_server(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--url",
        help=f"smtps://user@host:port?option=value; the default is that of the environment "
        f"variable {URL_VARIABLE}",
    )
    group.add_argument("--host", help="host name or IP address; localhost without --url")
    group.add_argument("--port", type=_port, help="TCP port; 25, or 465 with --tls implicit")
    group.add_argument("--socket", metavar="PATH", help="Unix domain socket")
    group.add_argument("--lmtp", action="store_true", help="speak LMTP")
    group.add_argument(
        "--tls",
        choices=_TLS,
        default="auto",
        help="auto: STARTTLS when it is offered; require: fail without it; implicit: TLS from "
        "the first byte; opportunistic: WITHOUT TLS when it fails; never",
    )
    group.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="the longest wait for a name, a connection, a reply; options of their own come first",
    )
    group.add_argument("--ca-file", metavar="FILE", help="trusted certificates, PEM")
    group.add_argument(
        "-o",
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any option of smtpconn.Connection, as command_timeout=30",
    )


def _add_login(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--user", help="user name; else that of the URL")
    one = group.add_mutually_exclusive_group()
    for name, what in (("password", "the password"), ("token", "an OAuth 2.0 access token")):
        one.add_argument(
            f"--{name}-fd", type=_descriptor, metavar="N", help=f"read {what} from a descriptor"
        )
        one.add_argument(
            f"--{name}-env", metavar="NAME", help=f"{what} is in an environment variable"
        )
        one.add_argument(f"--{name}-prompt", action="store_true", help=f"ask for {what}")
        one.add_argument(
            f"--{name}", metavar=name.upper(), help=f"{what}, which OTHER USERS CAN SEE here"
        )


def _add_message(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-m", "--message", metavar="FILE", help="a complete message, .eml; - is standard input"
    )
    group.add_argument("--from", metavar="ADDRESS", help="make a message from this author")
    for name in ("to", "cc", "bcc"):
        group.add_argument(f"--{name}", action="append", default=[], metavar="ADDRESS")
    group.add_argument("-s", "--subject", metavar="TEXT")
    group.add_argument(
        "--header", action="append", default=[], metavar="'NAME: VALUE'", help="another field"
    )
    group.add_argument("--body", metavar="TEXT")
    group.add_argument("--body-file", metavar="FILE", help="UTF-8; - is standard input")
    group.add_argument("-a", "--attach", action="append", default=[], metavar="FILE")


def _add_envelope(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sender",
        metavar="ADDRESS",
        help="the sender of the envelope, instead of the author; '' is the null sender",
    )
    group.add_argument(
        "--dsn-notify", metavar="WHEN", help="NEVER, or of SUCCESS,FAILURE,DELAY, with commas"
    )
    group.add_argument("--dsn-return", choices=("FULL", "HDRS"), help="how much comes back")
    group.add_argument("--dsn-envid", metavar="ID", help="what identifies the message to you")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--check",
        action="store_true",
        help="send nothing: connect, log in, and report what the server offers and what would go "
        "wrong, with a message if one is given",
    )
    group.add_argument("--json", action="store_true", help="one JSON object on standard output")
    group.add_argument(
        "--transcript", action="store_true", help="commands and replies on standard error"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="nothing but errors")
    group.add_argument(
        "--no-progress", action="store_true", help="no progress bar for large messages"
    )
