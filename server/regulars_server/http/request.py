"""What comes in: a body of bounded size in bounded time, and the GraphQL requests in it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope

from regulars_core.shop.settings import Settings
from regulars_schema.documents.limits import MAX_VALUE_DEPTH
from regulars_server.http.errors import HttpError

ARRIVED = "regulars.arrived"
"""In the scope of a request: all of its body is there already."""
_MAX_DRAINED = 16  # bodies of the largest size that are read and thrown away, so that a sender gets to read the refusal


@dataclass(frozen=True)
class GraphQLRequest:
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def headers_of(scope: Scope) -> Mapping[str, str]:
    """The headers of a request by their names in small letters. Of several of one name the first one counts, but what is
    accepted may be said in parts."""
    headers: dict[str, str] = {}
    for encoded, value in scope["headers"]:
        name = encoded.decode("latin-1")
        if name not in headers:
            headers[name] = value.decode("latin-1")
        elif name == "accept":
            headers[name] += f",{value.decode('latin-1')}"
    return headers


async def received(scope: Scope, receive: Receive, headers: Mapping[str, str], settings: Settings) -> bytes:
    """The body of a request. Raises HttpError for one that is too large, too slow, or cut off."""
    max_bytes = settings.max_body_bytes
    if ARRIVED in scope:  # nobody has to wait for it, so nobody has to be woken
        return await _body(receive, max_bytes)
    announced, expected = headers.get("content-length", ""), headers.get("expect", "").lower()
    if announced.isdecimal() and int(announced[:20]) > max_bytes and expected == "100-continue":
        raise _too_large(max_bytes)  # before it is sent
    try:
        async with asyncio.timeout(settings.body_seconds):
            return await _body(receive, max_bytes)
    except TimeoutError:
        slow = f"The request did not arrive within {settings.body_seconds:g} seconds."
        raise HttpError(400, "BAD_REQUEST", slow, Connection="close") from None


async def _body(receive: Receive, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    length, more = 0, True
    while more and length <= _MAX_DRAINED * max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HttpError(400, "BAD_REQUEST", "The request was cut off.")
        length += len(chunk := message.get("body", b""))
        if length <= max_bytes:
            parts.append(chunk)
        more = message.get("more_body", False)
    if length > max_bytes:
        raise _too_large(max_bytes)
    return b"".join(parts)


def _too_large(max_bytes: int) -> HttpError:
    return HttpError(413, "PAYLOAD_TOO_LARGE", f"A request has at most {max_bytes} bytes.", Connection="close")


def read(body: bytes, max_batch: int = 1) -> GraphQLRequest | Sequence[GraphQLRequest]:
    """The request in a body, or where `max_batch` is more than one, the requests of an array. Raises HttpError for what
    is neither."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HttpError(400, "BAD_REQUEST", "The body is not JSON in UTF-8.") from None
    if body.count(b"[") + body.count(b"{") > MAX_VALUE_DEPTH or b"\\u0000" in body:
        _refuse_unfit(content)
    if not isinstance(content, list):
        return _one(content)
    if max_batch == 1:
        raise HttpError(400, "BAD_REQUEST", "Send one operation at a time; arrays of them are not taken here.")
    if not 1 <= len(content) <= max_batch:
        raise HttpError(400, "BAD_REQUEST", f"An array holds 1 to {max_batch} operations.")
    return [_one(part) for part in content]


def _one(content: Any) -> GraphQLRequest:
    if not isinstance(content, dict):
        raise HttpError(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise HttpError(400, "BAD_REQUEST", "`query` must be a document.")
    if variables is not None and not isinstance(variables, dict):
        raise HttpError(400, "BAD_REQUEST", "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "BAD_REQUEST", "`operationName` must be a string.")
    if not isinstance(content.get("extensions"), dict | None):
        raise HttpError(400, "BAD_REQUEST", "`extensions` must be an object.")
    return GraphQLRequest(query, variables, name or None)


def _refuse_unfit(content: Any) -> None:
    """Raise HttpError for what no database can keep, or nobody would nest so deep.

    orjson refuses lone surrogates by itself, and JSON can say NUL by an escape only.
    """
    pending = [(content, 0)]
    while pending:
        part, depth = pending.pop()
        if isinstance(part, str):
            if "\0" in part:
                raise HttpError(400, "BAD_USER_INPUT", "NUL is not text.")
        elif isinstance(part, dict | list):
            if depth > MAX_VALUE_DEPTH + 2:  # below the request and its `variables`
                message = f"Lists and objects lie at most {MAX_VALUE_DEPTH} deep in each other."
                raise HttpError(400, "QUERY_TOO_COMPLEX", message)
            inner = [*part, *part.values()] if isinstance(part, dict) else part
            pending += [(one, depth + 1) for one in inner]
