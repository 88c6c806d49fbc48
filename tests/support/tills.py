"""Tills: clients that write under idempotency keys, send again whatever was not answered, and remember what they were told.

What they were told is then held against the database: whatever was acknowledged is there exactly once, and nothing else.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2

from regulars_core.contribution import CORE_APP
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.database import Database
from regulars_core.purchases.regulars.count import count_anew
from regulars_core.purchases.regulars.count import differences as regular_differences
from regulars_core.purchases.statistics import differences
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.testing import USER_ERRORS
from tests.support.keys import make_key

HUNG = 60.0
"""Seconds after which an answer is not late but lost."""
_PAUSE = 0.1  # seconds between two tries

_ASKED = {
    "purchaseRecord": "created purchase { id total { amount } }",
    "purchaseRefund": "refund { id amount { amount } }",
    "customerUpdate": "customer { id version }",
}


@dataclass(frozen=True)
class Sent:
    """A mutation with its input, key included."""

    mutation: str
    input: dict[str, Any]

    @property
    def key(self) -> str:
        """The key alone."""
        return str(self.input["idempotencyKey"])

    @property
    def body(self) -> dict[str, Any]:
        """The request."""
        kind = self.mutation[0].upper() + self.mutation[1:] + "Input"
        fields = f"{_ASKED[self.mutation]} {USER_ERRORS}"
        document = f"mutation($input: {kind}!) {{ {self.mutation}(input: $input) {{ {fields} }} }}"
        return {"query": document, "variables": {"input": self.input}}


@dataclass(frozen=True)
class Told:
    """A mutation that was acknowledged, and in which words."""

    sent: Sent
    payload: dict[str, Any]
    replayed: bool
    first_at: str

    @property
    def lasting(self) -> dict[str, Any]:
        """The part of the answer that is the same each time: a customer's version is that of the moment."""
        if self.sent.mutation == "customerUpdate":
            return {"customer": self.payload["customer"]["id"]}
        return self.payload


@dataclass
class Till:
    """One client. `breaks` says whether the connection to the server may break; otherwise that fails the test."""

    name: str
    address: str
    key: str
    own: str
    """The id of a customer whom nobody else changes."""
    shared: str
    """The id of a customer whom all tills change."""
    breaks: bool = False
    retried: frozenset[str] = frozenset({"UNAVAILABLE"})
    """The codes of what is sent again."""
    told: list[Told] = field(default_factory=list)
    unavailable: int = 0
    broken: int = 0
    _numbers: Any = field(default_factory=count)
    _random: random.Random = field(default_factory=random.Random)

    async def work(self, done: asyncio.Event) -> None:
        """Write one thing after another until the event; the last one, too, is sent until it is acknowledged."""
        async with self._client() as client:
            while not done.is_set():
                self.told.append(await self.acknowledged(client, self._next()))

    async def one(self, sent: Sent | None = None) -> None:
        """Write one thing, this one or any, until it is acknowledged."""
        async with self._client() as client:
            self.told.append(await self.acknowledged(client, sent or self._next()))

    def purchase(self, buyer: str) -> Sent:
        """A purchase of this customer, under a reference of its own."""
        number = next(self._numbers)
        lines = [{"name": "Tea", "total": f"{10 + number % 90}.00"}]
        bought = {"reference": f"{self.name}-{number}", "customerId": f"customer_{buyer}", "lines": lines}
        return Sent("purchaseRecord", {**bought, "idempotencyKey": uuid4().hex})

    def refund(self) -> Sent:
        """A refund of a cent of the purchase that was recorded last."""
        [*_, purchase] = (told for told in self.told if told.sent.mutation == "purchaseRecord")
        return self._refund(purchase)

    def _refund(self, purchase: Told) -> Sent:
        whose = purchase.payload["purchase"]["id"]
        return Sent("purchaseRefund", {"purchaseId": whose, "amount": "0.01", "idempotencyKey": uuid4().hex})

    async def try_once(self, sent: Sent) -> None:
        """Send this and remember what was told, if it was acknowledged."""
        async with self._client() as client:
            if (told := await self.tried(client, sent)) is not None:
                self.told.append(told)

    async def again(self, sample: Sequence[Told]) -> None:
        """Send what was acknowledged once more. Raises AssertionError if it is not answered as the first time."""
        async with self._client() as client:
            for told in sample:
                now = await self.acknowledged(client, told.sent)
                assert now.replayed, now
                assert (now.lasting, now.first_at) == (told.lasting, told.first_at)

    async def acknowledged(self, client: httpx2.AsyncClient, sent: Sent) -> Told:
        """Send until there is an acknowledgement. Raises AssertionError for any other answer."""
        while (told := await self.tried(client, sent)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE * self._random.random())
        return told

    async def tried(self, client: httpx2.AsyncClient, sent: Sent) -> Told | None:
        """What one try was told; None if it has to be sent again."""
        try:
            answer = await client.post("/graphql", json=sent.body)
        except httpx2.TimeoutException as error:
            raise AssertionError(f"{sent} was never answered") from error
        except httpx2.TransportError:
            if not self.breaks:
                raise
            self.broken += 1
            return None
        body = answer.json()
        if errors := body.get("errors"):
            assert all(e["extensions"]["code"] in self.retried and e["extensions"]["retryable"] for e in errors), body
            assert answer.status_code in {200, 503}
            self.unavailable += 1
            return None
        payload, [key] = body["data"][sent.mutation], [body["extensions"]["idempotency"]]
        assert payload.pop("userErrors") == [], body
        return Told(sent, payload, key["replayed"], key["firstAt"])

    def _client(self) -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx2.AsyncClient(base_url=self.address, headers=headers, timeout=HUNG)

    def _next(self) -> Sent:
        chance, key = self._random.random(), uuid4().hex
        purchases = [told for told in self.told[-50:] if told.sent.mutation == "purchaseRecord"]
        if chance < 0.2:
            changed = self._random.choice((self.own, self.shared))
            change = {
                "id": f"customer_{changed}",
                "firstName": f"{self.name} {next(self._numbers)}",
                "idempotencyKey": key,
            }
            return Sent("customerUpdate", change)
        if chance < 0.25 and purchases:
            return self._refund(self._random.choice(purchases))
        return self.purchase(self._random.choice((self.own, self.shared)))


