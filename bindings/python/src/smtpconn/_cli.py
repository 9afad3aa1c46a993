"""The command: from its arguments to its exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, Optional

from ._cli_arguments import UsageError, options_of, parse
from ._cli_check import look, look_again
from ._cli_exit import Exit, exit_of, exit_of_result
from ._cli_message import NoInputError, Outgoing, read_message
from ._cli_output import Output, printable
from ._cli_progress import counted, wants_progress
from ._cli_report import Report
from ._cli_secrets import add_secret, warnings_about
from ._cli_transcript import transcript_to
from ._connection import Connection
from ._errors import OptionsError
from ._outcome import SMTPConnError
from ._target import Target, target_of


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the command; the result is its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    try:
        return int(_run(given, Output(as_json="--json" in given)))
    except KeyboardInterrupt:
        sys.stderr.write("\nsmtpconn: interrupted\n")
        return int(Exit.INTERRUPTED)
    except OSError as error:
        # Where nobody reads the output any more, nobody misses it.
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"smtpconn: the output cannot be written: {error.strerror}\n")
        # The interpreter would try once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.IOERR)
    except Exception:
        traceback.print_exc()
        return int(Exit.SOFTWARE)


def _open_streams() -> None:
    """Python has none for a descriptor that is closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _run(given: Sequence[str], output: Output) -> Exit:
    report = Report("check" if "--check" in given else "send")
    try:
        wanted = parse(given)
        target = target_of(wanted.url, options_of(wanted))
        for warning in warnings_about(wanted, target):
            output.warn(report, warning)
        message = read_message(wanted)
        target = add_secret(wanted, target)
    except (UsageError, OptionsError, TypeError) as error:
        return output.fail(report, error, Exit.USAGE)
    except NoInputError as error:
        return output.fail(report, error, Exit.NOINPUT)
    except SMTPConnError as error:  # The addresses or the form of the message.
        return output.fail(report, error, Exit.DATAERR)
    output.quiet = wanted.quiet
    report.server_name = server_name(target)
    try:
        _talk(wanted, target, message, report, output)
    except TypeError as error:
        return output.fail(report, error, Exit.USAGE)
    except SMTPConnError as error:
        report.result = error.result
        if report.action == "check":
            look_again(target, report, error)
        return output.fail(report, error, exit_of(error))
    return output.finish(report, _exit(report))


def server_name(target: Target) -> str:
    """The host or the path of the socket, for the reader."""
    options = target.options
    return printable(str(options.get("socket_path") or options.get("host") or "localhost"))


def _exit(report: Report) -> Exit:
    if report.result is not None:
        return exit_of_result(report.result)
    return next((each.exit for each in report.problems if each.level == "error"), Exit.OK)


def _talk(
    wanted: argparse.Namespace,
    target: Target,
    message: Optional[Outgoing],
    report: Report,
    output: Output,
) -> None:
    options: dict[str, Any] = dict(target.options)
    if wanted.transcript:
        options["logger"] = transcript_to(sys.stderr)
        options["transaction_log"] = True
    with Connection(**options) as connection:
        look(connection, target, message, report)
        if target.login is not None:
            report.user = target.login.get("user")
            connection.login(**target.login)
            # A server may offer other things after a login.
            look(connection, target, message, report)
        if message is not None and not wanted.check:
            for problem in report.problems:
                if problem.concerns_message and problem.level == "warning":
                    output.warn(report, problem.text)
            _send(connection, wanted, message, report)


def _send(
    connection: Connection, wanted: argparse.Namespace, message: Outgoing, report: Report
) -> None:
    try:
        if not message.fits(connection):
            report.result = connection.send(message.envelope, message.parsed())
        elif wants_progress(wanted, message.octets, sys.stderr):
            with counted(message.octets, sys.stderr) as chunks:
                report.result = connection.send(message.declared(connection), chunks)
        else:
            report.result = connection.send(message.envelope, message.octets)
    finally:
        report.timings = connection.timings if not connection.closed else report.timings
