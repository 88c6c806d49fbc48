"""What comes in: a body of bounded size in bounded time, and the GraphQL requests in it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from regulars_core.shop.registered_documents import SHA_256
from regulars_core.shop.settings import Settings
from regulars_schema.documents.limits import MAX_VALUE_DEPTH
from regulars_server.http.errors import HttpError

ARRIVED = "regulars.arrived"
"""In the scope of a request: all of its body is there already."""
_PARAMETERS = frozenset({"query", "documentId", "operationName", "variables", "extensions"})
"""Those of GraphQL over HTTP; others in a URL are passed over."""
_MAX_PARAMETERS = 20
_MAX_DRAINED = 16  # bodies of the largest size that are read and thrown away, so that a sender gets to read the refusal


@dataclass(frozen=True)
class GraphQLRequest:
    """One GraphQL request."""

    query: str
    """The document; empty where only its hash was sent."""
    variables: dict[str, Any] | None
    operation_name: str | None
    document_hash: str | None = None
    """The SHA-256 of the document, in small hexadecimal digits, if it was sent."""


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


def asks(query_string: bytes) -> bool:
    """Whether a URL holds a GraphQL request, or tries to."""
    return any(part.partition(b"=")[0].decode("latin-1") in _PARAMETERS for part in query_string.split(b"&"))


def read_url(query_string: bytes, max_bytes: int) -> GraphQLRequest:
    """The request in a URL. Raises HttpError for what is none."""
    if len(query_string) > max_bytes:
        raise _too_large(max_bytes)
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise HttpError(
            400, "BAD_REQUEST", f"A URL has at most {_MAX_PARAMETERS} parameters, escaped, in UTF-8."
        ) from None
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise HttpError(400, "BAD_REQUEST", f"`{name}` is there twice.")
        if name in _PARAMETERS:
            content[name] = value
    for name in ("variables", "extensions"):
        if name in content:
            try:
                content[name] = orjson.loads(content[name]) if content[name] else None
            except orjson.JSONDecodeError:
                raise HttpError(400, "BAD_REQUEST", f"`{name}` is not JSON.") from None
    _refuse_unfit(content)
    return _one(content)


def _one(content: Any) -> GraphQLRequest:
    if not isinstance(content, dict):
        raise HttpError(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    extensions = content.get("extensions")
    if not isinstance(extensions, dict | None):
        raise HttpError(400, "BAD_REQUEST", "`extensions` must be an object.")
    hashed = _hash_in(content, extensions or {})
    if hashed is not None and query in {None, ""}:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise HttpError(400, "BAD_REQUEST", "`query` must be a document.")
    if variables is not None and not isinstance(variables, dict):
        raise HttpError(400, "BAD_REQUEST", "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "BAD_REQUEST", "`operationName` must be a string.")
    return GraphQLRequest(query, variables, name or None, hashed)


def _hash_in(content: Mapping[str, Any], extensions: Mapping[str, Any]) -> str | None:
    """The hash by which a request names its document: in Apollo's extension, or as `documentId: "sha256:…"`."""
    named, persisted = content.get("documentId"), extensions.get("persistedQuery")
    if named is None and persisted is None:
        return None
    given = []
    if named is not None:
        given.append(named.removeprefix("sha256:") if isinstance(named, str) and named.startswith("sha256:") else None)
    if persisted is not None:
        fits = isinstance(persisted, dict) and persisted.get("version") == 1
        given.append(persisted.get("sha256Hash") if fits else None)
    hashed = given[0]
    if not isinstance(hashed, str) or not SHA_256.fullmatch(hashed) or any(one != hashed for one in given):
        message = (
            'Name a document by `extensions.persistedQuery { version: 1, sha256Hash }` or `documentId: "sha256:…"`.'
        )
        raise HttpError(400, "BAD_REQUEST", message)
    return hashed


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
