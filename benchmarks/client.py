"""The smallest client that keeps a server busy: some connections, each of which asks as soon as it is answered."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import httptools

_SAMPLED = 50
"""Of so many answers one is looked into; of all of them the status is."""

_TOO_MUCH = 503
_MAX_S = 60
"""Seconds after which an answer does not come any more."""

Check = Callable[[bytes], None]
"""Looks into an answer. Raises AssertionError."""


@dataclass
class Round:
    """What came of asking for some seconds. Refused is what was answered 503, by a server that has too much to do."""

    answers: int = 0
    refused: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class _Connection(asyncio.Protocol):
    """One connection that is kept alive. The parser calls what begins with `on_`."""

    def __init__(self, requests: Iterator[bytes], round_: Round, until: float, check: Check) -> None:
        self._requests, self._round, self._until, self._check = requests, round_, until, check
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._body: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except Exception as error:
            self.end(error.__context__ or error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(exc or ConnectionError("The server closed the connection."))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        present = time.perf_counter()
        body, self._body = self._body, []
        status = self._parser.get_status_code()
        if status == _TOO_MUCH:
            self._round.refused += 1
        else:
            assert status == 200, f"{status}: {b''.join(body)[:500]!r}"
            if self._round.answers % _SAMPLED == 0:
                self._check(b"".join(body))
            self._round.answers += 1
        self._round.ended = present
        self._parser = httptools.HttpResponseParser(self)
        if present < self._until:
            self._ask()
        else:
            self.end(None)

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self.end(None)
        else:
            self._transport.write(request)

    def end(self, error: BaseException | None) -> None:
        if not self.done.done():
            self.done.set_result(None) if error is None else self.done.set_exception(error)
        if self._transport is not None:
            self._transport.close()


async def ask(port: int, requests: Iterator[bytes], concurrency: int, seconds: float | None, check: Check) -> Round:
    """Ask a server for some seconds, or as long as there are requests, over so many connections. Raises AssertionError
    for an answer that is not right, TimeoutError if none comes any more."""
    round_ = Round(began=time.perf_counter())
    loop = asyncio.get_running_loop()
    until = round_.began + seconds if seconds is not None else float("inf")
    protocols = [
        (
            await loop.create_connection(
                lambda: _Connection(requests, round_, until, check), host="127.0.0.1", port=port
            )
        )[1]
        for _ in range(concurrency)
    ]
    try:
        async with asyncio.timeout(None if seconds is None else seconds + _MAX_S):
            await asyncio.gather(*(protocol.done for protocol in protocols))
    finally:
        for protocol in protocols:
            protocol.end(None)
    return round_


def post(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of a request."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        "accept: application/json",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
