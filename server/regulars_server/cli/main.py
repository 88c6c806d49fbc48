"""The command line: `regulars --help`."""

import logging
import tempfile
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from starlette.applications import Starlette

from regulars_core.database import migrations
from regulars_core.keys.grants import Grant
from regulars_core.keys.service import create_key
from regulars_core.plugins.discovery import installed
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.actors import operator
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, opened_and_migrated, plugins_wanted
from regulars_core.verification import PROGRESS, verifications_of
from regulars_schema.composition.contributions import SchemaConflict
from regulars_schema.schema import schema_of
from regulars_server import demo
from regulars_server.app import app_to_stay, create_app
from regulars_server.cli import authors, data, erasures, keys, merges, purchases
from regulars_server.cli.base import configured_or_exit, err, fail, in_shop, out, run
from regulars_server.cli.imports import import_app
from regulars_server.cli.jobs import jobs_app
from regulars_server.cli.plugins import CommandLine
from regulars_server.doctor import examine
from regulars_server.http.listen import listen
from regulars_server.logs import write_log

app = typer.Typer(
    cls=CommandLine,
    help="Regulars: the customers who come back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(jobs_app, name="jobs")
app.add_typer(import_app, name="import")
data.add_to(app)
keys.add_to(app)
purchases.add_to(app)
merges.add_to(app)
erasures.add_to(app)
authors.add_to(app)

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]
PRINTED_SCHEMAS = {Path("schema/core.graphql"): (), Path("schema/full.graphql"): None}
"""The printed schemas and the plugins that are on in each: core alone, and with all in the box."""


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="How many processes.", min=1, max=64)] = 1,
    certfile: Annotated[
        Path | None, typer.Option(help="Certificates for TLS, PEM.", exists=True, dir_okay=False)
    ] = None,
    keyfile: Annotated[Path | None, typer.Option(help="Their private key, PEM.", exists=True, dir_okay=False)] = None,
) -> None:
    """Serve the API on an existing, migrated database."""
    if (certfile is None) != (keyfile is None):
        fail("TLS needs both: --certfile and --keyfile.")
    settings, plugins = configured_or_exit()
    app = run(_app_looked_inside(settings, plugins))
    write_log(settings.log_level, settings.log_format)
    listen(
        app if workers == 1 else "regulars_server.app:from_environment",
        settings,
        host=host,
        port=port,
        workers=workers,
        certfile=certfile,
        keyfile=keyfile,
    )


async def _app_looked_inside(settings: Settings, plugins: Plugins) -> Starlette:
    """The application. What is wrong fails before a server starts, with a sentence, rather than in each of its workers."""
    app = app_to_stay(settings, plugins)
    async with opened(settings, plugins, serving=True):
        pass
    return app


@app.command(name="demo")
def serve_demo(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve a fresh shop with demo data; prints the address, a key, and a GraphiQL link that carries it."""
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as folder:
        own = {"database_url": f"sqlite://{folder}/demo.db", "shop_name": "Harbour Roasters", "plugins": None}
        settings, on = configured_or_exit(**own)
        key = run(_fill(settings, on))
        address = f"http://{host}:{port}"
        out.print(
            f"\n  API       {address}/graphql\n  key       {key}\n  GraphiQL  {address}/graphiql#key={key}\n",
            markup=False,
        )
        write_log("warning", "console")
        listen(create_app(settings, on), settings, host=host, port=port)


async def _fill(settings: Settings, on: Plugins) -> str:
    async with opened_and_migrated(settings, on) as shop:
        with out.status("Filling a shop with customers and two years of purchases …"):
            summary = await demo.fill(shop)
        out.print(str(summary), markup=False)
        by = operator(shop.permissions)
        return await create_key(shop, by=by, name="demo", bindings=[Grant(ADMINISTRATOR)])


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing; status 1 if anything.")] = False,
) -> None:
    """Bring the database to this version. Safe to run twice, and by two at once."""

    async def work(shop: Shop) -> list[str]:
        if unknown := await migrations.unknown(shop.database):
            fail(f"The database was migrated by a newer version ({', '.join(unknown)}).")
        if check:
            return await migrations.pending(shop.database)
        return await migrations.migrate(shop.database, lambda name: out.print(f"applied {name}", markup=False))

    names = in_shop(work, migrated=False)
    if check and names:
        fail(f"Not applied: {', '.join(names)}. Run `regulars migrate`.")
    if not names:
        out.print("Nothing to do: the database is of this version.")


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Write core's own and the box's to schema/.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare them with those in schema/; status 1 if different.")
    ] = False,
) -> None:
    """Print the GraphQL schema with the plugins that are on, sorted by name."""
    if not (write or check):
        _, on = configured_or_exit()
        try:
            typer.echo(schema_of(on).printed(), nl=False)
        except (SchemaConflict, PluginError) as error:
            fail(str(error))
        return
    for path, wanted in PRINTED_SCHEMAS.items():
        text = schema_of(plugins_wanted(wanted)).printed()
        if write:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            fail(f"{path} is not what the code prints; run `make schema` and look at the difference.")


@app.command()
def plugins() -> None:
    """List the plugins that are installed, and which of them are on."""
    _, on = configured_or_exit()
    available = installed()
    if not available:
        out.print("No plugins are installed.")
        return
    table = Table("plugin", "version", "on", "what it does")
    for plugin in available:
        table.add_row(plugin.name, plugin.version, "yes" if plugin.name in on.names else "no", plugin.description)
    out.print(table)


class _Progress(logging.Handler):
    """Prints how far a verification is beside what it finds."""

    def emit(self, record: logging.LogRecord) -> None:
        err.print(record.getMessage(), markup=False)


@app.command()
def verify() -> None:
    """Recount every stored figure; status 1 and a line for each that differs. Writes nothing."""

    async def work(shop: Shop) -> list[str]:
        failed = []
        for one in verifications_of(shop.plugins):
            wrong = 0
            async for difference in one.differences(shop):
                wrong += 1
                out.print(difference, markup=False)
            if wrong:
                failed.append(f"{one.name}: {wrong}")
        return failed

    progress = _Progress()
    PROGRESS.addHandler(progress)
    PROGRESS.setLevel(logging.INFO)
    try:
        failed = in_shop(work)
    finally:
        PROGRESS.removeHandler(progress)
    if failed:
        fail(f"Stored figures that are not what they are counted from: {', '.join(failed)}.")
    out.print("Every stored figure equals its recount.")


@app.command()
def doctor() -> None:
    """Look at settings, plugins, database, migrations and keys: what is wrong, and how to mend it."""
    findings = run(examine(*configured_or_exit()))
    for finding in findings:
        out.print(f"{'ok  ' if finding.ok else 'BAD '} {finding.message}", markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("regulars"))


if __name__ == "__main__":
    app()
