"""Several servers give, take, hold and take back credit of the same few customers at once, in opposite order, while some of them
are merged: everybody is answered, nothing is lost, doubled or spent twice, and no deadlock reaches a client.
"""

import asyncio
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

import regulars_loyalty
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import opened_shop
from regulars_loyalty.chain.verification import differences
from regulars_loyalty.ledger.storage import read_ledger
from tests.support.keys import make_key
from tests.support.servers import Server
from tests.support.tills import HUNG

POSTINGS = int(os.environ.get("POSTINGS", "20"))
"""Of each clerk."""
SERVERS = 8 if "POSTINGS" in os.environ else 2
CLERKS = 4
"""At each server."""
CUSTOMERS = 20 if "POSTINGS" in os.environ else 10
MERGES = CUSTOMERS // 2
"""In between, one after the other; of these every second one is undone, if nothing was spent of what came over."""
DEADLINE = 10.0
"""Seconds that a request may take: the default."""
_ASKED = {
    "creditAdd": "entry { id delta { amount } }",
    "creditDeduct": "entry { id delta { amount } }",
    "creditHold": "hold { id }",
    "creditCapture": "entry { id delta { amount } }",
    "creditRelease": "hold { id }",
    "ledgerReverse": "creditEntry { id } customer { id }",
    "customersMerge": "customersMerge { mergeId }",
    "customersUnmerge": "customers { id }",
}
_EXPECTED = frozenset({"INSUFFICIENT_FUNDS", "ALREADY_REVERSED", "HOLD_CLOSED", "OPEN_HOLD", "LOT_CONSUMED"})
"""Codes of refusals that may come, since others are quicker."""


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@dataclass
class Told:
    """What was answered to all clerks."""

    entries: dict[str, str] = field(default_factory=dict)
    """Id of an entry → the amount that it moved, as text."""
    shared: list[str] = field(default_factory=list)
    """Entries that anybody may take back."""
    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass
class Clerk:
    """Posts at two servers: now and then the same under one key at both at once."""

    clients: Sequence[httpx2.AsyncClient]
    customers: Sequence[str]
    """In the order in which this one goes round."""
    told: Told
    chance: random.Random

    async def work(self) -> None:
        for n in range(POSTINGS):
            customer = self.customers[n % len(self.customers)]
            amount = {"amount": f"{self.chance.randint(1, 900) / 100:.2f}"}
            given = {"customerId": customer, "amount": amount, "reason": "OTHER"}
            what = self.chance.random()
            if what < 0.4:
                await self._send("creditAdd", given)
            elif what < 0.75:
                await self._send("creditDeduct", given)
            elif what < 0.9:
                await self._hold(customer, amount)
            elif self.told.shared:
                entry = self.chance.choice(self.told.shared)
                await self._send("ledgerReverse", {"entryId": entry, "reason": "CORRECTION"})

    async def merge(self, clerks: int) -> None:
        """Make one of two customers, again and again while so many clerks work."""
        living = list(self.customers)
        for n in range(MERGES):
            while self.told.outcomes.total() < clerks * POSTINGS * n // MERGES:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            survivor, absorbed = self.chance.sample(living, 2)
            given = {"survivorId": survivor, "absorbedIds": [absorbed]}
            made = (await self._send("customersMerge", given))["customersMerge"]
            if made is not None and n % 2:
                made = (await self._send("customersUnmerge", {"mergeId": made["mergeId"]}))["customers"] is None
            if made:
                living.remove(absorbed)

    async def _hold(self, customer: str, amount: dict[str, str]) -> None:
        basket = self.chance.choice(("shared", uuid4().hex))
        payload = await self._send("creditHold", {"customerId": customer, "amount": amount, "basket": basket})
        if payload["hold"] is not None:
            mutation = self.chance.choice(("creditCapture", "creditRelease"))
            await self._send(mutation, {"holdId": payload["hold"]["id"]})

    async def _send(self, mutation: str, given: dict[str, Any]) -> dict[str, Any]:
        given = {**given, "idempotencyKey": uuid4().hex}
        twice = self.chance.random() < 0.2
        clients = self.clients if twice else self.clients[:1]
        answers = await asyncio.gather(*(self._ask(client, mutation, given) for client in clients))
        assert all(answer == answers[0] for answer in answers) or mutation in {"creditHold", "creditRelease"}, answers
        payload: dict[str, Any] = answers[0]
        codes = [error["code"] for error in payload["userErrors"]]
        assert set(codes) <= _EXPECTED, codes
        self.told.outcomes[f"{mutation} {codes[0] if codes else ''}".strip()] += 1
        if entry := payload.get("entry"):
            self.told.entries[entry["id"]] = entry["delta"]["amount"]
            self.told.shared.append(entry["id"])
        return payload

    async def _ask(self, client: httpx2.AsyncClient, mutation: str, given: dict[str, Any]) -> dict[str, Any]:
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = (
            f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {_ASKED[mutation]} userErrors {{ code }} }} }}"
        )
        began = time.perf_counter()
        answer = await client.post("/graphql", json={"query": document, "variables": {"input": given}})
        self.told.seconds.append(time.perf_counter() - began)
        body = answer.json()
        assert (answer.status_code, body.get("errors")) == (200, None), body
        payload: dict[str, Any] = body["data"][mutation]
        return payload


