"""GraphQL over HTTP: one endpoint, POST, GET for queries, and JSON on every path.

No page of somebody else can ask by a plain link, form or picture: every request needs `Authorization`, and with that header a
browser sends one to another origin only after it has asked there whether it may.

https://graphql.github.io/graphql-over-http/draft/
"""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSyntaxError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError

from regulars_core.database import Unavailable
from regulars_core.keys.authentication import Authenticator
from regulars_core.primitives.errors import RateLimited
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.request.errors import answered, pre_execution
from regulars_server.http.access import RequestLog
from regulars_server.http.errors import GRAPHQL_JSON, PLAIN_JSON, HttpError, unavailable
from regulars_server.http.negotiation import refuse_other_than_json, response_media
from regulars_server.http.persisted import persisted_documents
from regulars_server.http.positions import position_header, position_in
from regulars_server.http.rate_limits import Buckets
from regulars_server.http.request import GraphQLRequest, asks, headers_of, read, read_url, received

Answer = tuple[int, Any]
"""Status and body."""
PATH = "/graphql"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, what of it the log will hold, in which media type and by when the answer is wanted, from which position of the
    primary's log on, and whether nothing but queries may be asked."""

    actor: Actor
    log: RequestLog
    media: str
    deadline: float
    after: str | None
    reads_only: bool


