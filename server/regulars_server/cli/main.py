"""The command line: `regulars --help`."""

import logging
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from starlette.applications import Starlette

from regulars_core.database import migrations
from regulars_core.plugins.discovery import installed
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.settings import Settings, wanted_plugins
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, plugins_wanted
from regulars_core.verification import PROGRESS, verifications_of
from regulars_schema.composition.contributions import SchemaConflict
from regulars_schema.schema import schema_of
from regulars_server.app import app_to_stay
from regulars_server.cli import (
    authors,
    customers,
    dashboard,
    data,
    demos,
    erasures,
    exports,
    keys,
    merges,
    purchases,
    segments,
)
from regulars_server.cli.base import Host, Port, configured_or_exit, err, fail, in_shop, out, run, sockets_or_exit
from regulars_server.cli.clients import clients
from regulars_server.cli.encryption import encryption_app
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
app.add_typer(encryption_app, name="encryption")
app.add_typer(import_app, name="import")
data.add_to(app)
exports.add_to(app)
customers.add_to(app)
segments.add_to(app)
dashboard.add_to(app)
keys.add_to(app)
purchases.add_to(app)
merges.add_to(app)
erasures.add_to(app)
authors.add_to(app)
demos.add_to(app)
app.command()(clients)

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
    for one in sockets_or_exit(host, port):
        one.close()  # whoever connected to them would wait until all is made
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
    named: Annotated[
        str | None,
        typer.Option(
            "--plugins", help="Print it with these instead, named as in REGULARS_PLUGINS; empty for core alone."
        ),
    ] = None,
) -> None:
    """Print the GraphQL schema with the plugins that are on, sorted by name."""
    if named is not None and (write or check):
        fail("--plugins is for printing: --write and --check are about core alone and the whole box.")
    if not (write or check):
        try:
            on = (
                configured_or_exit()[1] if named is None else plugins_wanted(wanted_plugins(plugins=named), "--plugins")
            )
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
    """Look at settings, plugins, database, migrations, jobs, keys and what is sealed: what is wrong, and how to mend it."""
    findings = run(examine(*configured_or_exit()))
    for finding in findings:
        told = "ok  " if finding.ok else "but " if finding.works else "BAD "
        out.print(f"{told} {finding.message}", markup=False)
    if not all(finding.ok or finding.works for finding in findings):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("regulars"))


if __name__ == "__main__":
    app()
