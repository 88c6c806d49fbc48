#!/usr/bin/env bash
# uvicorn that is given a TCP socket by `fd` leaves Nagle's algorithm on, which it turns off on its own sockets.
#
# Expected: a listening TCP socket that systemd, circus or a test hands over (`--fd`) is served as one that uvicorn has bound itself:
#   asyncio sets TCP_NODELAY on every TCP connection (https://docs.python.org/3/library/asyncio-protocol.html).
# Seen: uvicorn opens the descriptor as AF_UNIX, whatever it is. Connections are then no TCP ones to asyncio, and TCP_NODELAY stays off:
#   an answer in several small pieces can wait for the client's delayed acknowledgement.
# With: uvicorn 0.54.0, h11 0.16.0, Python 3.11, Linux.
# Source: https://www.uvicorn.org/settings/#socket-binding (--fd)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0 h11==0.16.0

cat > nodelay.py <<'PY'
import socket
import threading
import time
import urllib.request
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

seen: list[tuple[str, int]] = []


class Watched(H11Protocol):
    def connection_made(self, transport: Any) -> None:
        connection = transport.get_extra_info("socket")
        no_delay = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        seen.append((connection.family.name, no_delay))
        super().connection_made(transport)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def served(at: int, **where: Any) -> None:
    config = uvicorn.Config(app, http=Watched, loop="asyncio", lifespan="off", log_level="error", **where)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    urllib.request.urlopen(f"http://127.0.0.1:{at}/").read()
    server.should_exit = True
    thread.join()


with socket.create_server(("127.0.0.1", 0)) as listening:
    port = listening.getsockname()[1]
    served(port, fd=listening.fileno())
served(port, host="127.0.0.1", port=port)
print("by fd:            family %s, TCP_NODELAY %d" % seen[0])
print("by host and port: family %s, TCP_NODELAY %d" % seen[1])
assert seen == [("AF_UNIX", 0), ("AF_INET", 1)]
PY
venv/bin/python nodelay.py
