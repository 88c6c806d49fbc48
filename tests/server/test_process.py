"""A real server process: it finishes what it has begun, speaks TLS, loses patience, and logs in lines."""

import asyncio
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import httpx2
import pytest
import uvicorn

from regulars_core.shop.settings import Settings
from regulars_server.app import create_app
from regulars_server.http.protocol import MAX_HEAD_BYTES, HttpProtocol
from tests.support.servers import COMMAND, Server, free_port, key_to, logged_lines, raw

CREATE = (
    'mutation { customerCreate(input: {firstName: "Ana", lastName: "Li"}) { customer { id } userErrors { code } } }'
)


@contextmanager
def writing_is_locked(url: str) -> Iterator[Callable[[], bool]]:
    """Holds what every registration needs, until the block ends; answers whether somebody waits for it, if it is known."""
    if url.startswith("sqlite"):
        lock = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            yield lambda: True
        finally:
            lock.rollback()
            lock.close()
        return
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(url))
    transaction = connection.transaction()
    loop.run_until_complete(transaction.start())
    loop.run_until_complete(connection.execute("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    try:
        yield lambda: bool(loop.run_until_complete(connection.fetchval(waiting)))
    finally:
        loop.run_until_complete(transaction.rollback())
        loop.run_until_complete(connection.close())
        loop.close()


def takes_more(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/health", verify=False, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def test_who_is_told_to_stop_finishes_what_was_begun(database_url: str, tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {asyncio.run(key_to(database_url))}"}
    answers: list[httpx2.Response] = []
    # Jobs are off: they would complain of the lock if it is held for long.
    with Server(database_url, tmp_path, metrics="true", jobs="false") as server:
        address = server.address

        def is_at_work() -> bool:
            figures = httpx2.get(f"{address}/metrics", headers=headers, timeout=60).text
            return "regulars_requests_in_flight 2.0" in figures  # that one, and the one that asks for figures

        def ask() -> None:
            answers.append(httpx2.post(f"{address}/graphql", json={"query": CREATE}, headers=headers, timeout=60))

        asking = threading.Thread(target=ask)
        with writing_is_locked(database_url) as somebody_waits:
            asking.start()
            while not (is_at_work() and somebody_waits()):
                time.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            until = time.monotonic() + 60
            while takes_more(address):
                assert time.monotonic() < until
            assert server.process.poll() is None
            assert not answers
        asking.join(60)
        server.process.wait(60)
    [answer] = answers
    assert answer.status_code == 200
    assert answer.json()["data"]["customerCreate"]["userErrors"] == []
    assert server.process.returncode in {0, -signal.SIGTERM}
    assert not [line for line in logged_lines(server.log) if line["level"] == "error"]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_tls(database_url: str, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    options = ("--certfile", str(certificate), "--keyfile", str(key))
    with Server(database_url, tmp_path, *options, scheme="https") as server:
        address = server.address
        trusting = ssl.create_default_context(cafile=str(certificate))
        answer = httpx2.get(f"{address}/health", verify=trusting)
        assert answer.json() == {"status": "alive"}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert httpx2.post(f"{address}/graphql", verify=trusting).status_code == 401
    alone = subprocess.run(
        [*COMMAND, "serve", "--certfile", str(certificate)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (alone.returncode, "--keyfile" in alone.stderr) == (1, True)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("form", ["json", "console"])
def test_the_log_is_lines(database_url: str, tmp_path: Path, form: str) -> None:
    headers = {"authorization": f"Bearer {asyncio.run(key_to(database_url))}", "x-request-id": "r-7"}
    with Server(database_url, tmp_path, log_format=form, log_level="debug") as server:
        address = server.address
        httpx2.post(f"{address}/graphql", json={"query": "{ shop { name } }"}, headers=headers)
    if form == "json":
        [line] = [line for line in logged_lines(server.log) if line.get("request_id") == "r-7"]
        assert line.keys() == {
            "at", "level", "logger", "event", "request_id", "method", "place", "status", "ms", "key_id", "kind", "fields", "cost"
        }  # fmt: skip
        assert (line["fields"], line["status"], line["level"]) == ("shop", 200, "info")
    else:
        text = server.log.read_text()
        assert "r-7" in text
        assert "GET /ready" not in text  # uvicorn's own access log


@contextmanager
def listening(settings: Settings, protocol: type[HttpProtocol]) -> Iterator[str]:
    """The application behind this protocol, in a thread."""
    port = free_port()
    config = uvicorn.Config(
        create_app(settings), host="127.0.0.1", port=port, http=protocol, ws="none", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


class Impatient(HttpProtocol):
    patience_seconds = 0.3


@pytest.mark.parametrize("engine", ["sqlite"])
def test_who_only_holds_a_connection_open_loses_it(database_url: str) -> None:
    key = asyncio.run(key_to(database_url))
    settings: dict[str, Any] = {"database_url": database_url, "body_seconds": 0.3}
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    known = head + f"Authorization: Bearer {key}\r\n".encode()
    with listening(Settings(**settings), Impatient) as address:
        assert raw(address, half_close=False) == b""
        slow_head = raw(address, head, half_close=False)
        assert slow_head.startswith(b"HTTP/1.1 400")
        assert b"did not arrive within 0.3 seconds" in slow_head
        slow_body = raw(address, known + b'Content-Length: 100\r\n\r\n{"q', half_close=False)
        assert slow_body.startswith(b"HTTP/1.1 400")
        assert b"did not arrive within 0.3 seconds" in slow_body
        drops = [b" "] * 12  # drop by drop is not faster
        assert b"did not arrive" in raw(
            address, known + b"Content-Length: 100\r\n\r\n", *drops, pause=0.05, half_close=False
        )
        # Refused before its body has come: the rest is thrown away, but not for ever.
        stranger = head + b"Content-Length: 100000\r\n\r\n"
        assert raw(address, stranger, half_close=False).startswith(b"HTTP/1.1 401")
        endless = raw(address, head + b"X: ", *[b"x" * 16_384] * (MAX_HEAD_BYTES // 16_384 + 8), half_close=False)
        assert endless.startswith(b"HTTP/1.1 400")
    with listening(Settings(**settings | {"body_seconds": 10}), HttpProtocol) as address:
        body = b'{"query":"{__typename}"}'
        whole = head + b"Content-Length: %d\r\n\r\n" % len(body)
        kept = raw(address, whole, body + known + b"Content-Length: %d\r\n\r\n" % len(body) + body, pause=0.05)
        assert (kept.count(b"HTTP/1.1 401"), kept.count(b"HTTP/1.1 200")) == (1, 1)
        assert raw(address, known + b"Content-Length: %d\r\n\r\n" % len(body) + body).startswith(b"HTTP/1.1 200")
