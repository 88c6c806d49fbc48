"""Servers that are measured, each a process of its own on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from benchmarks.client import post
from benchmarks.filled import FilledShop
from benchmarks.operations import DOCUMENTS, Variables
from benchmarks.processor import family

_START = 60.0  # seconds
ENOUGH = 1_000_000_000
SETTINGS = {"RATE_CAPACITY": str(ENOUGH), "RATE_RESTORE": str(ENOUGH), "MAX_COST": "20000"}
"""What lets the load pass: buckets that do not run dry, and a cost that Q4 has. All others are as they are by default."""


@dataclass(frozen=True)
class Contestant:
    """How a server is started, and how an operation is asked of it. `ready` is a path that it answers when it can, and
    `prepare` is called then."""

    name: str
    command: Callable[[int], Sequence[str]]
    request: Callable[[str, Variables], bytes]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: str = "/"
    prepare: Callable[[int], object] = lambda port: None


@dataclass(frozen=True)
class Served:
    """A contestant that is running."""

    contestant: Contestant
    port: int
    pid: int

    @property
    def processes(self) -> list[int]:
        return family(self.pid)


def regulars(shop: FilledShop, plugins: str | None = None) -> Contestant:
    """Regulars as in production, with all plugins in the box unless others are named."""
    settings = {**SETTINGS, "DATABASE_URL": shop.url}
    if plugins is not None:
        settings["PLUGINS"] = plugins

    def request(operation: str, variables: Variables) -> bytes:
        body = orjson.dumps({"query": DOCUMENTS[operation], "variables": variables})
        return post("/graphql", body, authorization=f"Bearer {shop.key}")

    return Contestant(
        "Regulars" if plugins is None else f"Regulars, plugins: {plugins or 'none'}",
        lambda port: [sys.executable, "-m", "regulars_server", "serve", "--port", str(port)],
        request,
        {f"REGULARS_{name}": value for name, value in settings.items()},
        "/ready",
    )


def another_tree(shop: FilledShop, tree: Path) -> Contestant:
    """Regulars as another checkout has it, which `make setup` has set up there; on the same database."""
    same = regulars(shop)
    command = str(tree.absolute() / ".venv" / "bin" / "regulars")
    return replace(same, name=f"Regulars of {tree.name}", command=lambda port: [command, "serve", "--port", str(port)])


def limit(shop: FilledShop) -> Contestant:
    """One statement for each operation, on bare ASGI."""
    return Contestant(
        "limit",
        lambda port: [sys.executable, "-m", "benchmarks.limit", "--url", shop.url, "--port", str(port)],
        lambda operation, variables: post(f"/{operation}", orjson.dumps({"variables": variables})),
    )


@contextmanager
def served(contestant: Contestant, log: Path) -> Iterator[Served]:
    """Start a server, wait until it answers, and stop it at the end. Raises RuntimeError with its log if it ends."""
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    root = Path(__file__).parent.parent
    with log.open("wb") as out:
        process = subprocess.Popen(
            contestant.command(port), env={**kept, **contestant.environment}, cwd=root, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + _START
        while not _answers(port, contestant.ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{contestant.name} did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.02)
        contestant.prepare(port)
        yield Served(contestant, port, process.pid)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def all_served(contestants: Sequence[Contestant]) -> Iterator[Sequence[Served]]:
    """All of them, running at once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regulars-bench-logs-")))
        yield [stack.enter_context(served(one, folder / f"{number}.log")) for number, one in enumerate(contestants)]


def _answers(port: int, path: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith((b"HTTP/1.1 200", b"HTTP/1.1 405", b"HTTP/1.1 404"))
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
