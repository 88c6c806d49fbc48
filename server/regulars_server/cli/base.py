"""What all commands share: output, clear failures, and the opened shop."""

import asyncio
import errno
import socket
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from tortoise.exceptions import BaseORMException

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.errors import Refused
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
