"""HTTP/1.1 as uvicorn speaks it, with what a door needs: an end to waiting, and JSON for bytes that are no HTTP."""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from regulars_server.http.errors import PLAIN_JSON, HttpError
from regulars_server.http.request import ARRIVED

MAX_HEAD_BYTES = 65_536
"""Request line and headers of one request, to the size of the piece in which they arrive."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _AnswerTransport:
    """The transport of one answer, which sends the head together with what follows it: each piece that is sent wakes the
    receiver, which costs both sides about as much as a short query."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self._begun = False

    def write(self, data: bytes) -> None:
        """Keep the head, send everything else."""
        if not self._begun and data != _CONTINUE:
            self._begun, self._head = True, data
        else:
            self._transport.write(self._taken_head() + data)

    def close(self) -> None:
        """End the connection when all is sent, a head too that nothing has followed."""
        if self._head is not None:
            self._transport.write(self._taken_head())
        self._transport.close()

    def _taken_head(self) -> bytes:
        head, self._head = self._head, None
        return head or b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class HttpProtocol(HttpToolsProtocol):
    """One connection. Who only holds it open does not have it for long: `patience_seconds` is how long a new
    connection may be silent, and how long a request line with its headers may take, or the rest of a body that was
    refused."""

    patience_seconds = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The parser keeps what it has of a header until the rest comes: so long ones are cut off here."""
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
        elif self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"Request line and headers have at most {MAX_HEAD_BYTES} bytes.")

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Who has said everything may still wait for the answer; TLS knows no such half-closed connection."""
        latest = self.cycle
        if self.scheme == "https" or latest is None or latest.response_complete or latest.more_body:
            return None
        latest.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """A request begins to arrive."""
        self._in_head = True
        self._start_timer()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its headers are there."""
        super().on_headers_complete()
        if self.cycle is not None and self.scope["method"] != "HEAD":
            self.cycle.transport = _AnswerTransport(self.transport)  # type: ignore[assignment]
        self._in_head = False
        self._stop_timer()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._stop_timer()
        self.scope[ARRIVED] = True  # type: ignore[literal-required]
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete and not self.transport.is_closing():
            # It was refused before; what came since has stopped the clock of a connection that is not used.
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """It is answered, maybe before all of it is there."""
        super().on_response_complete()
        if self.cycle is not None and self.cycle.more_body and not self.transport.is_closing():
            self._start_timer()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, in JSON like everything else, and hang up."""
        body = orjson.dumps(HttpError(400, "BAD_REQUEST", msg).body())
        head = f"content-type: {PLAIN_JSON}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[400] + head.encode() + body)
        self.transport.close()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.patience_seconds, self._lose_patience)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy:
            self._start_timer()  # an earlier request of this connection is still being answered
        elif self._in_head:
            self.send_400_response(f"The request did not arrive within {self.patience_seconds:g} seconds.")
        else:
            self.transport.close()
