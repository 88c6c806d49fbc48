#!/usr/bin/env bash
# A client of httpx that asks a server of uvicorn every five seconds loses requests: both give an idle connection five seconds.
#
# Expected: a server keeps an idle connection for longer than common clients do, as RFC 9112, 9.3 and 9.5 leave it to both ends, and
#   who closes first decides whether a request is lost. So a client with defaults never sends on a connection that is being closed.
# Seen: uvicorn closes after 5 seconds without a request, httpx takes a connection for usable until 5 seconds after the answer came.
#   The answer took its time to come, so the client's five seconds begin later. What is sent in between is lost: httpx raises
#   RemoteProtocolError or ReadError and, for a POST, nobody knows whether it was done. Here a relay that passes things on 0.3
#   seconds later, as a distant network does, makes it happen each time.
# With: uvicorn 0.54.0, httpx 0.28.1, Python 3.11.
# Source: https://www.uvicorn.org/settings/ (--timeout-keep-alive), https://www.python-httpx.org/advanced/resource-limits/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0 httpx==0.28.1

cat > idle.py <<'PY'
import asyncio
import contextlib
import socket

import httpx
import uvicorn
from httpx._config import DEFAULT_LIMITS

LATE = 0.3


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def pass_on(reader, writer):
    pending = asyncio.Queue()

    async def deliver():
        while (item := await pending.get()) is not None:
            at, data = item
            await asyncio.sleep(max(0, at - asyncio.get_running_loop().time()))
            writer.write(data)
        writer.close()

    delivering = asyncio.create_task(deliver())
    while data := await reader.read(65536):
        pending.put_nowait((asyncio.get_running_loop().time() + LATE, data))
    await asyncio.sleep(LATE)
    pending.put_nowait(None)
    await delivering


async def main():
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)

    async def relay(reader, writer):
        there = await asyncio.open_connection(*bound.getsockname())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer), return_exceptions=True)

    between = await asyncio.start_server(relay, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{between.sockets[0].getsockname()[1]}/"
    print("uvicorn closes after", uvicorn.Config(app).timeout_keep_alive, "s, httpx after", DEFAULT_LIMITS.keepalive_expiry, "s")
    async with httpx.AsyncClient() as client:
        assert (await client.post(url)).status_code == 200
        await asyncio.sleep(4.8)
        try:
            await client.post(url)
            seen = "answered"
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            seen = type(error).__name__
    print("asked again 4.8 s later:", seen)
    between.close()
    server.should_exit = True
    await serving
    assert uvicorn.Config(app).timeout_keep_alive == 5 and DEFAULT_LIMITS.keepalive_expiry == 5.0
    assert seen in {"RemoteProtocolError", "ReadError"}, seen


asyncio.run(main())
PY
venv/bin/python idle.py
