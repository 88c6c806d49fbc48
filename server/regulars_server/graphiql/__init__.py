"""GraphiQL at `/graphiql`, from files of our own: the page asks no other host for anything.

`static/` and `LICENSES.txt` are built by `make graphiql`. The page opens with a tab per document in `examples/`; one that asks
for what a plugin brings has its name before the ending, and is there where that is on.
"""

import gzip
import hashlib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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
_FOR_EVER = "public, max-age=31536000, immutable"  # the names in static/ carry a hash of the content


@dataclass(frozen=True, slots=True)
class Example:
    """A document that the page opens with. `title`, its first line, names the tab."""

    name: str
    title: str
    query: str


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
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(self.compressed, headers=headers | {"Content-Encoding": "gzip"})
        return Response(self.content, headers=headers)


@cache
def examples(plugins: Set[str] = frozenset()) -> tuple[Example, ...]:
    """The documents of the tabs where these plugins are on, in their order."""
    documents = []
    for file in sorted(files(__package__).joinpath("examples").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".graphql"):
            name, _, plugin = file.name.removesuffix(".graphql").partition(".")
            if plugin and plugin not in plugins:
                continue
            query = file.read_text(encoding="utf-8")
            title = query.partition("\n")[0].removeprefix("#").strip()
            documents.append(Example(name, title, query))
    return tuple(documents)


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


@cache
def _examples_file(plugins: Set[str]) -> _File:
    return _File.of(orjson.dumps(examples(plugins)), "application/json", _CHECK_FIRST)


@cache
def _static_files() -> Mapping[str, _File]:
    served = {}
    for file in files(__package__).joinpath("static").iterdir():
        content_type = _CONTENT_TYPES.get("." + file.name.rpartition(".")[2])
        if content_type is not None:
            served[file.name] = _File.of(file.read_bytes(), content_type, _FOR_EVER)
    return MappingProxyType(served)
