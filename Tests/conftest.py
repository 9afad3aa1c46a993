"""What the tests with servers share."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from support import drive as driving
from support.certificates import Certificates
from support.drive import Connection, Drive, Option
from support.scripted import ScriptedServer
from support.slowness import MODE

# Under valgrind a test takes twenty times as long. What valgrind is to find is in how the library
# handles memory, which the cases of one test share: of many cases it gets every third.
FEW = 6
ONE_OF = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-case", action="store_true", help="under valgrind too; without it one of three"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MODE != "valgrind" or config.getoption("every_case"):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("every_case") is not None:
            continue
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
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

    def __init__(self) -> None:
        self._drive: Drive | None = None
        self.baseline = (0, 0)

    def get(self) -> Drive:
        if self._drive is None or not self._drive.alive:
            self._drive = driving.start()
            # The first use of OpenSSL opens nothing that stays, but let it happen
            # before counting.
            self._drive.connection()
            self._drive.finish()
            self.baseline = self._drive.counts()
        return self._drive

    def holds(self, drive: Drive) -> bool:
        return self._drive is drive

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


@pytest.fixture
def drive(driver: Driver) -> Iterator[Drive]:
    """The library. Whatever the test does, in the end every callback must have
    been called exactly once, and no descriptor or thread may be left."""
    drive = driver.get()
    yield drive
    if not driver.holds(drive):
        return  # the test has failed, and the program is gone
    try:
        drive.finish()
        drive.wait_for_counts(driver.baseline)
    except BaseException:
        driver.abandon()
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test leaves operations pending, which would fail its teardown as
    well and hide the cause: the program is replaced instead."""
    report = yield
    if call.when == "call" and report.failed and "driver" in item.fixturenames:
        driver = item.funcargs["driver"]
        assert isinstance(driver, Driver)
        driver.abandon()
    return report


class Opener:
    """Makes connections to a scripted server."""

    def __init__(self, drive: Drive, certificates: Certificates) -> None:
        self.drive = drive
        self._certificates = certificates

    def __call__(self, server: ScriptedServer, **options: Option) -> Connection:
        """A connection to the server, not connected yet."""
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

    def opened(self, server: ScriptedServer, **options: Option) -> Connection:
        """A connection that is open."""
        connection = self(server, **options)
        connection.start_connect().succeeds()
        return connection


@pytest.fixture
def connect(drive: Drive, certificates: Certificates) -> Opener:
    return Opener(drive, certificates)
