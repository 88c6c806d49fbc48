"""The command line: `regulars --help`."""

import tempfile
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.table import Table

from regulars_core.actors import ROLES, create_key, list_keys, revoke_key
from regulars_core.clock import Instant, printed
from regulars_core.journal.replaying import switch_on
from regulars_core.plugins import Plugins, installed
from regulars_core.purchases.statistics import differences
from regulars_core.settings import Settings
from regulars_core.shop import Shop
from regulars_schema.schema import build_schema
from regulars_server import cli_authors, cli_data, demo
from regulars_server.app import create_app, opened
from regulars_server.cli_base import configured_or_exit, fail, in_shop, out, run
from regulars_server.cli_import import import_app
from regulars_server.cli_jobs import jobs_app
from regulars_server.cli_plugins import CommandLine
from regulars_server.doctor import examine

app = typer.Typer(
    cls=CommandLine,
    help="Regulars: the customers who come back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
key_app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
app.add_typer(key_app, name="key")
app.add_typer(jobs_app, name="jobs")
app.add_typer(import_app, name="import")
cli_data.add_to(app)
cli_authors.add_to(app)

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]
PRINTED_SCHEMA = Path("schema/core.graphql")


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="How many processes.", min=1, max=64)] = 1,
) -> None:
    """Serve the API on an existing, migrated database."""
    run(_look_inside(*configured_or_exit()))
    uvicorn.run(
        "regulars_server.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        server_header=False,
        date_header=False,
    )


async def _look_inside(settings: Settings, plugins: Plugins) -> None:
    """Fail before a server starts, with a sentence, rather than in each of its workers."""
    create_app(settings, plugins)
    async with opened(settings, plugins):
        pass


@app.command(name="demo")
def serve_demo(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve a fresh shop with demo data; prints the address, a key, and a GraphiQL link that carries it."""
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as folder:
        given = {"database_url": f"sqlite://{folder}/demo.db", "shop_name": "Harbour Roasters", "plugins": None}
        settings, on = configured_or_exit(**given)
        key = run(_fill(settings, on))
        address = f"http://{host}:{port}"
        out.print(
            f"\n  API       {address}/graphql\n  key       {key}\n  GraphiQL  {address}/graphiql#key={key}\n",
            markup=False,
        )
        uvicorn.run(create_app(settings, on), host=host, port=port, log_level="warning", server_header=False)


async def _fill(settings: Settings, on: Plugins) -> str:
    async with opened(settings, on, migrated=False) as shop:
        await shop.database.migrate()
        await switch_on(shop)
        with out.status("Filling a shop with customers and two years of purchases …"):
            summary = await demo.fill(shop)
        out.print(str(summary), markup=False)
        return await create_key(shop.database, "demo", "administrator")


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing; status 1 if anything.")] = False,
) -> None:
    """Bring the database to this version. Safe to run twice, and by two at once."""

    async def work(shop: Shop) -> list[str]:
        if unknown := await shop.database.unknown():
            fail(f"The database was migrated by a newer version ({', '.join(unknown)}).")
        if check:
            return await shop.database.pending()
        return await shop.database.migrate(lambda name: out.print(f"applied {name}", markup=False))

    found = in_shop(work, migrated=False)
    if check and found:
        fail(f"Not applied: {', '.join(found)}. Run `regulars migrate`.")
    if not found:
        out.print("Nothing to do: the database is of this version.")


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help=f"Write it to {PRINTED_SCHEMA}.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help=f"Compare it with {PRINTED_SCHEMA}; status 1 if different.")
    ] = False,
) -> None:
    """Print the GraphQL schema, sorted by name."""
    text = build_schema().printed()
    if write:
        PRINTED_SCHEMA.write_text(text, encoding="utf-8")
    elif check:
        if not PRINTED_SCHEMA.exists() or PRINTED_SCHEMA.read_text(encoding="utf-8") != text:
            fail(f"{PRINTED_SCHEMA} is not what the code prints; run `make schema` and look at the difference.")
    else:
        typer.echo(text, nl=False)


@app.command()
def plugins() -> None:
    """List the plugins that are installed, and which of them are on."""
    _, on = configured_or_exit()
    found = installed()
    if not found:
        out.print("No plugins are installed.")
        return
    table = Table("plugin", "version", "on", "what it does")
    for plugin in found:
        table.add_row(plugin.name, plugin.version, "yes" if plugin.name in on.names else "no", plugin.description)
    out.print(table)


@app.command()
def verify() -> None:
    """Recount every stored figure; status 1 and a line for each that differs. Writes nothing."""

    async def work(shop: Shop) -> int:
        wrong = 0
        async for difference in differences(shop.database):
            wrong += 1
            out.print(
                f"customer_{difference.customer_id}: stored {difference.stored}, recounted {difference.recounted}",
                markup=False,
            )
        return wrong

    if wrong := in_shop(work):
        fail(f"Customers whose statistics are not what their purchases amount to: {wrong}.")
    out.print("Every stored figure equals its recount.")


@app.command()
def doctor() -> None:
    """Look at settings, database, migrations and keys: what is wrong, and how to mend it."""
    findings = run(examine(*configured_or_exit()))
    for finding in findings:
        out.print(f"{'ok  ' if finding.ok else 'BAD '} {finding.message}", markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@key_app.command(name="create")
def key_create(
    name: Annotated[str, typer.Option(help="Who will use it; shown as the author of notes.")],
    role: Annotated[str, typer.Option(help=f"What it may do: {', '.join(ROLES)}.")],
) -> None:
    """Make an API key and print it. It is shown this once and kept nowhere."""
    if not 1 <= len(name.strip()) <= 120:
        fail("A key's name has 1 to 120 characters.")
    typer.echo(in_shop(lambda shop: create_key(shop.database, name.strip(), role)))


@key_app.command(name="list")
def key_list() -> None:
    """List all keys, without their secrets."""
    table = Table("id", "name", "role", "made", "revoked")
    for key in in_shop(lambda shop: list_keys(shop.database)):
        revoked = "" if key.revoked_at is None else printed(Instant(key.revoked_at))
        table.add_row(key.id, key.name, key.role, printed(Instant(key.created_at)), revoked)
    out.print(table)


@key_app.command(name="revoke")
def key_revoke(key_id: Annotated[str, typer.Argument(help="The id, as `regulars key list` shows it.")]) -> None:
    """Make a key worthless, for ever; felt within five seconds."""
    if not in_shop(lambda shop: revoke_key(shop.database, key_id)):
        fail(f"There is no live key with the id {key_id}.")
    out.print(f"Revoked {key_id}.")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("regulars"))


if __name__ == "__main__":
    app()
