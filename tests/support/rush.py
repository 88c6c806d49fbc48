"""A rush: tills at several servers sell to the same few customers at once, give back and undo, and send some things twice.

Every answer must be whole and in time. What was answered is remembered, to be held against what is there afterwards.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2

from regulars_schema.testing import USER_ERRORS
from tests.support.tills import HUNG

_ASKED = {
    "purchaseRecord": "created purchase { id total { amount } }",
    "purchaseRefund": "refund { id amount { amount } }",
    "purchaseVoid": "purchase { id status }",
    "customerUpdate": "customer { id }",
    "tiersReassess": "queuedCount",
}
_LONG = 60
"""Lines of a long purchase, which are copied into their table."""


def document(mutation: str) -> str:
    """What is sent of a mutation."""
    kind = mutation[0].upper() + mutation[1:] + "Input"
    return f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {_ASKED[mutation]} {USER_ERRORS} }} }}"


@dataclass
class Rush:
    """What was answered to all tills of a rush."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was answered under each idempotency key, without what differs when it is sent again."""
    purchases: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Reference → (key of the purchase, its total in minor units)."""
    refunds: dict[str, int] = field(default_factory=dict)
    """Key of a refund → minor units."""
    voids: set[str] = field(default_factory=set)
    """Keys of purchases."""
    seconds: list[float] = field(default_factory=list)
    """How long each answer took."""
    sent: Counter[str] = field(default_factory=Counter)
    """How often what was sent, such as a purchase twice under one key."""

    def remember(self, mutation: str, given: dict[str, Any], payload: dict[str, Any]) -> None:
        """Keep an answer. Raises AssertionError if the same was answered otherwise before."""
        key = given["idempotencyKey"]
        lasting = {name: value for name, value in payload.items() if mutation != "purchaseVoid" or name != "purchase"}
        assert self.keys.setdefault(key, lasting) == lasting, (given, lasting, self.keys[key])
        match mutation:
            case "purchaseRecord":
                made = (_key(payload["purchase"]), _minor(payload["purchase"]["total"]))
                assert self.purchases.setdefault(given["reference"], made) == made
            case "purchaseRefund":
                self.refunds[_key(payload["refund"])] = _minor(payload["refund"]["amount"])
            case "purchaseVoid":
                self.voids.add(_key(payload["purchase"]))


@dataclass
class RushTill:
    """One client of all servers: it works at one of them, and sends to another one what it sends twice."""

    name: str
    clients: Sequence[httpx2.AsyncClient]
    """One for each server, its own first."""
    customers: Sequence[str]
    """Whom everybody sells to, by id."""
    rush: Rush
    chance: random.Random
    _bought: list[tuple[str, int]] = field(default_factory=list)
    """Purchases of which something is left, with how much that is."""

    async def work(self, purchases: int) -> None:
        """Record so many purchases, one after another, and other things between them."""
        for number in range(purchases):
            await self._sell(number)
            if self.chance.random() < 0.2:
                await self._give_back()
            if self.chance.random() < 0.05:
                await self._undo()
            if self.chance.random() < 0.05:
                await self._disturb(number)

    async def _sell(self, number: int) -> None:
        total = self.chance.randint(1_000, 10_000)
        given: dict[str, Any] = {"reference": f"{self.name}-{number}", "idempotencyKey": uuid4().hex}
        lines = _LONG if self.chance.random() < 0.05 else self.chance.randint(1, 3)
        rest = [{"name": f"Sample {n}", "total": "0.00"} for n in range(1, lines)]
        given["lines"] = [{"name": "Tea", "total": f"{Decimal(total) / 100:.2f}"}, *rest]
        buyer = self.chance.random()
        if buyer < 0.85:
            given["customerId"] = self.chance.choice(self.customers)
        elif buyer < 0.95:
            who = self.chance.randrange(20)
            given["customer"] = {"firstName": f"Newcomer {who}", "lastName": "Li", "email": f"n{who}@example.com"}
        twice = self.chance.random()
        if twice < 0.1:
            await self._twice("purchaseRecord", given, given)
        elif twice < 0.2:
            one, other = await self._twice("purchaseRecord", given, {**given, "idempotencyKey": uuid4().hex})
            assert sorted((one["created"], other["created"])) == [False, True], (one, other)
        else:
            assert (await self._send("purchaseRecord", given))["created"]
        self._bought.append(self.rush.purchases[given["reference"]])

    async def _give_back(self) -> None:
        if not self._bought:
            return
        purchase, left = self._bought.pop(self.chance.randrange(len(self._bought)))
        amount = left if self.chance.random() < 0.2 else self.chance.randint(1, left)
        given = {
            "purchaseId": f"purchase_{purchase}",
            "amount": f"{Decimal(amount) / 100:.2f}",
            "idempotencyKey": uuid4().hex,
        }
        if self.chance.random() < 0.2:
            await self._twice("purchaseRefund", given, given)
        else:
            await self._send("purchaseRefund", given)
        if left > amount:
            self._bought.append((purchase, left - amount))

    async def _undo(self) -> None:
        if self._bought:
            purchase, _ = self._bought.pop(self.chance.randrange(len(self._bought)))
            given = {"purchaseId": f"purchase_{purchase}", "idempotencyKey": uuid4().hex}
            await self._twice("purchaseVoid", given, {**given, "idempotencyKey": uuid4().hex})

    async def _disturb(self, number: int) -> None:
        """Do something that moves nobody's money, and locks what purchases want."""
        customer, key = self.chance.choice(self.customers), uuid4().hex
        if self.chance.random() < 0.5:
            given = {"id": customer, "firstName": f"{self.name} {number}", "idempotencyKey": key}
            await self._send("customerUpdate", given)
        elif self.chance.random() < 0.8:
            await self._send("tiersReassess", {"customerId": customer, "idempotencyKey": key})
        else:
            await self._send("tiersReassess", {"all": True, "idempotencyKey": key})

    async def _twice(self, mutation: str, one: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
        """Send to two servers at the same time."""
        self.rush.sent[f"{mutation} twice under {'one key' if one is other else 'two keys'}"] += 1
        others = [0, self.chance.randrange(1, len(self.clients))]
        return await asyncio.gather(
            *(self._send(mutation, given, server) for given, server in zip((one, other), others, strict=True))
        )

    async def _send(self, mutation: str, given: dict[str, Any], server: int = 0) -> dict[str, Any]:
        """The payload. Raises AssertionError for an answer that is not whole."""
        body = {"query": document(mutation), "variables": {"input": given}}
        began = time.perf_counter()
        answer = await self.clients[server].post("/graphql", json=body)
        self.rush.seconds.append(time.perf_counter() - began)
        self.rush.sent[mutation] += 1
        told = answer.json()
        assert (answer.status_code, told.get("errors")) == (200, None), told
        payload: dict[str, Any] = told["data"][mutation]
        assert payload.pop("userErrors") == [], told
        self.rush.remember(mutation, given, payload)
        return payload


async def rush_hour(
    addresses: Sequence[str], key: str, customers: Sequence[str], purchases: int, tills: int = 2
) -> Rush:
    """Let so many tills at each server record so many purchases there, all at once. The first answer that is not whole ends
    it."""
    rush = Rush()
    headers = {"authorization": f"Bearer {key}"}
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for n in range(len(addresses) * tills):
            own = n // tills
            clients = [
                await stack.enter_async_context(httpx2.AsyncClient(base_url=address, headers=headers, timeout=HUNG))
                for address in (*addresses[own:], *addresses[:own])
            ]
            till = RushTill(f"T{n}", clients, customers, rush, random.Random(n))
            group.create_task(till.work(purchases // tills))
    return rush


def _key(entity: dict[str, Any]) -> str:
    return str(entity["id"]).partition("_")[2]


def _minor(money: dict[str, Any]) -> int:
    return int(Decimal(money["amount"]) * 100)
