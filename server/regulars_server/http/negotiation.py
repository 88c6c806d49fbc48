"""Which media type a request has, and which its answer: RFC 9110, and GraphQL over HTTP."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from regulars_server.http.errors import GRAPHQL_JSON, PLAIN_JSON, HttpError

_QUALITY = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")
_MAX_RANGES = 50
_MAX_CACHED_LENGTH = 200
_UTF_8 = frozenset({"utf-8", "utf8"})


def response_media(accept: str) -> str:
    """The media type of the answer: what is preferred of the two that are served; plain JSON where nothing or anything
    is accepted, for clients that are older than the other. Raises HttpError (406) if neither will do."""
    return _cached(accept) if len(accept) <= _MAX_CACHED_LENGTH else _preferred(accept)


def _preferred(accept: str) -> str:
    if not accept.strip():
        return PLAIN_JSON
    wanted = list(_ranges(accept))
    best, highest = PLAIN_JSON, 0.0
    for media in (PLAIN_JSON, GRAPHQL_JSON):
        quality, exact = _quality(media, wanted)
        if quality > highest or (quality == highest > 0 and exact):
            best, highest = media, quality
    if not highest:
        raise HttpError(406, "BAD_REQUEST", f"Accept `{GRAPHQL_JSON}` or `{PLAIN_JSON}`.")
    return best


_cached = lru_cache(maxsize=256)(_preferred)


def refuse_other_than_json(headers: Mapping[str, str]) -> None:
    """Raise HttpError (415) unless a body is said to be JSON in UTF-8, as it is."""
    if headers.get("content-type") == PLAIN_JSON and "content-encoding" not in headers:
        return
    kind, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = [part.partition("=")[2].strip().strip('"') for part in parameters if part.startswith("charset")]
    plain = headers.get("content-encoding", "identity").strip().lower() in {"", "identity"}
    if kind != PLAIN_JSON or not plain or not _UTF_8.issuperset(charsets):
        message = "Send `Content-Type: application/json`, in UTF-8 and not compressed."
        raise HttpError(415, "BAD_REQUEST", message, Accept=PLAIN_JSON)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """The media ranges of an Accept header with their qualities; one that is malformed is passed over."""
    for part in accept.split(",")[:_MAX_RANGES]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        qualities = [piece[2:].strip() for piece in parameters if piece.startswith("q=")]
        if all(_QUALITY.fullmatch(quality) for quality in qualities):
            yield media, float(qualities[0]) if qualities else 1.0


def _quality(media: str, wanted: list[tuple[str, float]]) -> tuple[float, bool]:
    """How much a media type is wanted, by the most specific range that covers it; and whether that names it."""
    for covering in (media, "application/*", "*/*"):
        qualities = [quality for range_, quality in wanted if range_ == covering]
        if qualities:
            return max(qualities), covering == media
    return 0.0, False
