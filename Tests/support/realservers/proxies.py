"""Proxies of Debian's packages: SOCKS 5 (microsocks) and CONNECT (tinyproxy), each with a login."""

from __future__ import annotations

from abc import abstractmethod

from support.realservers.daemon import HOST, Daemon, program
from support.servers.certificates import Identity

USER, PASSWORD = "somebody", "sesame"


class RealProxy(Daemon):
    services = ("proxy",)
    # It says nothing first.
    tls_services = ("proxy",)
    needs_root = False

    def _prepare(self, identity: Identity) -> None:
        pass

    @abstractmethod
    def url(self, login: str = f"{USER}:{PASSWORD}@") -> str:
        """As the option has it."""


class MicroSocks(RealProxy):
    name = "microsocks"

    def _configure(self) -> None:
        pass

    def _command(self) -> list[str]:
        port = str(self.ports["proxy"])
        return [program("microsocks"), "-i", HOST, "-p", port, "-u", USER, "-P", PASSWORD]

    def url(self, login: str = f"{USER}:{PASSWORD}@") -> str:
        return f"socks5h://{login}{HOST}:{self.ports['proxy']}"


class TinyProxy(RealProxy):
    name = "tinyproxy"

    def _configure(self) -> None:
        lines = [
            f"Port {self.ports['proxy']}",
            f"Listen {HOST}",
            f"BasicAuth {USER} {PASSWORD}",
            f'LogFile "{self._log_file()}"',
        ]
        (self._folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")

    def _command(self) -> list[str]:
        return [program("tinyproxy"), "-d", "-c", str(self._folder / "tinyproxy.conf")]

    def url(self, login: str = f"{USER}:{PASSWORD}@") -> str:
        return f"http://{login}{HOST}:{self.ports['proxy']}"
