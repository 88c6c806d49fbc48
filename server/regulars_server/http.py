"""GraphQL over HTTP: one endpoint, POST only, and JSON on every path."""

import re
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSyntaxError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError

from regulars_core.actors import Actor
from regulars_core.database import Unavailable
from regulars_core.keys.doorkeeper import Doorkeeper
from regulars_core.shop import Shop
from regulars_schema.composition import ComposedSchema
from regulars_schema.context import Batch, Context
from regulars_schema.errors import RETRYABLE, answered, pre_execution

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")


class Fault(Exception):
    """A request that does not get as far as GraphQL."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self, **more: str) -> Response:
        """The fault in the form of a GraphQL error."""
        extensions = {"code": self.code, "retryable": self.code in RETRYABLE, **more}
        body = {"errors": [{"message": self.message, "extensions": extensions}]}
        return Response(orjson.dumps(body), self.status, self.headers, PLAIN_JSON)


def unavailable() -> Fault:
    """The database does not answer."""
    return Fault(503, "UNAVAILABLE", "The database is not available at the moment; try again.", Retry_After="1")


@dataclass(frozen=True)
class _Asked:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class GraphQLEndpoint:
    """Answers GraphQL requests of one shop."""

    def __init__(self, schema: ComposedSchema, shop: Shop, doorkeeper: Doorkeeper) -> None:
        self._schema, self._shop, self._doorkeeper = schema, shop, doorkeeper

    async def __call__(self, request: Request) -> Response:
        """One request. Never raises for anything that the request can contain."""
        try:
            if request.method != "POST":
                raise Fault(405, "BAD_REQUEST", "GraphQL is asked by POST.", Allow="POST")
            actor = await self.identify(request)
            asked = _read(await self._body(request))
            return await self._answer(request, asked, actor)
        except Fault as fault:
            return fault.response()
        except Unavailable:
            return unavailable().response()

    async def identify(self, request: Request) -> Actor:
        """Who asks, by the bearer key. Raises Fault."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        actor = await self._doorkeeper.actor_of(key.strip()) if scheme.lower() == "bearer" else None
        if actor is None:
            message = "A valid API key is needed: `Authorization: Bearer rk_…`."
            raise Fault(401, "UNAUTHENTICATED", message, WWW_Authenticate="Bearer")
        return actor

    async def _body(self, request: Request) -> bytes:
        kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
        charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
        if kind != PLAIN_JSON or any(charset != "utf-8" for charset in charsets):
            raise Fault(415, "BAD_REQUEST", "Send `Content-Type: application/json` in UTF-8.")
        most, body = self._shop.settings.max_body_bytes, b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Fault(413, "PAYLOAD_TOO_LARGE", f"A request has at most {most} bytes.", Connection="close")
        except ClientDisconnect:
            raise Fault(400, "BAD_REQUEST", "The request was cut off.") from None
        return body

    async def _answer(self, request: Request, asked: _Asked, actor: Actor) -> Response:
        context = Context(Batch(self._shop, actor, _request_id(request)))
        try:
            result = await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
            )
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            raise Fault(400, "BAD_REQUEST", "The document has no such operation, or several and no name.") from None
        before = isinstance(result, PreExecutionError)
        errors = [answered(_staged(error) if before else error) for error in result.errors or ()]
        body: dict[str, Any] = {"errors": errors} if errors else {}
        refused = before or (result.data is None and not any("path" in error for error in errors))
        if not refused:
            body["data"] = result.data
        if context.extensions:
            body["extensions"] = context.extensions
        media = _negotiated(request)
        return Response(orjson.dumps(body), 400 if refused and media == GRAPHQL_JSON else 200, media_type=media)


def _request_id(request: Request) -> str | None:
    """What the sender calls the request, if it looks like a name."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else None


def _staged(error: GraphQLError) -> GraphQLError:
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        return error  # nobody foresaw it, so it is no fault of the document
    parsing = isinstance(error, GraphQLSyntaxError) or isinstance(error.original_error, GraphQLSyntaxError)
    return pre_execution(error, "GRAPHQL_PARSE_FAILED" if parsing else "GRAPHQL_VALIDATION_FAILED")


def _negotiated(request: Request) -> str:
    return GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else PLAIN_JSON


def _read(body: bytes) -> _Asked:
    """The request's parts. Raises Fault for anything that is not one GraphQL request."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Fault(400, "BAD_REQUEST", "The body is not JSON in UTF-8.") from None
    if not isinstance(given, dict):
        raise Fault(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Fault(400, "BAD_REQUEST", "`query` must be a document.")
    if variables is not None and not isinstance(variables, dict):
        raise Fault(400, "BAD_REQUEST", "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise Fault(400, "BAD_REQUEST", "`operationName` must be a string.")
    if b"\\u0000" in body and _has_nul(variables):
        raise Fault(400, "BAD_USER_INPUT", "NUL is not text.")
    return _Asked(query, variables, name)


def _has_nul(value: Any) -> bool:
    """orjson refuses lone surrogates by itself, and JSON can say NUL by an escape only. However deep it is nested."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and "\0" in part:
            return True
        waiting += [*part, *part.values()] if isinstance(part, dict) else part if isinstance(part, list) else ()
    return False
