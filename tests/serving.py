"""A server process of the tests' own: the command line's own `serve`, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2

COMMAND = [sys.executable, "-m", "regulars_server.cli"]


def environment(url: str, **settings: str) -> dict[str, str]:
    """The environment of a process whose shop is at this URL and has these settings, and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {
        **kept,
        "REGULARS_DATABASE_URL": url,
        **{f"REGULARS_{name.upper()}": value for name, value in settings.items()},
    }


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server: `start`, `kill` or `stop`, and `start` again on the same port; or, as a context, one from start to stop.
    What it prints goes to `log`."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        self.process: subprocess.Popen[bytes]
        self.log = folder / f"server-{id(self):x}.log"
        self._environment, self._folder = environment(url, **settings), folder
        self._port: int | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> float:
        """Start the process, wait until it is ready, and answer how many seconds that took. A free port can be taken by
        somebody else before the server gets to it: the first time it is then tried on another one."""
        tries = [self._port] if self._port else [free_port() for _ in range(5)]
        for self._port in tries:
            began = time.monotonic()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [*COMMAND, "serve", "--port", str(self._port)],
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
            return bool(httpx2.get(f"{self.address}/ready").json() == {"status": "ready"})
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
