"""What is sent to do harm is refused or answered: in time, in JSON, without a word about our insides."""

import asyncio
import gc
import math
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from regulars_core.shop.settings import Settings
from tests.support.hostile import bodies, documents, heads
from tests.support.servers import Client, Server, key_to, logged_lines, raw, serving

TIMED = os.environ.get("TIMED") == "true"
MAX_CPU_S = 0.1  # seconds of processor time that a document may cost before anything of it is executed
INSIDES = re.compile(
    r"Traceback|regulars_|sqlite|asyncpg|tortoise|strawberry|SELECT |\.py\b|Error\(|Exception|<class|object at 0x|sys\.",
)
CODES = {
    "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "QUERY_TOO_COMPLEX",
    "PAYLOAD_TOO_LARGE", "UNAUTHENTICATED",
}  # fmt: skip
DOCUMENTS = dict(documents())
BODIES = dict(bodies())


@pytest.fixture
def engine() -> str:
    """None of this reaches a database."""
    return "sqlite"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[Client]:
    async with serving(Settings(database_url=database_url)) as opened:
        yield opened


def test_there_is_as_much_as_promised() -> None:
    assert len(DOCUMENTS) >= 300
    assert len(BODIES) + len(dict(heads("rk"))) >= 150


def check(name: str, status: int, text: str) -> set[str]:
    """The codes of an answer, all of them the sender's fault."""
    assert status < 500, (name, text)
    assert not INSIDES.search(text), (name, text[:2_000])
    body = orjson.loads(text)
    assert isinstance(body, dict), name
    found = {error["extensions"]["code"] for error in body.get("errors", [])}
    assert found <= CODES, (name, text[:2_000])
    assert found or "data" in body, name
    return found


async def test_documents(client: Client) -> None:
    # Each is sent in whatever form it has, unless JSON cannot say it; its variables are missing.
    took: dict[str, float] = {}
    gc.collect()
    gc.freeze()  # what pytest holds in memory would be searched for garbage again and again
    refused = 0
    for name, document in DOCUMENTS.items():
        took[name] = math.inf
        for attempt in range(3 if TIMED else 1):
            body = orjson.dumps({"query": document + " " * attempt})  # never one that is known by now
            began = time.process_time()
            answer = await client.send("POST", "/graphql", content=body, headers={"content-type": "application/json"})
            took[name] = min(took[name], time.process_time() - began)
        assert answer.status_code in {200, 400, 413}, name
        refused += bool(check(name, answer.status_code, answer.text))
    gc.unfreeze()
    assert refused > len(DOCUMENTS) * 0.8
    slowest = sorted(took, key=lambda name: took[name], reverse=True)[:5]
    print(f"{len(took)} documents, {refused} refused; processor time with HTTP and execution:")
    for name in slowest:
        print(f"  {took[name] * 1_000:6.1f} ms  {name}")
    if TIMED:
        assert took[slowest[0]] < MAX_CPU_S


async def test_bodies(client: Client) -> None:
    for name, body in BODIES.items():
        answer = await client.send("POST", "/graphql", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {200, 400, 413}, name
        check(name, answer.status_code, answer.text)


SILENT = {"method HEAD"}  # HTTP has no body for them
UNFINISHED = {"shorter than said", "too large by its length", "too large and asks first"}


def test_bytes(database_url: str, tmp_path: Path) -> None:
    """To a real server, which goes on answering."""
    key = asyncio.run(key_to(database_url))
    with Server(database_url, tmp_path, body_seconds="1") as server:
        address = server.address
        for name, sent in heads(key):
            received = raw(address, sent, half_close=name not in UNFINISHED).decode("latin-1")
            assert server.process.poll() is None, name
            if name in SILENT:
                continue
            assert received, name
            answers = re.split(r"(?=HTTP/1\.1 \d{3} )", received)[1:]
            assert answers, (name, received[:200])
            for answer in answers:
                head, _, body = answer.partition("\r\n\r\n")
                status = int(head[9:12])
                assert status not in {100}, name
                assert status < 500, (name, answer)
                assert not INSIDES.search(answer), (name, answer)
                if status != 307:
                    assert "application/json" in head or "graphql-response+json" in head, (name, head)
                    orjson.loads(body.encode("latin-1"))
            if name == "pipelined":
                assert len(answers) == 20
        assert raw(address, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    log = server.log.read_text()
    assert key not in log
    assert not [line for line in logged_lines(server.log) if line.get("level") in {"error", "critical"}]