async def _prepared(shop: Shop) -> tuple[str, list[str]]:
    people = [checked(shop.settings, NewCustomer("Ana", f"Of All {n}")) for n in range(CUSTOMERS)]
    ids = [(await find_or_register(shop, person, ())).id for person in people]
    return await make_key(shop.database, "clerks"), [f"customer_{id_}" for id_ in ids]


async def _all_post(addresses: Sequence[str], key: str, customers: Sequence[str]) -> Told:
    told = Told()
    headers = {"authorization": f"Bearer {key}"}
    number = len(addresses) * CLERKS
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for n in range(number + 1):
            own, other = addresses[n % len(addresses)], addresses[(n + 1) % len(addresses)]
            clients = [
                await stack.enter_async_context(httpx2.AsyncClient(base_url=address, headers=headers, timeout=HUNG))
                for address in (own, other)
            ]
            order = list(customers) if n % 2 else list(reversed(customers))
            clerk = Clerk(clients, order, told, random.Random(n))
            group.create_task(clerk.work() if n < number else clerk.merge(number))
    return told


async def _assert_counted(shop: Shop, told: Told) -> int:
    """Every figure that is kept of an account is what its entries give, and every entry that was told of is there, once; how
    many there are."""
    database = shop.database
    rows = await database.rows(
        "SELECT id, customer_id, version, source, target, amount, balance_after, debt_after FROM loyalty_transfer"
        " ORDER BY customer_id, version"
    )
    kept = {f"creditentry_{row[0]}" for row in rows}
    assert told.entries.keys() <= kept
    accounts: dict[str, list[Any]] = {}
    for row in rows:
        accounts.setdefault(row[1], []).append(row)
    for customer_id, own in accounts.items():
        lots = debt = 0
        for place, (_, _, version, source, target, amount, after, owed) in enumerate(own, 1):
            lots += amount * ((target == "LOTS") - (source == "LOTS"))
            debt += amount * ((source == "DEBT") - (target == "DEBT"))
            assert (version, after, owed) == (place, lots - debt, debt), customer_id
        account = (await read_ledger(shop, [customer_id])).account(customer_id, "USD")
        assert (account.amount, account.debt, account.version) == (lots, debt, len(own))
        assert account.amount == sum(lot.remaining for lot in account.lots or [])
    twice = await database.rows(
        "SELECT reverses_id FROM loyalty_transfer WHERE reverses_id IS NOT NULL GROUP BY reverses_id"
        " HAVING count(DISTINCT event_id) > 1"
    )
    assert twice == []
    return len(rows)


async def _deadlocks(shop: Shop) -> int:
    if shop.database.engine == "sqlite":
        return 0
    [row] = await shop.database.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(row[0])


async def test_servers_that_post_to_the_same_customers(
    database_url: str, engine: str, plugins: Plugins, tmp_path: Path, no_settings_from_outside: None
) -> None:
    async with opened_shop(database_url, plugins) as shop:
        key, customers = await _prepared(shop)
    with ExitStack() as running:
        servers = [Server(database_url, tmp_path, plugins="loyalty", database_pool="4") for _ in range(SERVERS)]
        for server in servers:
            running.callback(lambda server=server: server.stop() if hasattr(server, "process") else None)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        told = await _all_post([server.address for server in servers], key, customers)
    logs = "\n".join(server.log.read_text() for server in servers)
    async with opened_shop(database_url, plugins) as shop:
        entries, deadlocks = await _assert_counted(shop, told), await _deadlocks(shop)
        wrong = [one async for one in differences(shop)]
    slowest, middle = max(told.seconds), statistics.median(told.seconds)
    print(
        f"\n{engine}: {SERVERS} servers, {SERVERS * CLERKS} clerks, {CUSTOMERS} customers, {len(told.seconds)} answers, all"
        f" whole, {entries} entries, {deadlocks} deadlocks; median {middle * 1_000:.0f} ms, slowest {slowest * 1_000:.0f} ms;"
        f" {dict(sorted(told.outcomes.items()))}"
    )
    assert wrong == []
    assert told.outcomes["customersMerge"] > 0
    assert slowest < DEADLINE
    assert '"level": "error"' not in logs, logs
