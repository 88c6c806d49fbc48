"""The command that serves a shop with demo data: a fresh one at every start, or one that is kept."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from regulars_core.database import migrations
from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.grants import Grant
from regulars_core.keys.service import create_key
from regulars_core.plugins.host import Plugins
from regulars_core.shop.actors import operator
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.settings import Settings
from regulars_core.start import opened, opened_and_migrated
from regulars_server import demo
from regulars_server.app import create_app
from regulars_server.cli.base import Host, Port, configured_or_exit, fail, out, run, sockets_or_exit
from regulars_server.http.listen import listen_on, shown
from regulars_server.logs import write_log

KEPT = Path("regulars-demo")
"""Where a demo is kept, in the folder where it is started: its database and the text of its key."""
_PARTIAL = f".{KEPT}-"
_DATABASE, _KEY = "demo.db", "key"


def add_to(app: typer.Typer) -> None:
    """Hang this command on the command line."""
    app.command(name="demo")(serve_demo)


def serve_demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    keep: Annotated[
        bool, typer.Option("--keep", help=f"Keep it in the folder {KEPT}: the next start has the same data and key.")
    ] = False,
) -> None:
    """Serve a fresh shop with demo data, or the one that is kept; prints the address, a key, and a GraphiQL link that carries
    it."""
    sockets = sockets_or_exit(host, port)
    with _folder(keep) as folder:
        settings, on = _configured(folder)
        kept = folder / _KEY
        known = kept.read_text(encoding="utf-8").strip() if kept.exists() else ""
        if (key := run(_key(settings, on, known))) != known:
            kept.touch(mode=0o600)
            kept.write_text(key, encoding="utf-8")
        address = shown(host, port)
        out.print(
            f"\n  API       {address}/graphql\n  key       {key}\n  GraphiQL  {address}/graphiql#key={key}\n",
            markup=False,
        )
        write_log("warning", "console")
        listen_on(sockets, create_app(settings, on), settings)


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """Where the demo is, filled: for good, or until it ends."""
    if keep:
        if not KEPT.exists():
            _make()
        yield KEPT
        return
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as name:
        run(_filled(*_configured(Path(name))))
        yield Path(name)


def _make() -> None:
    """Fill a folder beside the one that is kept, and give it its name at the end: what was broken off is no demo."""
    for broken_off in Path().glob(f"{_PARTIAL}*"):
        if not _is_alive(broken_off.name.removeprefix(_PARTIAL)):
            shutil.rmtree(broken_off, ignore_errors=True)
    partial = Path(f"{_PARTIAL}{os.getpid()}")
    try:
        partial.mkdir()
        run(_filled(*_configured(partial)))
        partial.rename(KEPT)
    except OSError as error:
        if not KEPT.exists():  # somebody else was quicker
            fail(f"The demo cannot be kept in {KEPT.absolute()}: {error.strerror}.")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    out.print(f"It is kept in the folder {KEPT}; remove that to begin anew.", markup=False)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


def _configured(folder: Path) -> tuple[Settings, Plugins]:
    url = f"sqlite://{quote(str(folder.absolute()))}/{_DATABASE}"
    return configured_or_exit(database_url=url, shop_name="Harbour Roasters")


async def _filled(settings: Settings, on: Plugins) -> None:
    async with opened_and_migrated(settings, on) as shop:
        with out.status("Filling a shop with customers and two years of purchases …"):
            summary = await demo.fill(shop)
        out.print(str(summary), markup=False)


async def _key(settings: Settings, on: Plugins, known: str) -> str:
    """The key that is known, or a new one where the shop does not know it. A demo of an older version is brought to this one."""
    async with opened(settings, on, migrated=False) as shop:
        await migrations.migrate(shop.database)
    async with opened(settings, on) as shop:
        if await Authenticator(shop).actor_of(known) is not None:
            return known
        return await create_key(shop, by=operator(shop.permissions), name="demo", bindings=[Grant(ADMINISTRATOR)])
