"""The commands `regulars encryption …`."""

import base64
import os
from typing import Annotated

import typer

from regulars_core.database.seals import KEY_BYTES
from regulars_core.rotation import Rotated, rotate
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import fail, in_shop, out

encryption_app = typer.Typer(help="Keys that seal what is sensitive.", no_args_is_help=True)


@encryption_app.command(name="key")
def encryption_key(
    name: Annotated[str, typer.Argument(help="What it is called: 1 to 16 letters, digits, _ and -.")],
) -> None:
    """Make a key for REGULARS_ENCRYPTION_KEYS and print it. It is kept nowhere: without it what it has sealed is lost."""
    typer.echo(f"{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}")


@encryption_app.command(name="rotate")
def encryption_rotate() -> None:
    """Seal everything that is sensitive by the first key of REGULARS_ENCRYPTION_KEYS, while the shop goes on; what is still
    plain, too. Stopped and run again it goes on."""

    async def work(shop: Shop) -> Rotated:
        return await rotate(shop, lambda table, done: out.print(f"{table}: {done:,}", markup=False))

    rotated = in_shop(work)
    if rotated.left:
        told = ", ".join(f"{count:,} ({reason})" for reason, count in sorted(rotated.left.items()))
        fail(f"Sealed anew: {sum(rotated.sealed.values()):,}. Could not be opened, and stay as they are: {told}.")
    out.print(f"Sealed anew: {sum(rotated.sealed.values()):,}. Everything is sealed by the first key.")
