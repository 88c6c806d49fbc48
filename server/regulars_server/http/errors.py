"""Requests that do not get as far as GraphQL, in the form of a GraphQL error: JSON on every path."""

import orjson
from starlette.responses import Response

from regulars_schema.request.errors import RETRYABLE

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"


class HttpError(Exception):
    """A request that is turned away, with the status and the code that say why."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self, **more: str) -> dict[str, object]:
        """What is answered."""
        extensions = {"code": self.code, "retryable": self.code in RETRYABLE, **more}
        return {"errors": [{"message": self.message, "extensions": extensions}]}

    def response(self, media: str = PLAIN_JSON, **more: str) -> Response:
        """The answer."""
        return Response(orjson.dumps(self.body(**more)), self.status, self.headers, media)


def unavailable() -> HttpError:
    """The database does not answer."""
    return HttpError(503, "UNAVAILABLE", "The database is not available at the moment; try again.", Retry_After="1")


def internal() -> HttpError:
    """Nobody foresaw it."""
    return HttpError(500, "INTERNAL", "Something went wrong on our side.")
