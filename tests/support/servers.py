"""Real servers in processes of their own, and clients of applications in this one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import Settings
from regulars_server.app import create_app
from tests.support.keys import make_key

COMMAND = [sys.executable, "-m", "regulars_server"]


def environment(url: str, **settings: str) -> dict[str, str]:
    """The environment of a process whose shop is at this URL and has these settings, and no others; core alone unless
    they name plugins."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {
        **kept,
        "REGULARS_DATABASE_URL": url,
        "REGULARS_PLUGINS": "",
        **{f"REGULARS_{name.upper()}": value for name, value in settings.items()},
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server: `start`, `kill` or `stop`, and `start` again on the same port; or, as a context, one from start to stop.
    What it prints goes to `log`."""

    def __init__(self, url: str, folder: Path, *options: str, scheme: str = "http", **settings: str) -> None:
        self.process: subprocess.Popen[bytes]
        self.log = folder / f"server-{id(self):x}.log"
        self._environment, self._folder = environment(url, **settings), folder
        self._options, self._scheme = options, scheme
        self._port: int | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._port}"

    def start(self) -> float:
        """Start the process, wait until it is ready, and answer how many seconds that took. A free port can be taken by
        somebody else before the server gets to it: the first time it is then tried on another one."""
        tries = [self._port] if self._port else [free_port() for _ in range(5)]
        for self._port in tries:
            began = time.monotonic()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [*COMMAND, "serve", "--port", str(self._port), *self._options],
                    env=self._environment, cwd=self._folder, stdout=log, stderr=log,
                )  # fmt: skip
            while self.process.poll() is None:
                if self.ready():
                    return time.monotonic() - began
                time.sleep(0.02)
            if "address already in use" not in self.log.read_text():
                break
        raise AssertionError(self.log.read_text())

    def ready(self) -> bool:
        """Whether it says so."""
        try:
            return bool(httpx2.get(f"{self.address}/ready", verify=False).json() == {"status": "ready"})
        except (httpx2.TransportError, ValueError):
            return False

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """Ask the process to end, and answer its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


async def key_to(url: str) -> str:
    """A new key to the shop of a database that nobody else has open in this process."""
    database = await Database.open(url, [CORE_APP])
    key = await make_key(database)
    await database.close()
    return key


def raw(address: str, *sent: bytes, pause: float = 0.0, half_close: bool = True) -> bytes:
    """What comes back for bytes that no client library would send; the sender then falls silent."""
    host, _, port = address.removeprefix("http://").partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        try:
            for part in sent:
                connection.sendall(part)
                time.sleep(pause)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused halfway; the answer is there to be read
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
    return received


def logged_lines(log: Path) -> list[dict[str, Any]]:
    """The lines that a server has logged as JSON."""
    return [orjson.loads(line) for line in log.read_bytes().splitlines()]


@dataclass
class Client:
    """A client of one application in this process, with a valid key unless another is given."""

    http: httpx2.AsyncClient
    database: Database
    key: str

    async def send(self, method: str, path: str, *, key: str | None = "", **request: Any) -> httpx2.Response:
        own = {} if key is None else {"authorization": f"Bearer {key or self.key}"}
        return await self.http.request(method, path, headers={**own, **request.pop("headers", {})}, **request)

    async def ask(self, query: str, **variables: Any) -> httpx2.Response:
        body = {"query": query, "variables": variables}
        return await self.send(
            "POST", "/graphql", content=orjson.dumps(body), headers={"content-type": "application/json"}
        )


@asynccontextmanager
async def serving(settings: Settings, plugins: Plugins | None = None) -> AsyncIterator[Client]:
    """The application of these settings, started, and a client with a key."""
    app = create_app(settings, plugins)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop", timeout=60) as client,
    ):
        database = app.state.shop.database
        yield Client(client, database, await make_key(database))


def codes(response: httpx2.Response) -> list[str]:
    """The codes of the errors of an answer."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]
