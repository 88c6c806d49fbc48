"""How errors outside of GraphQL are answered, with their code in the log."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from regulars_core.database import Unavailable
from regulars_server.http.access import RequestLog
from regulars_server.http.errors import HttpError, unavailable


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpError)
    RequestLog.of(request.scope).code = error.code
    return error.response()


async def _no_such_place(request: Request, _: Exception) -> Response:
    return await _http_error(request, HttpError(404, "BAD_REQUEST", "There is nothing here; GraphQL is at /graphql."))


async def _no_such_method(request: Request, error: Exception) -> Response:
    allowed = dict(getattr(error, "headers", None) or {})
    return await _http_error(request, HttpError(405, "BAD_REQUEST", "This place does not know that method.", **allowed))


async def _unavailable(request: Request, _: Exception) -> Response:
    return await _http_error(request, unavailable())


ERROR_HANDLERS: Mapping[Any, ExceptionHandler] = {
    404: _no_such_place,
    405: _no_such_method,
    Unavailable: _unavailable,
    HttpError: _http_error,
}
"""By status, or by what was raised."""
