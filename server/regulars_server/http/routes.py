"""What there is beside GraphQL: the printed schema, the figures, and whether the process is alive and ready."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from regulars_core.database import Unavailable
from regulars_core.events.behind import progress
from regulars_core.start import CANNOT_START, refuse_other_version
from regulars_schema.documents.introspection import INTROSPECT
from regulars_server.http.access import RequestLog
from regulars_server.http.errors import HttpError


def routes(*, metrics: bool) -> list[BaseRoute]:
    """The places; the figures only where they are counted. The application's state has what they show: `shop`, `schema`,
    `graphql` and `metrics`."""
    return [
        Route("/", _front, methods=["GET"]),
        Route("/schema.graphql", _printed_schema, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
        Route("/ready", _ready, methods=["GET"]),
        *([Route("/metrics", _metrics, methods=["GET"])] if metrics else ()),
    ]


async def _front(_: Request) -> Response:
    return Response(status_code=307, headers={"location": "/graphiql"})


async def _printed_schema(request: Request) -> Response:
    await _demand(request, INTROSPECT)
    return PlainTextResponse(request.app.state.schema.printed())


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> Response:
    database = request.app.state.shop.database
    try:
        await refuse_other_version(database)
        late = await progress(database)
    except CANNOT_START as error:
        reason = "database" if isinstance(error, Unavailable) else "migrations"
        return JSONResponse({"status": "not ready", "reason": reason}, 503)
    told = [{"plugin": one.plugin, "percent": one.percent, "told": one.told, "missed": one.missed} for one in late]
    return JSONResponse({"status": "ready"} | ({"catchingUp": told} if told else {}))


async def _metrics(request: Request) -> Response:
    await _demand(request, "metrics.view")
    metrics = request.app.state.metrics
    replica = request.app.state.shop.database.replica
    return Response(metrics.rendered(replica), media_type=metrics.content_type)


async def _demand(request: Request, permission: str) -> None:
    """Raise HttpError for a request without a live key (401), or whose key does not hold the permission (403)."""
    actor = await request.app.state.graphql.identify(request.headers, RequestLog.of(request.scope))
    if not actor.may(permission):
        raise HttpError(403, "FORBIDDEN", f"This needs the permission {permission}.")
