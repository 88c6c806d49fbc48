"""Clients of several servers behind which data is in several places: who writes at any of them, and who looks there at once.

What was acknowledged when a question was sent, the answer must know: a balance always, a history for whoever hands over the
position that he was told, or none.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx2

from regulars_server.http.positions import HEADER
from tests.support.tills import HUNG, Sent, Till, Told

_PAUSE_SECONDS = 0.03
RETRIED = frozenset({"UNAVAILABLE", "TIMEOUT"})
ANYTHING = "0/0"
_BALANCE = "query($id: ID!) { customer(id: $id) { points { balance } } }"
_HISTORY = (
    "query($id: ID!) { customer(id: $id) { stats { purchaseCount } purchases(first: 1) { nodes { reference } } } }"
)


@dataclass
class Seen:
    """What all clients together have seen."""

    written_at: list[float] = field(default_factory=list)
    """When something was acknowledged, by the clock that does not go back."""
    read_at: list[float] = field(default_factory=list)
    balances: int = 0
    stale_balances: int = 0
    histories: int = 0
    stale_histories: int = 0
    older: int = 0
    """Histories that were content with anything, and got what was older than the latest."""
    failures: Counter[str] = field(default_factory=Counter)


@dataclass
class SpreadTill(Till):
    """A till each of whose tries goes to any of the servers, as through a balancer."""

    addresses: Sequence[str] = ()
    seen: Seen = field(default_factory=Seen)

    async def tried(self, client: httpx2.AsyncClient, sent: Sent) -> Told | None:
        client.base_url = self._random.choice(self.addresses)
        told = await super().tried(client, sent)
        if told is not None:
            self.seen.written_at.append(time.monotonic())
        return told


@dataclass
class Watcher(SpreadTill):
    """A till that sells to its own customer, for whole amounts that are a point each, and looks at the same time what is told of
    it."""

    points: int = 0
    count: int = 0
    position: str | None = None
    """What it was told with the last acknowledgement; none if it was told nothing."""

    async def tried(self, client: httpx2.AsyncClient, sent: Sent) -> Told | None:
        told = await super().tried(client, sent)
        if told is not None:
            self.points += int(Decimal(told.payload["purchase"]["total"]["amount"]))
            self.count += 1
        return told

    async def look(self, done: asyncio.Event) -> None:
        """Ask one thing after another until the event."""
        headers = {"authorization": f"Bearer {self.key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=HUNG) as client:
            while not done.is_set():
                await (self._look_at_balance if self._random.random() < 0.5 else self._look_at_history)(client)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _look_at_balance(self, client: httpx2.AsyncClient) -> None:
        known = self.points
        customer = await self._asked(client, _BALANCE, random.choice((None, ANYTHING, self.position)))
        if customer is not None:
            self.seen.balances += 1
            self.seen.stale_balances += int(customer["points"]["balance"]) < known

    async def _look_at_history(self, client: httpx2.AsyncClient) -> None:
        known, after = self.count, random.choice((None, ANYTHING, self.position))
        customer = await self._asked(client, _HISTORY, after)
        if customer is None:
            return
        is_old = customer["stats"]["purchaseCount"] < known
        if after == ANYTHING:
            self.seen.older += is_old
        else:
            self.seen.histories += 1
            self.seen.stale_histories += is_old

    async def _asked(self, client: httpx2.AsyncClient, query: str, after: str | None) -> dict[str, Any] | None:
        """What is told of the own customer; None where nobody answers. Raises AssertionError for any other mistake."""
        body = {"query": query, "variables": {"id": f"customer_{self.own}"}}
        headers = {} if after is None else {HEADER: after}
        try:
            answer = await client.post(f"{self._random.choice(self.addresses)}/graphql", json=body, headers=headers)
        except httpx2.TimeoutException as error:
            raise AssertionError(f"{query} was never answered") from error
        except httpx2.TransportError:
            self.seen.failures["broken"] += 1
            return None
        told = answer.json()
        if errors := told.get("errors"):
            codes = {error["extensions"]["code"] for error in errors}
            assert codes <= RETRIED, told
            self.seen.failures.update(codes)
            return None
        self.seen.read_at.append(time.monotonic())
        customer: dict[str, Any] = told["data"]["customer"]
        return customer

    def _client(self) -> httpx2.AsyncClient:
        client = super()._client()
        client.headers[HEADER] = ANYTHING

        async def note(response: httpx2.Response) -> None:
            self.position = response.headers.get(HEADER)

        client.event_hooks = {"request": [], "response": [note]}
        return client

    def _next(self) -> Sent:
        return self.purchase(self.own)


def longest_gap(moments: Sequence[float], since: float, until: float) -> float:
    """Seconds between two of these moments that follow each other, at most, as far as they lie in this span."""
    inside = [since, *sorted(moment for moment in moments if since < moment < until), until]
    return max(later - earlier for earlier, later in pairwise(inside))