@asynccontextmanager
async def looking_at(url: str) -> AsyncIterator[Shop]:
    """The shop, opened for a moment: whoever keeps an SQLite file open spares those who come back its recovery."""
    database = await Database.open(url, [CORE_APP], pool_size=2, readers=1)
    try:
        yield Shop(database, Settings(database_url=url), plugins_on())
    finally:
        await database.close()


async def tills(url: str, address: str, number: int = 8, *, breaks: bool = False) -> list[Till]:
    """So many tills with one API key, each with a customer of its own, and one that all share."""
    async with looking_at(url) as shop:
        await count_anew(shop)  # so that it is proven below and not counted there
        key = await make_key(shop.database, "tills")
        ids = []
        for n in range(number + 1):
            person = checked(shop.settings, NewCustomer("Ana", f"Of Till {n}"))
            ids.append((await find_or_register(shop, person, ())).id)
    return [Till(f"T{n}", address, key, own, ids[-1], breaks) for n, own in enumerate(ids[:-1])]


@dataclass(frozen=True)
class Balance:
    """What was acknowledged, held against what is there."""

    acknowledged: int
    lost: int
    doubled: int
    """What is there and was not acknowledged, or more than once."""


async def balance(url: str, tills: Sequence[Till]) -> Balance:
    """Compare, once nothing is under way any more. Raises AssertionError if a stored figure differs from its recount, or
    something that is written in one transaction is not there together."""
    told = [one for till in tills for one in till.told]
    async with looking_at(url) as shop:
        wanted, found = _wanted(told), await _found(shop)
        assert [different async for different in differences(shop.database)] == []
        await count_anew(shop)  # what a killed server had begun; nothing otherwise
        wrong = [different async for different in regular_differences(shop)]
        assert not wrong, wrong
        await _assert_whole(shop, len(told))
    lost = sum(max(0, number - found.get(what, 0)) for what, number in wanted.items())
    doubled = sum(max(0, number - wanted.get(what, 0)) for what, number in found.items())
    return Balance(len(told), lost, doubled)


def _wanted(told: Sequence[Told]) -> dict[tuple[Any, ...], int]:
    """What was acknowledged → how often."""
    wanted: dict[tuple[Any, ...], int] = {}
    for one in told:
        match one.sent.mutation:
            case "purchaseRecord":
                purchase = one.payload["purchase"]
                assert one.payload["created"], one  # that of the first time, however often it was sent
                total = int(Decimal(purchase["total"]["amount"]) * 100)
                what: tuple[Any, ...] = (one.sent.input["reference"], _key(purchase), total)
            case "purchaseRefund":
                what = ("refund", _key(one.payload["refund"]))
            case _:
                what = ("changes", _key(one.payload["customer"]))
        wanted[what] = wanted.get(what, 0) + 1
    return wanted


async def _found(shop: Shop) -> dict[tuple[Any, ...], int]:
    """What is there → how often. Each change has moved a customer's version forward by one."""
    rows = shop.database.rows
    found: dict[tuple[Any, ...], int] = {}
    for row in await rows("SELECT reference, id, total FROM purchase"):
        found[tuple(row)] = found.get(tuple(row), 0) + 1
    found |= {("refund", row[0]): 1 for row in await rows("SELECT id FROM refund")}
    found |= {
        ("changes", row[0]): row[1] - 1 for row in await rows("SELECT id, version FROM customer WHERE version > 1")
    }
    return found


async def _assert_whole(shop: Shop, told: int) -> None:
    """Each effect has its key with the outcome, and its line in the audit."""
    [keys] = await shop.database.rows("SELECT count(*), count(outcome) FROM idempotency_key")
    [audit] = await shop.database.rows("SELECT count(*) FROM audit WHERE action <> 'keyCreate'")
    assert (*keys, *audit) == (told, told, told)
    [money] = await shop.database.rows(
        "SELECT (SELECT coalesce(sum(refunded), 0) FROM purchase), (SELECT coalesce(sum(amount), 0) FROM refund)"
    )
    assert money[0] == money[1]


def _key(entity: dict[str, Any]) -> str:
    return str(entity["id"]).partition("_")[2]
