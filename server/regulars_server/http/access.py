"""What every request gets, whatever becomes of it: an id, the headers of a careful server, a line in the log."""

import asyncio
import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regulars_core.primitives.errors import logged
from regulars_core.primitives.ids import new_id
from regulars_server.http.errors import internal
from regulars_server.logs import ACCESS
from regulars_server.metrics import Metrics

_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_PLACES = ("/graphql", "/schema.graphql", "/health", "/ready", "/metrics", "/graphiql", "/files", "/uploads")
_REQUEST_LOG = "regulars.request_log"
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
_TLS_HEADERS = [*_HEADERS, (b"strict-transport-security", b"max-age=31536000")]


@dataclass
class RequestLog:
    """One request, as the log sees it: nothing of it is a client's own text but the id, which must look like one."""

    request_id: str
    key_id: str | None = None
    kind: str | None = None
    fields: tuple[str, ...] = ()
    code: str | None = None
    cost: int | None = None
    status: int = 500
    since: float = field(default_factory=time.perf_counter)

    @classmethod
    def of(cls, scope: Scope) -> "RequestLog":
        """What the log will hold of this request."""
        request_log: RequestLog = scope[_REQUEST_LOG]
        return request_log


class Access:
    """Stands around the application, and answers what it raises."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None = None) -> None:
        self._app, self._metrics = app, metrics
        self._logger = logging.getLogger(ACCESS)
        self._untold: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_log = scope[_REQUEST_LOG] = RequestLog(_request_id(scope))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started, request_log.status = True, message["status"]
                headers = message["headers"]
                present = dict(headers)
                careful = _TLS_HEADERS if scope["scheme"] == "https" else _HEADERS
                headers += [pair for pair in careful if pair[0] not in present]
                headers.append((b"x-request-id", request_log.request_id.encode()))
            await send(message)

        if self._metrics:
            self._metrics.began()
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            request_log.code = "INTERNAL"
            error_id = logged(error, _place(scope))
            if not started:
                await internal().response(errorId=error_id)(scope, receive, send_with_headers)
        finally:
            self._ended(scope, request_log)

    def _ended(self, scope: Scope, request_log: RequestLog) -> None:
        seconds = time.perf_counter() - request_log.since
        if self._metrics:
            self._metrics.ended(_place(scope), request_log.status, request_log.code, request_log.cost, seconds)
        if self._logger.isEnabledFor(logging.INFO):
            figures = {
                "request_id": request_log.request_id,
                "method": scope["method"],
                "place": _place(scope),
                "status": request_log.status,
                "ms": round(seconds * 1_000, 1),
                "key_id": request_log.key_id,
                "kind": request_log.kind,
                "fields": ",".join(request_log.fields) or None,
                "code": request_log.code,
                "cost": request_log.cost,
            }
            self._untold.append(figures)
            if len(self._untold) == 1:
                asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        """A line for each request that has ended in this turn of the event loop: one after the other they take a quarter of the
        time that each takes between two requests."""
        untold, self._untold = self._untold, []
        for figures in untold:
            self._logger.info("request", extra=figures)


def _request_id(scope: Scope) -> str:
    """What the sender calls the request if it looks like a name, or else one of ours."""
    sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return sent if _REQUEST_ID.fullmatch(sent) else new_id()


def _place(scope: Scope) -> str:
    """Which of our places the path is of; one that somebody has made up can hold anything."""
    path = scope["path"]
    return next((place for place in _PLACES if path == place or path.startswith(place + "/")), "elsewhere")
