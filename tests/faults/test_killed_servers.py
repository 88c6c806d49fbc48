"""kill -9 of the server while it writes: whatever it has acknowledged is there once, and it answers retries as the first time."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import orjson

from tests.support.servers import Server
from tests.support.tills import HUNG, Sent, balance, looking_at, tills

KILLS = int(os.environ.get("KILLS", "2"))


async def test_killed_while_it_writes(server: Server, database_url: str, engine: str) -> None:
    clients = await tills(database_url, server.address, breaks=True)
    slowest, again = 0.0, 0
    for _ in range(KILLS):
        done = asyncio.Event()
        work = [asyncio.create_task(till.work(done)) for till in clients]
        await asyncio.sleep(random.uniform(0.05, 0.8))
        server.kill()
        slowest = max(slowest, await asyncio.to_thread(server.start))
        done.set()
        await asyncio.gather(*work)
        samples = [till.told[-5:] for till in clients]
        await asyncio.gather(*(till.again(sample) for till, sample in zip(clients, samples, strict=True)))
        again += sum(map(len, samples))
        found = await balance(database_url, clients)
        assert (found.lost, found.doubled) == (0, 0)
    unanswered = sum(told.replayed for till in clients for told in till.told)
    print(
        f"\n{engine}: {KILLS} kills of the server, {found.acknowledged} acknowledged writes, {found.lost} lost,"
        f" {found.doubled} doubled; {again} sent again, all answered as the first time; {unanswered} were done and not"
        f" answered before the kill; slowest recovery {slowest:.1f} s"
    )
    assert found.acknowledged > KILLS


async def test_killed_between_the_effect_and_its_answer(server: Server, database_url: str) -> None:
    [till] = await tills(database_url, server.address, 1, breaks=True)
    customer = f"customer_{till.own}"
    bought = {"reference": "R1", "customerId": customer, "lines": [{"name": "Tea", "total": "5.00"}]}
    for number, sent in enumerate(
        [
            Sent("purchaseRecord", {**bought, "idempotencyKey": "bought"}),
            Sent("customerUpdate", {"id": customer, "firstName": "Eva", "idempotencyKey": "changed"}),
        ],
        1,
    ):
        async with _sent_and_looked_away(server.address, till.key, sent):
            await _effect(database_url, sent)
            server.kill()
        await asyncio.to_thread(server.start)
        async with till._client() as client:
            told = await till.acknowledged(client, sent)
        assert told.replayed
        till.told.append(told)
        await till.again(till.told)
        found = await balance(database_url, [till])
        assert (found.acknowledged, found.lost, found.doubled) == (number, 0, 0)


@asynccontextmanager
async def _sent_and_looked_away(address: str, key: str, sent: Sent) -> AsyncIterator[None]:
    """Send a request whose answer nobody reads."""
    body = orjson.dumps(sent.body)
    host, port = urlsplit(address).hostname, urlsplit(address).port
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        yield
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _effect(url: str, sent: Sent) -> None:
    """Wait until the database has it."""
    async with looking_at(url) as shop, asyncio.timeout(HUNG):
        while not await shop.database.rows("SELECT 1 FROM idempotency_key WHERE key = $1", sent.key):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
