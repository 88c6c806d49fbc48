"""What all commands share: output, clear failures, and the opened shop."""

import asyncio
import errno
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from tortoise.exceptions import BaseORMException

from regulars_core import audit
from regulars_core.customers.reads import CustomerRow, customer_by_code
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.actors import operator
from regulars_core.shop.settings import Settings, SettingsError
from regulars_core.shop.shop import Shop
from regulars_core.start import CANNOT_START, configured, opened
from regulars_schema.composition.contributions import SchemaConflict
from regulars_server.http.listen import held

T = TypeVar("T")

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and end with status 1."""
    err.print(message, markup=False, style="red")
    raise typer.Exit(1)


def sockets_or_exit(host: str, port: int) -> Sequence[socket.socket]:
    """Sockets that hold this address from now on, or a sentence that says why they cannot, and the end."""
    try:
        return held(host, port)
    except OSError as error:
        mend = " Take another --port." if error.errno in {errno.EADDRINUSE, errno.EACCES} else ""
        fail(f"{host}:{port} cannot be listened on: {(error.strerror or str(error)).lower()}.{mend}")


def configured_or_exit(**settings: Any) -> tuple[Settings, Plugins]:
    """The settings, these beside those of the environment, and the plugins that are on; or every mistake in them and the end."""
    try:
        return configured(**settings)
    except SettingsError as error:
        fail(f"The settings are wrong:\n{error}")
    except PluginError as error:
        fail(str(error))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what can be expected to go wrong is told in a sentence."""
    try:
        return asyncio.run(work)
    except Refused as refusal:
        fail("\n".join(problem.message for problem in refusal.problems))
    except (*CANNOT_START, PluginError, SchemaConflict) as error:
        fail(str(error))
    except (BaseORMException, sqlite3.Error) as error:
        fail(f"The database cannot be used: {error}")
    except (ValueError, RuntimeError, OSError) as error:
        if isinstance(error, ValueError | RuntimeError) and sys.flags.dev_mode:
            raise
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def in_shop(work: Callable[[Shop], Coroutine[Any, Any, T]], *, migrated: bool = True, serving: bool = False) -> T:
    """Open the shop of the environment and do something in it; `serving` as in `opened`."""
    settings, plugins = configured_or_exit()

    async def opened_and_done() -> T:
        async with opened(settings, plugins, migrated=migrated, serving=serving) as shop:
            return await work(shop)

    return run(opened_and_done())


async def customer_of(shop: Shop, code: str) -> CustomerRow:
    """The customer with a code. Raises Refused."""
    customer = await customer_by_code(shop.database, code)
    if customer is None:
        raise Refused(Problem("NOT_FOUND", f"There is no customer with the code {code}."))
    return customer


async def audited(shop: Shop, action: str, kind: str, work: Callable[[], Awaitable[tuple[str | None, T]]]) -> T:
    """What the work answers beside the id of what it was about, None for nothing that is there; with a row of the audit, in one
    transaction."""

    async def done() -> T:
        with audit.collecting() as changes:
            id_, answer = await work()
        about = [] if id_ is None else [(kind, id_)]
        await shop.database.defer([_line(shop, action, about, changes.by_field or {})])
        return answer

    return await shop.database.transaction(done)


async def noted(shop: Shop, action: str, asked: Mapping[str, audit.Change] | None = None) -> None:
    """Write into the audit that something is about to be done, such as that data leaves the shop."""
    await shop.database.transaction(lambda: shop.database.defer([_line(shop, action, [], asked or {})]))


def _line(shop: Shop, action: str, about: Sequence[tuple[str, str]], changes: Mapping[str, audit.Change]) -> Any:
    by = operator(shop.permissions)
    return audit.writing(key=(by.key_id, by.name), action=action, entities=about, changes=changes)
