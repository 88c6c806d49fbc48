"""`regulars loyalty …`."""

import time
from datetime import datetime
from typing import Annotated

import typer

from regulars_core.plugin import Shop, in_shop, instant_of
from regulars_loyalty.purchases.late_earning import earn_since

commands = typer.Typer(help="Store credit and points.", no_args_is_help=True)


@commands.callback()
def _loyalty() -> None:
    """Store credit and points."""


@commands.command()
def earn(
    since: Annotated[str, typer.Option(help="From which instant on, with an offset: 2026-01-31T00:00:00+01:00.")],
) -> None:
    """Let what was bought since an instant earn points where it has earned none: history from before the plugin. It may be
    interrupted, and run again."""
    try:
        begins = instant_of(datetime.fromisoformat(since))
    except ValueError:
        raise typer.BadParameter("An instant is written as 2026-01-31T09:30:00+01:00.") from None

    async def work(shop: Shop) -> None:
        started, done = time.perf_counter(), 0
        async for count in earn_since(shop, begins):
            done += count
            typer.echo(f"{done} purchases …", err=True)
        typer.echo(f"{done} purchases in {time.perf_counter() - started:.1f} s")

    in_shop(work)
