"""What an editor or a program sees of the types, while the program runs."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from typing import Any, Callable

import pytest

import smtpconn
from scripted_server import HELLO, QUIT, ScriptedServer
from smtpconn import _auth, aio


def public() -> Iterator[tuple[str, Any]]:
    """Every public class, method, property and function."""
    for module, name in [(each, name) for each in (smtpconn, aio) for name in each.__all__]:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            yield name, thing
            for attribute in dir(thing):
                value = inspect.getattr_static(thing, attribute)
                function = value.fget if isinstance(value, property) else value
                own = (getattr(function, "__module__", None) or "").startswith("smtpconn")
                shown = not attribute.startswith("_") or attribute in ("__init__", "__enter__")
                if inspect.isfunction(function) and own and shown:
                    yield f"{name}.{attribute}", function
        elif callable(thing):
            yield name, thing


PUBLIC = dict(public())


@pytest.mark.parametrize("name", PUBLIC)
def test_type_hints(name: str) -> None:
    hints = typing.get_type_hints(PUBLIC[name])
    for argument, hint in hints.items():
        if not argument.startswith("_"):
            assert "typing.Any" not in repr(hint), argument


@pytest.mark.parametrize("name", [name for name, thing in PUBLIC.items() if callable(thing)])
def test_signature(name: str) -> None:
    try:
        text = str(inspect.signature(PUBLIC[name]))
    except ValueError:  # That of an enumeration, before Python 3.11.
        return
    assert "<object object" not in text
    assert "Any" not in text.replace("AnyLogger", "")


def test_that_everything_was_seen() -> None:
    methods = {"Connection.send", "Loop.run", "Exchange.respond", "Connection.is_open"}
    methods |= {"AsyncConnection.send", "AsyncConnection.is_open", "Sending.cancel"}
    assert methods <= set(PUBLIC)
    assert "return" in typing.get_type_hints(smtpconn.Connection.send)


class MyConnection(smtpconn.Connection):
    def greet(self) -> str:
        return "hello"


class MyLoop(smtpconn.Loop):
    pass


def test_a_subclass_keeps_its_type(server: ScriptedServer) -> None:
    server.play(HELLO, QUIT)
    with MyLoop() as loop, MyConnection("127.0.0.1", server.port, loop=loop) as connection:
        own: Callable[[], str] = connection.greet  # The type checker would complain.
        assert own() == "hello"
        kept: MyLoop = loop
        assert kept is connection.loop


def test_exceptions_are_named_as_they_are_imported() -> None:
    for name in smtpconn.__all__:
        thing = getattr(smtpconn, name)
        if inspect.isclass(thing) and issubclass(thing, BaseException):
            assert thing.__module__ == "smtpconn"
            assert thing.__qualname__ == name


@pytest.mark.parametrize("name", ["Connection.login", "Connection.start_login", "login in asyncio"])
def test_every_login_takes_all_credentials(name: str) -> None:
    login = PUBLIC.get(name, aio.AsyncConnection.login)
    others = ("self", "callback")
    taken = [each for each in inspect.signature(login).parameters if each not in others]
    assert taken == [each.name for each in dataclasses.fields(_auth.Credentials)]
    assert taken == list(typing.get_type_hints(_auth.LoginKeywords))
