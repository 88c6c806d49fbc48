"""Commands about keys and roles. Whoever can run them holds everything anyway."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from regulars_core.keys import roles
from regulars_core.keys.grants import Grant
from regulars_core.keys.reads import list_keys, own_roles
from regulars_core.keys.service import create_key, revoke_key
from regulars_core.primitives.clock import Instant, instant_of, printed
from regulars_core.shop.actors import operator
from regulars_core.shop.permissions import BOX_ROLES
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import in_shop, out

_Role = Annotated[str, typer.Argument(help="The role's name.")]
_Permissions = Annotated[
    str, typer.Option(help="What it holds, with commas between, such as `customers.view,notes.view`.")
]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    key_app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
    key_app.command(name="create")(key_create)
    key_app.command(name="list")(key_list)
    key_app.command(name="revoke")(key_revoke)
    app.add_typer(key_app, name="key")
    role_app = typer.Typer(help="List roles, and make the shop's own.", no_args_is_help=True)
    role_app.command(name="create")(role_create)
    role_app.command(name="list")(role_list)
    role_app.command(name="change")(role_change)
    role_app.command(name="delete")(role_delete)
    app.add_typer(role_app, name="role")


def key_create(
    name: Annotated[str, typer.Option(help="Who will use it; shown as the author of notes.")],
    role: Annotated[
        list[str],
        typer.Option(help=f"What it may do: {', '.join(BOX_ROLES)}, or a role of the shop's own. Can be given again."),
    ],
    store: Annotated[
        list[str] | None,
        typer.Option(
            help="The code of a store in which the roles count; the whole shop if absent. Can be given again."
        ),
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="When it ends by itself, in the shop's time zone: a day, at whose beginning it ends, or an instant such as "
            "2027-01-31T18:00:00. Never if absent.",
        ),
    ] = None,
) -> None:
    """Make an API key and print it. It is shown this once and kept nowhere."""
    grants = [Grant(one, store or None) for one in role]

    async def work(shop: Shop) -> str:
        ends = None if expires is None else instant_of(expires.replace(tzinfo=shop.settings.zone))
        return await create_key(shop, by=operator(shop.permissions), name=name, bindings=grants, expires_at=ends)

    typer.echo(in_shop(work))


def key_list() -> None:
    """List all keys with their roles and stores, without their secrets."""
    # An id is typed again to revoke the key: it is never cut off, however narrow the terminal is.
    table = Table(Column("id", no_wrap=True), "name", Column("roles", no_wrap=True), Column("when", no_wrap=True))
    for key in in_shop(lambda shop: list_keys(shop.database)):
        instants = {
            "made": key.created_at,
            "used": key.last_used_at,
            "ends": key.expires_at,
            "revoked": key.revoked_at,
        }
        when = [f"{what} {_minute(at)}" for what, at in instants.items() if at is not None]
        bindings = "\n".join(f"{role} in {store}" if store else role for role, store in key.bindings)
        table.add_row(key.id, key.name, bindings, "\n".join(when))
    out.print(table)


def _minute(at: Instant) -> str:
    return f"{printed(at)[:16]}Z"


def key_revoke(key_id: Annotated[str, typer.Argument(help="The id, as `regulars key list` shows it.")]) -> None:
    """Make a key worthless, for ever; felt within five seconds."""
    in_shop(lambda shop: revoke_key(shop, by=operator(shop.permissions), key_id=key_id))
    out.print(f"Revoked {key_id}.")


def role_create(name: _Role, permissions: _Permissions) -> None:
    """Make a role of the shop's own."""
    holds = _split(permissions)
    in_shop(lambda shop: roles.create_role(shop, by=operator(shop.permissions), name=name, permissions=holds))
    out.print(f"Made {name}.")


def role_list() -> None:
    """List the roles in the box and the shop's own, with what each of them holds."""

    async def work(shop: Shop) -> list[tuple[str, str, str]]:
        box = [(name, "the box", _joined(held)) for name, held in shop.permissions.roles.items()]
        return box + [(name, "the shop", _joined(held)) for name, held in (await own_roles(shop.database)).items()]

    table = Table("role", "from", "permissions")
    for row in in_shop(work):
        table.add_row(*row)
    out.print(table)


def role_change(name: _Role, permissions: _Permissions) -> None:
    """Let a role of the shop's own hold these permissions and no others; keys feel it within five seconds."""
    holds = _split(permissions)
    in_shop(lambda shop: roles.change_role(shop, by=operator(shop.permissions), name=name, permissions=holds))
    out.print(f"Changed {name}.")


def role_delete(name: _Role) -> None:
    """Remove a role of the shop's own that no live key has."""
    in_shop(lambda shop: roles.delete_role(shop, by=operator(shop.permissions), name=name))
    out.print(f"Deleted {name}.")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _joined(permissions: Iterable[str]) -> str:
    return ", ".join(sorted(permissions))
