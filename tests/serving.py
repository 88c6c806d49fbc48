"""Real servers in processes of their own, and clients of applications in this one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson

from regulars_core.actors import create_key
from regulars_core.database import Database
from regulars_core.plugins import Plugins
from regulars_core.settings import Settings
from regulars_server.app import APPS, create_app

SERVE = [sys.executable, "-m", "regulars_server.cli", "serve"]


def environment(url: str, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {
        **kept,
        "REGULARS_DATABASE_URL": url,
        **{f"REGULARS_{name.upper()}": value for name, value in settings.items()},
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    url: str, folder: Path, *options: str, scheme: str = "http", **settings: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real server on a port of its own, and its address. It logs into the file `log` of the folder."""
    server, address = started(url, folder, *options, scheme=scheme, **settings)
    try:
        yield address, server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def started(
    url: str, folder: Path, *options: str, scheme: str = "http", **settings: str
) -> tuple[subprocess.Popen[bytes], str]:
    """A free port can be taken by somebody else before the server gets to it: then it is tried on another one."""
    for _ in range(5):
        port = free_port()
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [*SERVE, "--port", str(port), *options],
                env=environment(url, **settings), cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
        while server.poll() is None:
            try:
                address = f"{scheme}://127.0.0.1:{port}"
                if httpx2.get(f"{address}/ready", verify=False).json() == {"status": "ready"}:
                    return server, address
            except (httpx2.TransportError, ValueError):
                time.sleep(0.05)
        if "address already in use" not in (folder / "log").read_text():
            break
    raise AssertionError((folder / "log").read_text())


async def key_to(url: str) -> str:
    """A new key to the shop of a database that nobody else has open in this process."""
    database = await Database.open(url, APPS)
    key = await create_key(database, "till", "administrator")
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


def logged_lines(folder: Path) -> list[dict[str, Any]]:
    """The lines that a server has logged as JSON."""
    return [orjson.loads(line) for line in (folder / "log").read_bytes().splitlines()]


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
        yield Client(client, database, await create_key(database, "till", "administrator"))


def codes(response: httpx2.Response) -> list[str]:
    """The codes of the errors of an answer."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]
