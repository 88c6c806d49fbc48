"""The application: the shop's database, the schema, and the routes, put together."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from regulars_core.database import Unavailable
from regulars_core.jobs.jobs import jobs_of
from regulars_core.jobs.runner import Runner, running
from regulars_core.keys.authentication import Authenticator
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import Settings
from regulars_core.start import CANNOT_START, configured, opened, plugins_wanted, refuse_other_version
from regulars_schema.documents.documents import Documents
from regulars_schema.documents.introspection import INTROSPECT
from regulars_schema.documents.limits import Limits
from regulars_schema.schema import schema_of
from regulars_server import graphiql
from regulars_server.http.access import Access, RequestLog
from regulars_server.http.endpoint import GraphQLEndpoint, GraphQLFirst
from regulars_server.http.errors import HttpError, unavailable
from regulars_server.logs import write_log
from regulars_server.metrics import Metrics


def create_app(settings: Settings, plugins: Plugins | None = None) -> Starlette:
    """The ASGI application of one shop with these plugins, or those that the settings choose. Its database is opened
    when it starts and closed when it stops; between, its jobs run in the background.

    Raises PluginError and SchemaConflict for plugins that cannot be on together, and RuntimeError for a setting that
    needs what is not installed.
    """
    on = plugins_wanted(settings.plugins) if plugins is None else plugins
    jobs = jobs_of(on)
    schema = schema_of(on, Documents(settings.document_cache, Limits.of(settings)))
    metrics = Metrics() if settings.metrics else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.shop = shop = await stack.enter_async_context(opened(settings, on))
            app.state.graphql = GraphQLEndpoint(schema, shop, Authenticator(shop))
            if settings.jobs:
                await stack.enter_async_context(running(Runner(shop, jobs)))
            yield

    async def demanded(request: Request, permission: str) -> None:
        actor = await request.app.state.graphql.identify(request.headers, RequestLog.of(request.scope))
        if not actor.may(permission):
            raise HttpError(403, "FORBIDDEN", f"This needs the permission {permission}.")

    async def printed_schema(request: Request) -> Response:
        await demanded(request, INTROSPECT)
        return PlainTextResponse(schema.printed())

    async def figures(request: Request) -> Response:
        assert metrics is not None
        await demanded(request, "metrics.view")
        return Response(metrics.rendered(), media_type=metrics.content_type)

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
            Route("/schema.graphql", printed_schema, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/ready", ready, methods=["GET"]),
            *([Route("/metrics", figures, methods=["GET"])] if metrics else ()),
            *graphiql.routes(),
        ],
        middleware=[Middleware(Access, metrics), *_cors(settings), Middleware(GraphQLFirst)],
        exception_handlers={
            404: _no_such_place,
            405: _no_such_method,
            Unavailable: _unavailable,
            HttpError: _turned_away,
        },
        lifespan=lifespan,
    )


def _cors(settings: Settings) -> list[Middleware]:
    """Nothing unless origins are set: browsers then keep the pages of others from reading answers."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    ]


async def _turned_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpError)
    RequestLog.of(request.scope).code = error.code
    return error.response()


async def _no_such_place(request: Request, _: Exception) -> Response:
    return await _turned_away(request, HttpError(404, "BAD_REQUEST", "There is nothing here; GraphQL is at /graphql."))


async def _no_such_method(request: Request, error: Exception) -> Response:
    allowed = dict(getattr(error, "headers", None) or {})
    return await _turned_away(
        request, HttpError(405, "BAD_REQUEST", "This place does not know that method.", **allowed)
    )


async def _unavailable(request: Request, _: Exception) -> Response:
    return await _turned_away(request, unavailable())


def from_environment() -> Starlette:
    """The application as the environment describes it; what uvicorn's workers call."""
    settings, plugins = configured()
    write_log(settings.log_level, settings.log_format)
    app = create_app(settings, plugins)
    gc.collect()
    gc.freeze()  # the schema stays: to look through it for garbage, again and again, took a twentieth of short requests
    gc.collect()  # which finds next to nothing now, and so does not wait for a quarter of the schema's size to look again
    return app
