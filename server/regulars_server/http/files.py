"""The doors for bytes beside GraphQL: files go out by a link that works once, and one PUT brings a file in.

Nobody shows a key here: the address is the secret. It stands in no log, and what does not work is answered alike, whatever is the
reason. A piece at a time is in memory, of so many files at once; who neither takes nor sends anything is hung up on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from regulars_core.database.seals import Sealed
from regulars_core.exports.links import redeem
from regulars_core.files import uploads
from regulars_core.files.storage import FileGone, StoredFileRow, content_of
from regulars_core.files.uploads import Arrival, arriving
from regulars_core.shop.shop import Shop
from regulars_server.http.access import RequestLog
from regulars_server.http.errors import HttpError

MAX_AT_ONCE = 20
"""Files that one process sends or receives at a time."""
CHUNK_BYTES = 1 << 14
"""What is sent at once, for which there are the seconds that a body may take: slow lines get it, too."""


class _Doors:
    """How many files are on their way."""

    def __init__(self) -> None:
        self._busy = 0

    def enter(self) -> ExitStack:
        """Take one of the places, which is given back when the stack is closed. Raises HttpError where all are taken."""
        if self._busy >= MAX_AT_ONCE:
            raise HttpError(503, "UNAVAILABLE", "Too many files are on their way; try again.", Retry_After="5")
        self._busy += 1
        place = ExitStack()
        place.callback(self._leave)
        return place

    def _leave(self) -> None:
        self._busy -= 1


def file_routes() -> list[BaseRoute]:
    """Where files are fetched, and sent to."""
    doors = _Doors()

    async def fetch(request: Request) -> Response:
        if request.method == "HEAD":
            raise HttpError(405, "BAD_REQUEST", "A file is fetched by GET, once.", Allow="GET")
        shop: Shop = request.app.state.shop
        with doors.enter() as place:
            file = await redeem(shop, request.path_params["token"])
            if file is None:
                raise HttpError(
                    404, "NOT_FOUND", "This link leads nowhere: it was used, or is too old. Make another one."
                )
            return _Sent(shop, file, place.pop_all())

    async def take(request: Request) -> Response:
        shop: Shop = request.app.state.shop
        with doors.enter():
            arrival = await arriving(shop, request.path_params["token"])
            if arrival is None:
                raise HttpError(404, "BAD_REQUEST", "Nothing is taken here, or not any more. Ask for another place.")
            return await _taken(request, arrival)

    return [
        Route("/files/{token}", fetch, methods=["GET"]),
        Route("/uploads/{token}", take, methods=["PUT"]),
    ]


class _Sent(Response):
    """A file as an answer, piece by piece."""

    def __init__(self, shop: Shop, file: StoredFileRow, place: ExitStack) -> None:
        super().__init__(None, 200)
        self._shop, self._file, self._place = shop, file, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. What breaks on the way breaks the answer off, which is shorter then than it said. Raises HttpError where nothing
        of it can be had."""
        with self._place:
            gone = asyncio.create_task(_gone(receive))
            try:
                await self._send(send, gone)
            except (FileGone, Sealed, TimeoutError):
                RequestLog.of(scope).code = "CUT_OFF"
            finally:
                gone.cancel()

    async def _send(self, send: Send, gone: "asyncio.Task[None]") -> None:
        seconds, file = self._shop.settings.body_seconds, self._file
        headers = [
            (b"content-type", file.content_type.encode()),
            (b"content-length", str(file.byte_count).encode()),
            (b"content-disposition", f'attachment; filename="{file.name}"'.encode()),
            (b"cache-control", b"no-store"),
        ]
        pieces = content_of(self._shop.database, file.id)
        piece: bytes | None = await _first(pieces)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while piece is not None:
            if gone.done():
                return
            for start in range(0, len(piece), CHUNK_BYTES):
                chunk = piece[start : start + CHUNK_BYTES]
                async with asyncio.timeout(seconds):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            piece = await anext(pieces, None)
        async with asyncio.timeout(seconds):
            await send({"type": "http.response.body", "body": b""})


async def _first(pieces: AsyncIterator[bytes]) -> bytes | None:
    """The first piece of a file, before anything is answered. Raises HttpError where it cannot be had."""
    try:
        return await anext(pieces, None)
    except FileGone:
        raise HttpError(404, "NOT_FOUND", "The file is not kept any more; ask for it once more.") from None
    except Sealed as error:
        raise HttpError(500, "INTERNAL", f"The file cannot be opened. {error}") from None


async def _gone(receive: Receive) -> None:
    """Wait until the receiver has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _taken(request: Request, arrival: Arrival) -> Response:
    """Take the body as the file. Raises HttpError for one that is not what was told, whereupon it may be sent again."""
    announced, wanted = request.headers.get("content-length", ""), arrival.upload.byte_count
    try:
        if announced.isdecimal() and int(announced[:20]) > wanted:
            raise _too_large(wanted)
        async with asyncio.timeout(uploads.SECONDS):
            await _receive(request.receive, arrival, arrival.shop.settings.body_seconds)
        if arrival.received != wanted:
            raise HttpError(400, "BAD_REQUEST", f"{wanted} bytes were announced, {arrival.received} have come.")
        if not await arrival.end():
            raise FileGone(arrival.file_id)
    except BaseException as error:
        with suppress(Exception):  # what is left of it is removed later
            await asyncio.shield(arrival.abandon())
        if isinstance(error, FileGone):  # by an erasure, which takes every file, or by who has sent another one
            raise HttpError(400, "BAD_REQUEST", "What had come was removed; send the file again.") from None
        if isinstance(error, TimeoutError):
            message = f"It took more than {uploads.SECONDS} seconds."
            raise HttpError(400, "BAD_REQUEST", message, Connection="close") from None
        raise
    return Response(status_code=204)


async def _receive(receive: Receive, arrival: Arrival, seconds: float) -> None:
    more = True
    while more:
        try:
            async with asyncio.timeout(seconds):
                message: Message = await receive()
        except TimeoutError:
            raise HttpError(400, "BAD_REQUEST", f"Nothing came for {seconds:g} seconds.", Connection="close") from None
        if message["type"] == "http.disconnect":
            raise HttpError(400, "BAD_REQUEST", "The file was cut off.")
        body: Any = message.get("body", b"")
        if not await arrival.take(body):
            raise _too_large(arrival.upload.byte_count)
        more = message.get("more_body", False)


def _too_large(most: int) -> HttpError:
    return HttpError(413, "PAYLOAD_TOO_LARGE", f"{most} bytes were announced, and no more.", Connection="close")
