"""The application: the shop's database, the schema, and the routes, put together."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from regulars_core.jobs.jobs import jobs_of
from regulars_core.jobs.runner import Runner, running
from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.usage import written_now_and_then
from regulars_core.plugins.host import Plugins
from regulars_core.primitives.garbage import seldom_collected
from regulars_core.shop.settings import Settings
from regulars_core.start import configured, opened, plugins_wanted
from regulars_schema.composition.known_schema import remember_schema
from regulars_schema.documents.documents import Documents
from regulars_schema.documents.limits import Limits
from regulars_schema.schema import schema_of
from regulars_server import graphiql
from regulars_server.http.access import Access
from regulars_server.http.endpoint import GraphQLEndpoint, GraphQLFirst
from regulars_server.http.error_handlers import ERROR_HANDLERS
from regulars_server.http.files import file_routes
from regulars_server.http.positions import HEADER
from regulars_server.http.routes import routes
from regulars_server.logs import write_log
from regulars_server.metrics import Metrics


def create_app(settings: Settings, plugins: Plugins | None = None) -> Starlette:
    """The ASGI application of one shop with these plugins, or those that the settings choose. Its database is opened
    when it starts and closed when it stops; between, its jobs run in the background.

    Raises PluginError and SchemaConflict for plugins that cannot be on together, and RuntimeError for a setting that
    needs what is not installed.
    """
    plugins = plugins_wanted(settings.plugins) if plugins is None else plugins
    lifespan = _lifespan(settings, plugins)
    with seldom_collected():
        schema = schema_of(plugins, Documents(settings.document_cache, Limits.of(settings)))
    metrics = Metrics() if settings.metrics else None
    app = Starlette(
        routes=[
            *routes(metrics=settings.metrics),
            *file_routes(),
            *graphiql.routes(frozenset(name for name, _ in plugins.modules)),
        ],
        middleware=[Middleware(Access, metrics), *_cors(settings), Middleware(GraphQLFirst)],
        exception_handlers=ERROR_HANDLERS,
        lifespan=lifespan,
    )
    app.state.schema, app.state.metrics = schema, metrics
    return app


def _lifespan(settings: Settings, plugins: Plugins) -> Lifespan[Starlette]:
    """What an application does while it lives: its shop is open, and its jobs run. Raises PluginError for two jobs of one
    name."""
    jobs = jobs_of(plugins)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.shop = shop = await stack.enter_async_context(opened(settings, plugins, serving=True))
            remember_schema(shop, app.state.schema)
            authenticator = Authenticator(shop)
            app.state.graphql = GraphQLEndpoint(app.state.schema, shop, authenticator)
            await stack.enter_async_context(written_now_and_then(authenticator.usage))
            if settings.jobs:
                await stack.enter_async_context(running(Runner(shop, jobs)))
            yield

    return lifespan


def _cors(settings: Settings) -> list[Middleware]:
    """Nothing unless origins are set: browsers then keep the pages of others from reading answers."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", HEADER],
            expose_headers=["X-Request-Id", "Retry-After", HEADER],
        )
    ]


def app_to_stay(settings: Settings, plugins: Plugins) -> Starlette:
    """The application of a process that serves nothing else. Raises what `create_app` raises."""
    app = create_app(settings, plugins)
    gc.collect()
    gc.freeze()  # the schema stays: to look through it for garbage, again and again, took a twentieth of short requests
    gc.collect()  # which finds next to nothing now, and so does not wait for a quarter of the schema's size to look again
    return app


def from_environment() -> Starlette:
    """The application as the environment describes it; what uvicorn's workers call."""
    settings, plugins = configured()
    write_log(settings.log_level, settings.log_format)
    return app_to_stay(settings, plugins)
