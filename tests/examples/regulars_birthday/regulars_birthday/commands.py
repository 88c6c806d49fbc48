"""`regulars birthday …`."""

import typer

from regulars_birthday import service
from regulars_core.plugin import in_shop

commands = typer.Typer(help="Birthdays.", no_args_is_help=True)


@commands.callback()
def _birthday() -> None:
    """Birthdays."""


@commands.command()
def count() -> None:
    """Count all greetings."""
    typer.echo(in_shop(service.count))
