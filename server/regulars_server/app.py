"""The application: the shop's database, the schema, and the routes, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from regulars_core.actors import Doorkeeper
from regulars_core.database import App, Database, FromTheFuture, NotMigrated, Unavailable
from regulars_core.database.apps import sqlite_path
from regulars_core.errors import logged
from regulars_core.jobs import all_jobs
from regulars_core.journal.replaying import switch_on
from regulars_core.plugins import Plugins
from regulars_core.running import Runner, running
from regulars_core.settings import Settings, configured
from regulars_core.shop import Shop, WrongCurrency, refuse_other_currency
from regulars_schema.documents import Documents
from regulars_schema.schema import build_schema, contributions_of
from regulars_server import graphiql
from regulars_server.http import Fault, GraphQLEndpoint, unavailable

CORE = App("core", "regulars_core.models", "regulars_core.migrations")
APPS: Sequence[App] = (CORE,)
CANNOT_START = (NotMigrated, FromTheFuture, WrongCurrency, Unavailable)


@asynccontextmanager
async def opened(settings: Settings, plugins: Plugins | None = None, *, migrated: bool = True) -> AsyncIterator[Shop]:
    """The shop of these settings with these plugins, or those that the settings choose; closed at the end.

    Unless `migrated` is False, raises NotMigrated or FromTheFuture for a database that is not of this version, and
    WrongCurrency for one whose purchases are in another currency; and plugins are told what they missed.
    """
    if migrated:
        refuse_missing_file(settings)
    plugins = Plugins.wanted(settings.plugins) if plugins is None else plugins
    database = await Database.open(
        settings.database_url, (*APPS, *plugins.apps), pool_size=settings.database_pool, readers=settings.sqlite_readers
    )
    try:
        shop = Shop(database, settings, plugins)
        if migrated:
            await refuse_other_version(database)
            await refuse_other_currency(shop)
            await switch_on(shop)
        yield shop
    finally:
        await database.close()


def refuse_missing_file(settings: Settings) -> None:
    """Raise NotMigrated if the SQLite file is not there: opening it would make an empty one under a mistyped name."""
    if settings.database_url.startswith("sqlite://") and not (path := sqlite_path(settings.database_url)).exists():
        raise NotMigrated(f"There is no database at {path}; run `regulars migrate` to make it.")


async def refuse_other_version(database: Database) -> None:
    """Raise NotMigrated or FromTheFuture if the database is not of this version."""
    if unknown := await database.unknown():
        raise FromTheFuture(
            f"The database was migrated by a newer version ({', '.join(unknown)}); install that version, or a newer one."
        )
    if pending := await database.pending():
        raise NotMigrated(f"The database lacks {', '.join(pending)}; run `regulars migrate`.")


def create_app(settings: Settings, plugins: Plugins | None = None) -> Starlette:
    """The ASGI application of one shop with these plugins, or those that the settings choose. Its database is opened
    when it starts and closed when it stops; between, its jobs run in the background.

    Raises PluginError and SchemaConflict for plugins that cannot be on together.
    """
    on = Plugins.wanted(settings.plugins) if plugins is None else plugins
    jobs = all_jobs(on)
    schema = build_schema(contributions_of(on), documents=Documents(settings.document_cache))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.shop = shop = await stack.enter_async_context(opened(settings, on))
            app.state.graphql = GraphQLEndpoint(schema, shop, Doorkeeper(shop.database))
            if settings.jobs:
                await stack.enter_async_context(running(Runner(shop, jobs)))
            yield

    async def graphql(request: Request) -> Response:
        endpoint: GraphQLEndpoint = request.app.state.graphql
        return await endpoint(request)

    async def printed_schema(request: Request) -> Response:
        try:
            await request.app.state.graphql.identify(request)
        except Fault as fault:
            return fault.response()
        return PlainTextResponse(schema.printed())

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        try:
            await refuse_other_version(request.app.state.shop.database)
        except CANNOT_START as error:
            reason = "database" if isinstance(error, Unavailable) else "migrations"
            return JSONResponse({"status": "not ready", "reason": reason}, 503)
        return JSONResponse({"status": "ready"})

    async def front(_: Request) -> Response:
        return Response(status_code=307, headers={"location": "/graphiql"})

    return Starlette(
        routes=[
            Route("/", front, methods=["GET"]),
            Route("/graphql", graphql, methods=["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"]),
            Route("/schema.graphql", printed_schema, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/ready", ready, methods=["GET"]),
            *graphiql.routes(),
        ],
        exception_handlers={
            404: _no_such_place,
            405: _no_such_method,
            Unavailable: _unavailable,
            Exception: _unforeseen,
        },
        lifespan=lifespan,
    )


async def _no_such_place(_: Request, __: Exception) -> Response:
    return Fault(404, "BAD_REQUEST", "There is nothing here; GraphQL is at /graphql.").response()


async def _no_such_method(request: Request, error: Exception) -> Response:
    allowed = {"Allow": "POST"} if request.url.path == "/graphql" else dict(getattr(error, "headers", None) or {})
    return Fault(405, "BAD_REQUEST", "This place does not know that method.", **allowed).response()


async def _unavailable(_: Request, __: Exception) -> Response:
    return unavailable().response()


async def _unforeseen(request: Request, error: Exception) -> Response:
    error_id = logged(error, request.url.path)
    return Fault(500, "INTERNAL", "Something went wrong on our side.").response(errorId=error_id)


def from_environment() -> Starlette:
    """The application as the environment describes it; what uvicorn's workers call."""
    return create_app(*configured())
