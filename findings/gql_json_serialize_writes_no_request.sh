#!/usr/bin/env bash
# The json_serialize that gql's HTTPX and requests transports take writes their log and uploads, and no ordinary request.
#
# Expected: Decimals in variables are sent as a `json_serialize` for Decimals writes them. The parameter is documented as the JSON
#   serializer of the transport, in the same words as that of the aiohttp transport, whose requests it writes.
# Seen: the payload is handed to httpx and requests as `json=`, which write it with the standard library: a sale with a Decimal fails with
#   "not JSON serializable", and a serializer that is faster, or that sorts keys for a signature, is never asked.
# With: gql 4.4.0 with httpx 0.28.1 and aiohttp 3.12.15, Python 3.11.
# Source: https://gql.readthedocs.io/en/stable/modules/transport_httpx.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check gql==4.4.0 httpx==0.28.1 aiohttp==3.12.15

cat > serialize.py <<'PY'
import asyncio
import json
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.httpx import HTTPXTransport

bodies = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b'{"data": {"sell": true}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
address, written = f"http://127.0.0.1:{server.server_port}", partial(json.dumps, default=str)
document = gql("mutation($total: Decimal!) { sell(total: $total) }")
document.variable_values = {"total": Decimal("10.50")}


async def by_aiohttp():
    async with Client(transport=AIOHTTPTransport(address, json_serialize=written)) as session:
        await session.execute(document)


asyncio.run(by_aiohttp())
try:
    Client(transport=HTTPXTransport(address, json_serialize=written)).execute(document)
    failure = None
except Exception as error:
    failure = f"{type(error).__name__}: {error}"
print(f"by aiohttp: {[body['variables'] for body in bodies]}\nby httpx: {failure}")
assert [body["variables"] for body in bodies] == [{"total": "10.50"}]
assert failure == "TransportConnectionFailed: Object of type Decimal is not JSON serializable"
PY
venv/bin/python serialize.py
