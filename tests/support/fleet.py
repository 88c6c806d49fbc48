"""What stands between servers and their data where there is more than one machine: PgBouncer, and a streaming replica."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from regulars_core.testing import PostgresServer
from tests.support.servers import free_port

_START_SECONDS = 15.0
_PRIMARY = {"synchronous_commit": "on", "full_page_writes": "on", "wal_keep_size": "256MB"}
# A replica looks for its primary again after half a second instead of five.
_REPLICA = {"wal_retrieve_retry_interval": "500ms", "hot_standby_feedback": "on"}


def primary(*, fsync: bool = False) -> PostgresServer:
    """A server that can be followed, and whose commits are written when they are acknowledged; to the disk if it may crash with
    the machine."""
    return PostgresServer(fsync=fsync, settings=_PRIMARY)


class StreamingReplica(PostgresServer):
    """A server that follows another one from a copy of it on."""

    def __init__(self, followed: PostgresServer, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(settings={**_REPLICA, **settings})
        self._followed = followed

    def of(self, url: str) -> str:
        """The URL of a primary's database, here."""
        return f"postgres://regulars@127.0.0.1:{self.port}/{url.rpartition('/')[2]}"

    def wait_for(self, url: str) -> None:
        """Wait until it has a primary's database: it copies one as the primary does, a little later."""
        asked = f"SELECT count(*) FROM pg_database WHERE datname = '{url.rpartition('/')[2]}'"
        while self.execute(asked) != "1":
            time.sleep(0.01)

    def pause(self) -> None:
        """Receive what the primary does, and do not do it."""
        self.execute("SELECT pg_wal_replay_pause()")
        while self.execute("SELECT pg_get_wal_replay_pause_state()") != "paused":
            time.sleep(0.01)

    def go_on(self) -> None:
        """Do what was received meanwhile, and whatever follows."""
        self.execute("SELECT pg_wal_replay_resume()")

    def stop(self) -> None:
        """At once: nothing of it is wanted any more."""
        self.crash(signal.SIGQUIT)
        super().stop()

    def _initialise(self) -> None:
        if self._user is not None:
            os.chown(self._directory, self._user.pw_uid, self._user.pw_gid)
        options = ["-D", str(self._data), "-h", "127.0.0.1", "-p", str(self._followed.port), "-U", "regulars"]
        subprocess.run(
            [*self._as_user(), self._program("pg_basebackup"), *options, "-R", "-c", "fast", "--no-sync"],
            check=True,
            cwd=self._directory,
        )


class PgBouncerMissing(Exception):
    """PgBouncer is not installed."""


class PgBouncer:
    """PgBouncer before a server, pooling by transaction; as the user that the server runs as, since neither runs as root."""

    def __init__(self, behind: PostgresServer, *, sessions: int = 8, **settings: str) -> None:
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise PgBouncerMissing("No PgBouncer was found: install Debian's `pgbouncer`.")
        self._program, self._behind, self._sessions, self._settings = program, behind, sessions, settings
        self._folder = Path(behind._directory)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> "PgBouncer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(signal.SIGTERM)

    def of(self, url: str) -> str:
        """The URL of the server's database, through PgBouncer."""
        return f"postgres://regulars@127.0.0.1:{self.port}/{url.rpartition('/')[2]}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        users, file = self._folder / "pgbouncer-users", self._folder / f"pgbouncer-{self.port}.ini"
        users.write_text('"regulars" ""\n')
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": users,
            "admin_users": "regulars",
            "pool_mode": "transaction",
            "default_pool_size": self._sessions,
            "max_client_conn": 200,
            "server_login_retry": 1,
            **self._settings,
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        file.write_text(f"[databases]\n* = host=127.0.0.1 port={self._behind.port}\n[pgbouncer]\n{lines}")
        with (self._folder / "pgbouncer-log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._behind._as_user(), self._program, str(file)], stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it as a power cut would, or as this signal does."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(_START_SECONDS)

    def renew(self) -> None:
        """Let sessions begin anew, as after a change of what the role is set to."""
        psql = [
            self._behind._program("psql"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "regulars",
            "-d",
            "pgbouncer",
        ]
        subprocess.run([*psql, "-qAtXc", "RECONNECT"], check=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        ready = [
            self._behind._program("pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-d",
            "postgres",
            "-U",
            "regulars",
        ]
        while subprocess.run(ready, check=False).returncode:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "pgbouncer-log").read_text()[-2000:])
            time.sleep(0.02)
