#!/usr/bin/env bash
# Starlette's GZipMiddleware compresses for a client that refuses gzip.
#
# Expected: "gzip;q=0" means "not acceptable" (RFC 9110, 12.4.2 and 12.5.3), so the answer comes as it is.
# Seen: the middleware looks whether the header holds the word gzip anywhere, and answers with Content-Encoding: gzip. A till
#   whose client cannot unpack, and says so, gets what it cannot read.
# With: starlette 1.10.0, httpx2 2.16.2, Python 3.11.
# Source: https://www.starlette.io/middleware/#gzipmiddleware
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check starlette==1.10.0 httpx2==2.16.2

cat > refused.py <<'PY'
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


async def receipt(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Espresso 3.00\n" * 100)


client = TestClient(Starlette(routes=[Route("/", receipt)], middleware=[Middleware(GZipMiddleware)]))


def encoding(accepted: str) -> str | None:
    return client.get("/", headers={"Accept-Encoding": accepted}).headers.get("Content-Encoding")


for accepted in ("gzip", "identity", "gzip;q=0", "identity, gzip;q=0"):
    print(f"Accept-Encoding: {accepted} -> {encoding(accepted)}")
assert (encoding("gzip"), encoding("identity")) == ("gzip", None)
assert (encoding("gzip;q=0"), encoding("identity, gzip;q=0")) == ("gzip", "gzip")
PY
venv/bin/python refused.py
