"""GraphiQL at `/graphiql`, from files of our own: the page asks no other host for anything.

`static/` and `LICENSES.txt` are built by `make graphiql`. The page opens with a tab per document in `examples/`; one that asks
for what a plugin brings has its name before the ending, and is there where that is on. Its variables lie beside it as JSON. In
them stand for themselves: `$now`, `$month_ago` and `$stamp`, which is another one every second, for the server to fill in; and
`$customer`, `$purchase`, `$line` and `$quantity` for the page, which asks for them with its key by `somebody.graphql`.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Template
from types import MappingProxyType

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from regulars_core.primitives.clock import DAY_MS, Instant, datetime_of, now, printed

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)

_CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_HARDENING = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_CHECK_FIRST = "no-cache"
_GZIP = re.compile(r"(?i)\bgzip\b(?!\s*;\s*q=0(?:\.0{0,3})?\s*(?:,|$))")
"""gzip among the encodings that a client takes: with `q=0` it is refused."""
_SOMEBODY = "somebody.graphql"
_FOR_EVER = "public, max-age=31536000, immutable"  # the names in static/ carry a hash of the content


@dataclass(frozen=True, slots=True)
class Example:
    """A document that the page opens with. `title`, its first line, names the tab."""

    name: str
    title: str
    query: str
    variables: str
    """As JSON, filled in but for what the page knows; empty where the document has none."""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes
    etag: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, content: bytes, content_type: str, cache_control: str, **headers: str) -> "_File":
        return cls(
            content=content,
            compressed=gzip.compress(content, mtime=0),
            etag=f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
            headers=_HARDENING | {"Content-Type": content_type, "Cache-Control": cache_control} | headers,
        )

    def response(self, request: Request) -> Response:
        headers = {**self.headers, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if self.etag in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        if _GZIP.search(request.headers.get("Accept-Encoding", "")):
            return Response(self.compressed, headers=headers | {"Content-Encoding": "gzip"})
        return Response(self.content, headers=headers)


@cache
def _examples(plugins: Set[str] = frozenset()) -> tuple[Example, ...]:
    """The same, as they are written."""
    folder, documents = files(__package__).joinpath("examples"), []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".graphql") and file.name != _SOMEBODY:
            stem = file.name.removesuffix(".graphql")
            name, _, plugin = stem.partition(".")
            if plugin and plugin not in plugins:
                continue
            query = file.read_text(encoding="utf-8")
            title = query.partition("\n")[0].removeprefix("#").strip()
            beside = folder.joinpath(f"{stem}.json")
            variables = beside.read_text(encoding="utf-8") if beside.is_file() else ""
            documents.append(Example(name, title, query, variables))
    return tuple(documents)


def examples(plugins: Set[str] = frozenset()) -> tuple[Example, ...]:
    """The documents of the tabs where these plugins are on, in their order, with what tells of this moment filled in."""
    at = now()
    month_ago = printed(Instant(at - 30 * DAY_MS))
    words = {
        "now": printed(at),
        "month_ago": month_ago,
        "day_month_ago": month_ago[:10],
        "stamp": f"{datetime_of(at):%Y%m%d-%H%M%S}",
    }
    return tuple(
        replace(example, variables=Template(example.variables).safe_substitute(words)) for example in _examples(plugins)
    )


def somebody() -> str:
    """The document that asks for a customer and a purchase to fill in."""
    return files(__package__).joinpath("examples", _SOMEBODY).read_text(encoding="utf-8")


def routes(plugins: Set[str] = frozenset()) -> list[BaseRoute]:
    """The page, its files and its examples, below `/graphiql`; it sends its queries to `/graphql` beside it."""

    async def answered_examples(request: Request) -> Response:
        return _examples_file(plugins).response(request)

    return [
        Route("/graphiql", _page, methods=["GET"]),
        Route("/graphiql/examples.json", answered_examples, methods=["GET"]),
        Route("/graphiql/static/{file}", _static, methods=["GET"]),
    ]


async def _page(request: Request) -> Response:
    return _page_file().response(request)


async def _static(request: Request) -> Response:
    file = _static_files().get(request.path_params["file"])
    if file is None:
        return Response(status_code=404, headers=_HARDENING)
    return file.response(request)


@cache
def _page_file() -> _File:
    content = files(__package__).joinpath("static", "index.html").read_bytes()
    policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return _File.of(content, "text/html; charset=utf-8", _CHECK_FIRST, **policy)


def _examples_file(plugins: Set[str]) -> _File:
    content = orjson.dumps({"somebody": somebody(), "examples": examples(plugins)})
    return _File.of(content, "application/json", _CHECK_FIRST)


@cache
def _static_files() -> Mapping[str, _File]:
    served = {}
    for file in files(__package__).joinpath("static").iterdir():
        content_type = _CONTENT_TYPES.get("." + file.name.rpartition(".")[2])
        if content_type is not None:
            served[file.name] = _File.of(file.read_bytes(), content_type, _FOR_EVER)
    return MappingProxyType(served)