class GraphQLFirst:
    """Middleware that leads to the endpoint, without looking through all other places for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await scope["app"].state.graphql(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class GraphQLEndpoint:
    """Answers GraphQL requests of one shop."""

    def __init__(self, schema: ComposedSchema, shop: Shop, authenticator: Authenticator) -> None:
        settings = shop.settings
        self._schema, self._shop, self._authenticator, self._settings = schema, shop, authenticator, settings
        self._buckets = Buckets(settings.rate_capacity, settings.rate_restore)
        self._persisted = persisted_documents(settings)
        self._working = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Never raises for anything that the request can contain."""
        media, request_log, headers = PLAIN_JSON, RequestLog.of(scope), headers_of(scope)
        try:
            by_get = scope["method"] == "GET"
            if by_get and _is_visit(scope, headers):
                await Response(status_code=307, headers={"location": "/graphiql"})(scope, receive, send)
                return
            self._refuse_method(scope["method"])
            actor = await self.identify(headers, request_log)
            media = response_media(headers.get("accept", ""))
            after = position_in(headers, self._shop.database)
            requests: GraphQLRequest | Sequence[GraphQLRequest]
            if by_get:
                requests = read_url(scope["query_string"], self._settings.max_body_bytes)
            else:
                refuse_other_than_json(headers)
                requests = read(await received(scope, receive, headers, self._settings), self._settings.max_batch)
            with self._slot():
                deadline = asyncio.get_running_loop().time() + self._settings.request_seconds
                asker = Asker(actor, request_log, media, deadline, after, reads_only=by_get)
                status, answer, positions = await self._answers(requests, asker)
            body = orjson.dumps(answer)
        except (Unavailable, HttpError) as raised:
            error = raised if isinstance(raised, HttpError) else unavailable()
            request_log.code = error.code
            await error.response(media)(scope, receive, send)
        else:
            length = str(len(body)).encode()
            sent = [(b"content-length", length), (b"content-type", media.encode()), *positions]
            await send({"type": "http.response.start", "status": status, "headers": sent})
            await send({"type": "http.response.body", "body": body})

    async def identify(self, headers: Mapping[str, str], request_log: RequestLog) -> Actor:
        """Who asks, by the bearer key. Raises HttpError."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
        actor = self._authenticator.remembered(key) or await self._authenticated(key)
        if actor is None:
            message = "A valid API key is needed: `Authorization: Bearer rk_…`."
            raise HttpError(401, "UNAUTHENTICATED", message, WWW_Authenticate="Bearer")
        request_log.key_id = actor.key_id
        return actor

    async def _authenticated(self, key: str) -> Actor | None:
        try:
            async with asyncio.timeout(self._settings.request_seconds):
                with self._slot():
                    return await self._authenticator.actor_of(key)
        except TimeoutError:
            raise unavailable() from None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the slots for requests that are worked on. Raises HttpError if all are taken: who waits in an endless line
        has gone when the turn comes."""
        if self._working >= self._settings.max_concurrent:
            raise HttpError(503, "UNAVAILABLE", "Too much is asked at the moment; try again.", Retry_After="1")
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    async def _answers(
        self, requests: GraphQLRequest | Sequence[GraphQLRequest], asker: Asker
    ) -> tuple[int, Any, list[tuple[bytes, bytes]]]:
        """Status, body, and the headers of who has written."""
        status, answers, wrote = 200, list[Any](), False
        if isinstance(requests, GraphQLRequest):
            status, answer = await self._answer(requests, asker)
            wrote = asker.log.kind == "mutation"
        else:
            for one in requests:
                # What this array has written, the rest of it sees.
                answers.append(await self._one_of_many(one, replace(asker, after=None) if wrote else asker))
                wrote = wrote or asker.log.kind == "mutation"
            answer = answers
        headers = await position_header(self._shop.database) if wrote and asker.after is not None else []
        return status, answer, headers

    async def _one_of_many(self, request: GraphQLRequest, asker: Asker) -> Any:
        """One operation of an array: what becomes of it hides nothing of what became of the others."""
        try:
            return (await self._answer(request, asker))[1]
        except Unavailable:
            return unavailable().body()
        except HttpError as error:
            return error.body()

    async def _answer(self, request: GraphQLRequest, asker: Asker) -> Answer:
        actor, request_log, media = asker.actor, asker.log, asker.media
        text = self._text_of(request, actor, media)
        context = GraphQLContext(
            RequestContext(
                self._shop,
                actor,
                request_log.request_id,
                asker.deadline,
                surcharge=lambda cost: self._buckets.surcharge(actor.key_id, cost),
                after=asker.after,
            ),
            charge=lambda cost: self._buckets.take(actor.key_id, cost),
            as_json=True,
            reads_only=asker.reads_only,
        )
        try:
            result = await self._schema.execute(
                text,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
            )
        except InvalidOperationTypeError:
            raise HttpError(
                405, "BAD_REQUEST", "By GET only queries are answered; send it by POST.", Allow="POST"
            ) from None
        except CannotGetOperationTypeError:
            raise HttpError(400, "BAD_REQUEST", "The document has no such operation, or several and no name.") from None
        finally:
            request_log.cost, (request_log.kind, request_log.fields) = context.cost, context.operation
        unexecuted = isinstance(result, PreExecutionError)
        if unexecuted:
            self._refuse_beyond_rate(actor, context, result.errors or [])
        else:
            self._persisted.keep(request, text)
        errors = [answered(_pre_execution(error) if unexecuted else error) for error in result.errors or ()]
        refused = unexecuted or (result.data is None and not any("path" in error for error in errors))
        body: dict[str, Any] = {"errors": errors} if errors else {}
        if not refused:
            body["data"] = result.data
        if extensions := context.extensions | self._cost(actor, context):
            body["extensions"] = extensions
        request_log.code = errors[0]["extensions"]["code"] if errors else None
        if refused and request_log.code == "PAYLOAD_TOO_LARGE":
            return 413, body
        return 400 if refused and media == GRAPHQL_JSON else 200, body

    def _refuse_method(self, method: str) -> None:
        """Raise HttpError for anything but POST, and GET where the shop takes it."""
        if method == "POST" or (method == "GET" and self._settings.query_by_get):
            return
        if method == "GET":
            message = "This shop takes no queries in URLs: send them by POST (in urql: `preferGetMethod: false`)."
            raise HttpError(405, "BAD_REQUEST", message, Allow="POST")
        allow = "GET, POST" if self._settings.query_by_get else "POST"
        raise HttpError(405, "BAD_REQUEST", "GraphQL is asked by POST, or for queries by GET.", Allow=allow)

    def _text_of(self, request: GraphQLRequest, actor: Actor, media: str) -> str:
        """The document that a request means. Raises HttpError; to guess at documents is charged like one that cannot be read."""
        try:
            return self._persisted.text_of(request, 400 if media == GRAPHQL_JSON else 200)
        except HttpError:
            self._charge_unread(actor)
            raise

    def _charge_unread(self, actor: Actor) -> None:
        try:
            self._buckets.take(actor.key_id, 0)
        except RateLimited as error:
            raise _beyond_rate(error) from None

    def _refuse_beyond_rate(self, actor: Actor, context: GraphQLContext, errors: list[GraphQLError]) -> None:
        """Raise HttpError if the document was refused for what the key has spent before; charge one that could not be read."""
        limited = next((one.original_error for one in errors if isinstance(one.original_error, RateLimited)), None)
        if limited:
            raise _beyond_rate(limited)
        if context.cost is None:
            self._charge_unread(actor)

    def _cost(self, actor: Actor, context: GraphQLContext) -> dict[str, Any]:
        if context.cost is None:
            return {}
        remaining, rate = self._buckets.remaining(actor.key_id), self._buckets.restore
        return {"cost": {"requested": context.cost, "remaining": remaining, "restoreRate": rate}}


def _is_visit(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Whether somebody has opened the address in a browser, instead of a program that asks something."""
    return (
        "text/html" in headers.get("accept", "") and "authorization" not in headers and not asks(scope["query_string"])
    )


def _beyond_rate(limited: RateLimited) -> HttpError:
    wait = str(max(1, math.ceil(limited.seconds)))
    return HttpError(429, "RATE_LIMITED", "This key has asked for too much; wait and try again.", Retry_After=wait)


def _pre_execution(error: GraphQLError) -> GraphQLError:
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        return error  # nobody foresaw it, so it is no fault of the document
    parsing = isinstance(error, GraphQLSyntaxError) or isinstance(error.original_error, GraphQLSyntaxError)
    return pre_execution(error, "GRAPHQL_PARSE_FAILED" if parsing else "GRAPHQL_VALIDATION_FAILED")
