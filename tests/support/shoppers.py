"""Shoppers: clients that search, read, record and refund as a shop's tills and screens do, and time every answer.

Any answer but a whole one fails the test: another status than 200, `errors`, or `userErrors`.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2

from regulars_core.database import Database
from regulars_schema.testing import USER_ERRORS
from tests.support.keys import make_key
from tests.support.tills import HUNG

MIX = {"search": 40, "profile": 15, "page": 15, "record": 20, "refund": 10}
"""What is asked, and how often out of a hundred times."""

_SEARCH = "query($typed: String!) { customerSearch(query: $typed) { id code displayName status } }"
_PROFILE = """query($id: ID!) { customer(id: $id) {
  id code displayName email status group { name } tier { code name }
  stats { totalSpent { amount } averagePurchase { amount } purchaseCount lastPurchaseAt }
  purchases(first: 10) { nodes { id reference purchasedAt status total { amount } lines { name quantity total { amount } } } }
} }"""
_PAGE = """query($after: String) { customers(first: 50, after: $after) {
  nodes { id code displayName status group { name } stats { totalSpent { amount } purchaseCount } }
  pageInfo { hasNextPage endCursor }
} }"""
_RECORD = f"""mutation($input: PurchaseRecordInput!) {{ purchaseRecord(input: $input) {{
  created purchase {{ id total {{ amount }} lines {{ id }} }} {USER_ERRORS}
}} }}"""
_REFUND = f"""mutation($input: PurchaseRefundInput!) {{ purchaseRefund(input: $input) {{
  refund {{ id amount {{ amount }} }} {USER_ERRORS}
}} }}"""


@dataclass
class Shopper:
    """One client on one connection, with an API key of its own."""

    name: str
    address: str
    key: str
    customers: Sequence[str]
    """The ids of those whom it reads and sells to."""
    words: Sequence[str]
    """What it types the beginnings of."""
    chance: random.Random
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    """How long each answer took, by kind."""
    _bought: deque[dict[str, Any]] = field(default_factory=deque)
    _numbers: Any = field(default_factory=count)
    _after: str | None = None

    async def shop(self, until: float, least: int) -> None:
        """Ask one thing after another until this instant of `time.monotonic`, and so many things at least."""
        asks = {
            "search": self._search, "profile": self._profile, "page": self._page, "record": self._record, "refund": self._refund,
        }  # fmt: skip
        headers = {"authorization": f"Bearer {self.key}"}
        async with httpx2.AsyncClient(base_url=self.address, headers=headers, timeout=HUNG) as client:
            while time.monotonic() < until or sum(map(len, self.seconds.values())) < least:
                [kind] = self.chance.choices(list(MIX), list(MIX.values()))
                if kind == "refund" and not self._bought:
                    kind = "record"
                await asks[kind](client)

    async def _search(self, client: httpx2.AsyncClient) -> None:
        word = self.chance.choice(self.words)
        await self._asked(client, "search", _SEARCH, typed=word[: self.chance.randint(2, max(2, len(word)))])

    async def _profile(self, client: httpx2.AsyncClient) -> None:
        data = await self._asked(client, "profile", _PROFILE, id=self.chance.choice(self.customers))
        assert data["customer"] is not None

    async def _page(self, client: httpx2.AsyncClient) -> None:
        """The page after the one before, and after the last one the first again."""
        data = await self._asked(client, "page", _PAGE, after=self._after)
        info = data["customers"]["pageInfo"]
        self._after = info["endCursor"] if info["hasNextPage"] else None

    async def _record(self, client: httpx2.AsyncClient) -> None:
        lines = [{"sku": f"T{n}", "name": f"Tea {n}", "quantity": "2", "unitPrice": f"{n + 1}.50"} for n in range(3)]
        bought = {"reference": f"{self.name}-{next(self._numbers)}", "customerId": self.chance.choice(self.customers)}
        input_ = {**bought, "lines": lines, "idempotencyKey": uuid4().hex}
        data = await self._asked(client, "record", _RECORD, input=input_)
        assert data["purchaseRecord"]["userErrors"] == [], data
        self._bought.append(data["purchaseRecord"]["purchase"])

    async def _refund(self, client: httpx2.AsyncClient) -> None:
        """One piece of one line of the purchase that has waited longest."""
        purchase = self._bought.popleft()
        lines = [{"lineId": self.chance.choice(purchase["lines"])["id"], "quantity": "1"}]
        input_ = {"purchaseId": purchase["id"], "lines": lines, "idempotencyKey": uuid4().hex}
        data = await self._asked(client, "refund", _REFUND, input=input_)
        assert data["purchaseRefund"]["userErrors"] == [], data

    async def _asked(self, client: httpx2.AsyncClient, kind: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of the answer. Raises AssertionError for an answer that is not whole."""
        begun = time.perf_counter()
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
        self.seconds[kind].append(time.perf_counter() - begun)
        body = answer.json()
        assert (answer.status_code, body.get("errors")) == (200, None), body
        data: dict[str, Any] = body["data"]
        return data


async def shoppers(database: Database, address: str, names: Sequence[str], number: int = 8) -> list[Shopper]:
    """So many shoppers in a shop that is filled with customers of these names."""
    ids = [f"customer_{row[0]}" for row in await database.rows("SELECT id FROM customer ORDER BY id")]
    words = sorted({word for name in names for word in name.split() if len(word) > 1})
    keys = [await make_key(database, f"shopper {n}") for n in range(number)]
    return [Shopper(f"S{n}", address, key, ids, words, random.Random(n)) for n, key in enumerate(keys)]


async def shop_together(those: Sequence[Shopper], seconds: float, least: int) -> None:
    """Let them all shop for so long, and ask so many things each; the first answer that is not whole ends it."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for one in those:
            group.create_task(one.shop(until, least))
