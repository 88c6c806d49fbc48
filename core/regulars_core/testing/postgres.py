"""A PostgreSQL server of the tests' own: made in a temporary directory, and never anybody else's."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from types import MappingProxyType

_START_SECONDS = 30.0


class PostgresMissing(Exception):
    """No PostgreSQL server programs are installed."""


class PostgresServer:
    """Starts in `__enter__` (or `start`), listens on 127.0.0.1 only, and is removed in `__exit__` (or `stop`), unless it
    is given a directory to keep everything in, which whoever it runs as must be able to enter. `settings` are those of
    postgresql.conf that it is to have besides."""

    def __init__(
        self,
        *,
        fsync: bool = False,
        within: Path | None = None,
        directory: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.binaries = _binaries()
        self.fsync = fsync
        self._settings = settings
        self._user = _user()
        self._kept = directory is not None
        self._directory = directory or Path(tempfile.mkdtemp(prefix="regulars-pg-", dir=within))
        self._directory.mkdir(exist_ok=True)
        self._data = self._directory / "data"
        self._names = count(1)
        self._server: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> "PostgresServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make the cluster if there is none yet, start the server and wait until it answers."""
        if not self._data.exists():
            self._initialise()
        self.port = self.port or _free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._directory,
            "fsync": "on" if self.fsync else "off",
            "synchronous_commit": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            "max_connections": 100,
            **self._settings,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._directory / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*self._as_user(), self._program("postgres"), "-D", str(self._data), *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def stop(self) -> None:
        """Stop the server and remove everything it wrote, unless that is to be kept."""
        if self._server is not None:
            self._signal(signal.SIGINT)  # fast shutdown: open sessions are ended
        if not self._kept:
            shutil.rmtree(self._directory, ignore_errors=True)

    def crash(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill the postmaster as a power cut would, or shut down at once by SIGQUIT, fast by SIGINT. Its children end;
        after anything but a fast shutdown `start` has to recover."""
        self._signal(how)
        deadline = time.monotonic() + _START_SECONDS
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def processes(self) -> list[int]:
        """Whoever has this cluster as its working directory, as all of a server's processes have."""
        return [
            int(process.parent.name) for process in Path("/proc").glob("[0-9]*/cwd") if _leads_to(process, self._data)
        ]

    def lose_session(self, application: str = "regulars") -> None:
        """Kill one session of this application. The postmaster then ends all others and recovers by itself."""
        sql = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}' ORDER BY random() LIMIT 1"
        if session := self.execute(sql):
            os.kill(int(session), signal.SIGKILL)

    def create_database(self, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of the one that the template's URL names."""
        return self.create_databases(1, template)[0]

    def create_databases(self, number: int, template: str | None = None, dropping: Sequence[str] = ()) -> list[str]:
        """The URLs of so many new databases; those with the URLs of `dropping` are removed first."""
        names = [f"test_{next(self._names)}" for _ in range(number)]
        copied = f" TEMPLATE {template.rpartition('/')[2]}{self._as_files}" if template else ""
        self._psql([*map(_dropping, dropping), *(f"CREATE DATABASE {name}{copied}" for name in names)])
        return [f"postgres://regulars@127.0.0.1:{self.port}/{name}" for name in names]

    @cached_property
    def _as_files(self) -> str:
        """Without fsync copying files takes a fifth of the time; until PostgreSQL 15 there was no other way."""
        return " STRATEGY FILE_COPY" if int(self.execute("SHOW server_version_num")) >= 150_000 else ""

    def drop(self, url: str) -> None:
        """Remove a database, ending whoever still uses it."""
        self.execute(_dropping(url))

    def execute(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for one statement, as the server's owner."""
        return self._psql([sql], database)

    def _psql(self, statements: Sequence[str], database: str = "postgres") -> str:
        command = [self._program("psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "regulars", "-d", database]
        given = [part for sql in statements for part in ("-c", sql)]
        done = subprocess.run(
            [*command, "-qAtX", "-v", "ON_ERROR_STOP=1", *given], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def _initialise(self) -> None:
        if self._user is not None:
            os.chown(self._directory, self._user.pw_uid, self._user.pw_gid)
        options = ["-D", str(self._data), "-U", "regulars", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(
            [*self._as_user(), self._program("initdb"), *options, "--locale=C.UTF-8"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._directory,
        )

    def wait(self) -> None:
        """Wait until it answers. Raises RuntimeError if it has ended, or takes longer than half a minute."""
        deadline = time.monotonic() + _START_SECONDS
        ready = [self._program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "regulars"]
        while subprocess.run(ready, check=False).returncode:
            if self._server is None or self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._directory / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _signal(self, number: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is None or server.poll() is not None:
            return
        # setpriv and runuser become the server, or wait for it; the postmaster's own number is in its file.
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), number)
        server.wait(_START_SECONDS)

    def _program(self, name: str) -> str:
        return str(self.binaries / name)

    def _as_user(self) -> list[str]:
        if self._user is None:
            return []
        if setpriv := shutil.which("setpriv"):
            return [setpriv, f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", "--"]
        return ["runuser", "-u", self._user.pw_name, "--"]


def _dropping(url: str) -> str:
    return f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)"


def _binaries() -> Path:
    """Where the newest server programs are. Raises PostgresMissing."""
    folders = {path.resolve().parent for path in map(Path, filter(None, [shutil.which("initdb")]))}
    if config := shutil.which("pg_config"):
        folders.add(
            Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
        )
    folders.update(Path("/usr/lib/postgresql").glob("*/bin"))
    complete = [path for path in folders if all((path / name).exists() for name in ("initdb", "postgres", "psql"))]
    if not complete:
        raise PostgresMissing("No PostgreSQL server was found: install Debian's `postgresql`, or put initdb on PATH.")
    return max(complete, key=_version)


def _version(binaries: Path) -> list[int]:
    printed = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    number = printed.split()[2]
    return [int(part) if part.isdigit() else 0 for part in number.split(".")]


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as, if not as ourselves: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _leads_to(link: Path, target: Path) -> bool:
    try:
        return link.readlink() == target
    except OSError:  # of somebody else, or gone meanwhile
        return False
