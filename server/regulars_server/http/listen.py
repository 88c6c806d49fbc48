"""The web server around the application."""

import errno
import math
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from regulars_core.shop.settings import Settings

_BACKLOG = 2_048
_SEND_SECONDS = 5  # to send the last answers, after the last request can have ended
_IDLE_SECONDS = 75
"""How long a connection may lie idle: longer than clients and proxies keep one, 60 seconds as a rule. We must not be the first to
close it: a request that is under way by then is lost without an answer."""


_ANYWHERE = frozenset({"", "0.0.0.0", "::"})


def held(host: str, port: int) -> Sequence[socket.socket]:
    """Sockets that listen on every address of this host, which nobody else can do from now on; who connects waits until something
    serves them. Raises OSError."""
    infos = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(infos):
        try:
            sockets.append(_listening(family, address))
        except OSError as error:
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                for one in sockets:
                    one.close()
                raise OSError(error.errno, os.strerror(error.errno or 0)) from error
            missing = error  # `localhost` names an address of IPv6 where there is none, too
    if not sockets and missing is not None:
        raise missing
    return sockets


def _listening(family: int, address: Any) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(_BACKLOG)
        one.set_inheritable(True)
    except OSError:
        one.close()
        raise
    return one


def shown(host: str, port: int) -> str:
    """The address as a browser on this machine takes it."""
    name = "localhost" if host in _ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


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
        **_options(settings),
    )


def listen_on(sockets: Sequence[socket.socket], app: Callable[..., Any], settings: Settings) -> None:
    """The same on sockets that are held already, by one process and without TLS."""
    server = uvicorn.Server(uvicorn.Config(app, **_options(settings)))
    with suppress(KeyboardInterrupt):
        server.run(sockets=list(sockets))
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "http": "regulars_server.http.protocol:HttpProtocol",
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "backlog": _BACKLOG,
        "timeout_keep_alive": _IDLE_SECONDS,
        "timeout_graceful_shutdown": math.ceil(settings.body_seconds + settings.request_seconds) + _SEND_SECONDS,
    }
