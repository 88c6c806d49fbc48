"""A client of a server over a socket, as frontends write it by hand: what is sent is seen."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2

from tests.support.servers import Server, key_to

GRAPHQL_JSON = "application/graphql-response+json"


def hash_of(text: str) -> str:
    """Its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str, **more: Any) -> dict[str, Any]:
    """A request that names a document by its hash alone, as Apollo's link and urql's exchange send it."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}, **more}


class Asking:
    """Asks one server, with a key unless another header is given."""

    def __init__(self, server: Server, key: str, http: httpx2.Client) -> None:
        self.server, self._key, self._http = server, key, http

    def post(self, body: Any, **headers: str) -> httpx2.Response:
        return self.send("POST", "/graphql", json=body, headers=headers)

    def get(self, body: dict[str, Any], **headers: str) -> httpx2.Response:
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        return self.send("GET", f"/graphql?{urlencode(texts)}", headers=headers)

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> httpx2.Response:
        own = {"authorization": f"Bearer {self._key}", **(headers or {})}
        sent = {name: value for name, value in own.items() if value}
        return self._http.request(method, f"{self.server.address}{path}", headers=sent, timeout=60, **request)


@contextmanager
def asking_a_server(url: str, folder: Path, **settings: str) -> Iterator[Asking]:
    """Serves the shop at this URL with these settings in a process of its own."""
    key = asyncio.run(key_to(url))
    with Server(url, folder, **settings) as server, httpx2.Client() as http:
        yield Asking(server, key, http)
