"""What the tests with servers share."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

import pytest

from support import drive as driving
from support.drive import Connection, Drive, Option
from support.drive.separate import names_mean
from support.servers.certificates import Certificates, Identity
from support.servers.scripted import Dialogue, ScriptedServer
from support.slowness import MODE

# Under valgrind a test takes twenty times as long, and a program three seconds to start. What
# valgrind is to find is in how the library handles memory, which the cases of one test share, and
# the tests of one file that are slow there: of many such it gets every third. The rest runs there
# too in `make test-valgrind`.
FEW = 6
ONE_OF = 3

# What has two addresses in a program for some tests.
TWO, FIRST, SECOND = "two.example", "127.0.0.2", "127.0.0.3"

Server = TypeVar("Server", bound=ScriptedServer)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-case", action="store_true", help="under valgrind too; without it one of three"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("every_case"):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        is_under_valgrind = MODE == "valgrind" or item.get_closest_marker("valgrind") is not None
        if not is_under_valgrind or item.get_closest_marker("every_case") is not None:
            continue
        is_slow = item.get_closest_marker("slow_under_valgrind") is not None
        name = str(item.path) if is_slow else item.nodeid.partition("[")[0]
        cases.setdefault(name, []).append(item)
    left_out = {
        item
        for of_one_test in cases.values()
        if len(of_one_test) > FEW
        for number, item in enumerate(of_one_test)
        if number % ONE_OF != 0
    }
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority and its certificates, one set for the whole run."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


class Driver:
    """One drive program for all tests: what a test leaves behind is found, and
    under valgrind the program is started once and not a hundred times."""

    def __init__(self, before: Sequence[str] = ()) -> None:
        self._before = before
        self._drive: Drive | None = None
        self.baseline = (0, 0)

    def get(self) -> Drive:
        if self._drive is None or not self._drive.alive:
            self._drive = driving.start(before=self._before)
            # The first use of OpenSSL opens nothing that stays, but let it happen
            # before counting.
            self._drive.connection()
            self._drive.finish()
            self.baseline = self._drive.counts()
        return self._drive

    def holds(self, drive: Drive) -> bool:
        return self._drive is drive

    @contextlib.contextmanager
    def used(self) -> Iterator[Drive]:
        """By one test."""
        drive = self.get()
        yield drive
        if not self.holds(drive):
            return  # the test has failed, and the program is gone
        try:
            drive.finish()
            drive.wait_for_counts(self.baseline)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """After a failure nothing is known about its state."""
        if self._drive is not None:
            self._drive.kill()
            self._drive.close()
            self._drive.remove_files()
            self._drive = None

    def end(self) -> None:
        if self._drive is None:
            return
        drive, self._drive = self._drive, None
        status = drive.close()
        message = drive.stderr()
        drive.remove_files()
        # 9 is valgrind's word for errors and leaks.
        assert status == 0, f"the drive program ended with {status}:\n{message}"


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.end()


@pytest.fixture(scope="session")
def where_two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """Another one, for which a name has two addresses."""
    driver = Driver(names_mean(tmp_path_factory.mktemp("names"), {TWO: [FIRST, SECOND]}))
    yield driver
    driver.end()


@pytest.fixture
def drive(driver: Driver) -> Iterator[Drive]:
    """The library. Whatever the test does, in the end every callback must have
    been called exactly once, and no descriptor or thread may be left."""
    with driver.used() as drive:
        yield drive


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test leaves operations pending, which would fail its teardown as
    well and hide the cause: the program is replaced instead."""
    report = yield
    if call.when == "call" and report.failed:
        for driver in item.funcargs.values():
            if isinstance(driver, Driver):
                driver.abandon()
    return report


class Opener:
    """Makes scripted servers and connections to them. Where a server is asked for, a dialogue
    will do: a server is made that leads it. At the end of the test every server is joined, and
    what went wrong in a dialogue fails the test."""

    def __init__(self, drive: Drive, certificates: Certificates) -> None:
        self.drive = drive
        self._certificates = certificates
        self.servers = contextlib.ExitStack()

    def server(
        self,
        *dialogues: Dialogue,
        identity: Identity | None = None,
        address: str = "127.0.0.1",
        port: int = 0,
        repeat: bool = False,
        receive_buffer: int | None = None,
    ) -> ScriptedServer:
        """A server, for tests that need more of it than connections."""
        return self.joins(
            ScriptedServer(
                *dialogues,
                identity=identity,
                address=address,
                port=port,
                repeat=repeat,
                receive_buffer=receive_buffer,
            )
        )

    def joins(self, server: Server) -> Server:
        """This server, which is joined at the end of the test as the others are."""
        self.servers.enter_context(server)
        return server

    def join(self) -> None:
        """Waits for the dialogues before the end of the test, and raises what went wrong."""
        self.servers.close()

    def quit(self, connection: Connection) -> None:
        """QUIT, and the dialogues are over."""
        connection.start_quit().succeeds()
        self.join()

    def __call__(
        self,
        server: ScriptedServer | Dialogue,
        identity: Identity | None = None,
        /,
        **options: Option,
    ) -> Connection:
        """A connection to the server, not connected yet. With an identity a server that is made
        for the dialogue begins with TLS."""
        if not isinstance(server, ScriptedServer):
            server = self.server(server, identity=identity)
        return self.drive.connection_from(self.options(server, **options))

    def options(self, server: ScriptedServer, **options: Option) -> str:
        """Options for connections to the server, by name."""
        defaults: dict[str, Option] = {
            "host": server.host,
            "port": server.port,
            "name": "client.test",
            "tls_ca_file": self._certificates.ca_file,
        }
        return self.drive.options(**{**defaults, **options})

    def opened(
        self,
        server: ScriptedServer | Dialogue,
        identity: Identity | None = None,
        /,
        **options: Option,
    ) -> Connection:
        """A connection that is open."""
        connection = self(server, identity, **options)
        connection.start_connect().succeeds()
        return connection


@pytest.fixture
def connect(drive: Drive, certificates: Certificates) -> Opener:
    return Opener(drive, certificates)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """The servers of a test end with its function: what went wrong in a dialogue is part of
    the test's own failure, and comes before any complaint about what was left behind."""
    connect = pyfuncitem.funcargs.get("connect")
    if not isinstance(connect, Opener):
        return (yield)
    with connect.servers:
        return (yield)
