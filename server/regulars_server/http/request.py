"""What comes in: a body of bounded size in bounded time, and the GraphQL requests in it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope

from regulars_core.shop.settings import Settings
from regulars_schema.documents.limits import MAX_VALUE
from regulars_server.http.errors import Fault

ARRIVED = "regulars.arrived"
"""In the scope of a request: all of its body is there already."""
_DRAINED = 16  # bodies of the largest size that are read and thrown away, so that a sender gets to read the refusal


@dataclass(frozen=True)
class Asked:
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def headers_of(scope: Scope) -> Mapping[str, str]:
    """The headers of a request by their names in small letters. Of several of one name the first one counts, but what is
    accepted may be said in parts."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        known = name.decode("latin-1")
        if known not in found:
            found[known] = value.decode("latin-1")
        elif known == "accept":
            found[known] += f",{value.decode('latin-1')}"
    return found


async def received(scope: Scope, receive: Receive, headers: Mapping[str, str], settings: Settings) -> bytes:
    """The body of a request. Raises Fault for one that is too large, too slow, or cut off."""
    most = settings.max_body_bytes
    if ARRIVED in scope:  # nobody has to wait for it, so nobody has to be woken
        return await _body(receive, most)
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > most and headers.get("expect", "").lower() == "100-continue":
        raise _too_large(most)  # before it is sent
    try:
        async with asyncio.timeout(settings.body_seconds):
            return await _body(receive, most)
    except TimeoutError:
        slow = f"The request did not arrive within {settings.body_seconds:g} seconds."
        raise Fault(400, "BAD_REQUEST", slow, Connection="close") from None


async def _body(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    length, more = 0, True
    while more and length <= _DRAINED * most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Fault(400, "BAD_REQUEST", "The request was cut off.")
        length += len(chunk := message.get("body", b""))
        if length <= most:
            parts.append(chunk)
        more = message.get("more_body", False)
    if length > most:
        raise _too_large(most)
    return b"".join(parts)


def _too_large(most: int) -> Fault:
    return Fault(413, "PAYLOAD_TOO_LARGE", f"A request has at most {most} bytes.", Connection="close")


def read(body: bytes, most: int = 1) -> Asked | Sequence[Asked]:
    """The request in a body, or where `most` is more than one, the requests of an array. Raises Fault for what is
    neither."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Fault(400, "BAD_REQUEST", "The body is not JSON in UTF-8.") from None
    if body.count(b"[") + body.count(b"{") > MAX_VALUE or b"\\u0000" in body:
        _refuse_unfit(given)
    if not isinstance(given, list):
        return _one(given)
    if most == 1:
        raise Fault(400, "BAD_REQUEST", "Send one operation at a time; arrays of them are not taken here.")
    if not 1 <= len(given) <= most:
        raise Fault(400, "BAD_REQUEST", f"An array holds 1 to {most} operations.")
    return [_one(part) for part in given]


def _one(given: Any) -> Asked:
    if not isinstance(given, dict):
        raise Fault(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Fault(400, "BAD_REQUEST", "`query` must be a document.")
    if variables is not None and not isinstance(variables, dict):
        raise Fault(400, "BAD_REQUEST", "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise Fault(400, "BAD_REQUEST", "`operationName` must be a string.")
    if not isinstance(given.get("extensions"), dict | None):
        raise Fault(400, "BAD_REQUEST", "`extensions` must be an object.")
    return Asked(query, variables, name or None)


def _refuse_unfit(given: Any) -> None:
    """Raise Fault for what no database can keep, or nobody would nest so deep.

    orjson refuses lone surrogates by itself, and JSON can say NUL by an escape only.
    """
    waiting = [(given, 0)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, str):
            if "\0" in part:
                raise Fault(400, "BAD_USER_INPUT", "NUL is not text.")
        elif isinstance(part, dict | list):
            if depth > MAX_VALUE + 2:  # below the request and its `variables`
                message = f"Lists and objects lie at most {MAX_VALUE} deep in each other."
                raise Fault(400, "QUERY_TOO_COMPLEX", message)
            inner = [*part, *part.values()] if isinstance(part, dict) else part
            waiting += [(one, depth + 1) for one in inner]
