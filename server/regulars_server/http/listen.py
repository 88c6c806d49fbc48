"""The web server around the application."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from regulars_core.shop.settings import Settings

_SEND_SECONDS = 5  # to send the last answers, after the last request can have ended
_IDLE_SECONDS = 75
"""How long a connection may lie idle: longer than clients and proxies keep one, 60 seconds as a rule. We must not be the first to
close it: a request that is under way by then is lost without an answer."""


def listen(
    app: str | Callable[..., Any],
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int = 1,
    certfile: Path | None = None,
    keyfile: Path | None = None,
) -> None:
    """Serve until a signal comes; then take nothing new, and end what was begun. Where `app` is a text, it names what
    makes the application in each process. The log must be written already; uvicorn's own access log stays off."""
    uvicorn.run(
        app,
        factory=isinstance(app, str),
        host=host,
        port=port,
        workers=workers,
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
        http="regulars_server.http.protocol:HttpProtocol",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.body_seconds + settings.request_seconds) + _SEND_SECONDS,
    )
