"""What does a quote cost?

    python -m benchmarks.offers [--rounds 15] [--engine sqlite|postgres|both]

By turns, in processor time of the process and of PostgreSQL, without HTTP: `basketQuote` of 50 lines with 100 running promotions,
beside `purchaseRecord` of the same basket without any plugin; and of 200 promotions of which 5 can apply, beside 5 alone.
Documents are known by then, and promotions remembered.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks import processor
from regulars_core.database import Engine
from regulars_core.plugin import LATEST, Shop, inserting, new_id, now, plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_rewards.offers.promotion import PromotionData, RuleData, ScopeData
from regulars_schema.testing import Api

_EACH = 20
"""Requests of a round: a tick of the processor's clock is 10 ms."""
_QUOTE = """query($input: BasketQuoteInput!) { basketQuote(input: $input) { subtotal { amount } discount { amount }
  total { amount } lines { index discount { amount } offerDiscount { amount } total { amount } }
  applied { offer { id name } couponCode amount { amount } explanation { text } } %s } }"""
_SKIPPED = "skipped { offer { id name } couponCode reason obstacles { reason message } }"
_RECORD = (
    "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { purchase { id } userErrors { code } } }"
)
LINES = [
    {"sku": f"SKU-{n}", "name": f"Article {n}", "category": f"C{n % 10}", "quantity": "2", "unitPrice": f"{n + 1}.50"}
    for n in range(50)
]


def promotion(n: int, *, can_apply: bool = True) -> PromotionData:
    """One of many promotions, of which each has something to be looked at."""
    return PromotionData(
        discount=RuleData(kind="PERCENT", settings=(("percent", "5"),)),
        scope=ScopeData(skus=(f"SKU-{n % 50}" if can_apply else f"ELSEWHERE-{n}",)),
        conditions=(RuleData(kind="BASKET_TOTAL", settings=(("minimum", "10.00"),)),),
    )


async def offer(shop: Shop, promotions: Sequence[PromotionData]) -> Api:
    """A shop with these promotions, as they are kept."""
    at = now()
    rows = [
        (new_id(), f"Offer {n}", -(n % 7), False, at, LATEST, one.model_dump_json(), 1, at, at)
        for n, one in enumerate(promotions)
    ]

    async def work() -> None:
        await shop.database.defer([inserting("rewards_promotion", _COLUMNS, rows)])
        await shop.database.defer([("UPDATE rewards_revision SET revision = revision + 1", [])])

    await shop.database.transaction(work)
    return Api.of(shop)


_COLUMNS = (
    "id", "name", "rank", "needs_coupon", "starts_at", "ends_at", "body", "version", "created_at", "updated_at",
)  # fmt: skip


class Meter:
    """Processor time of this process and of its database, in milliseconds."""

    def __init__(self, server: PostgresServer | None) -> None:
        self._server = server

    def spent(self) -> float:
        """What was spent by now."""
        database = processor.spent(self._server.processes()) if self._server else 0.0
        return time.process_time() * 1e3 + database

    async def of(self, work: Callable[[], Awaitable[Any]]) -> float:
        """What one of these costs, of some that follow each other."""
        begun = self.spent()
        for _ in range(_EACH):
            await work()
        return (self.spent() - begun) / _EACH


Work = Callable[[], Awaitable[Any]]


async def by_turns(meter: Meter, works: Mapping[str, Work], rounds: int) -> Mapping[str, list[float]]:
    """What each costs, round by round."""
    for work in works.values():
        for _ in range(_EACH):
            await work()
    costs: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds):
        names = list(works) if turn % 2 else list(works)[::-1]
        for name in names:
            costs[name].append(await meter.of(works[name]))
    return costs


def told(costs: Mapping[str, list[float]], one: str, other: str) -> str:
    """How many times as much the one costs."""
    ratios = [a / b for a, b in zip(costs[one], costs[other], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    mean = {name: statistics.median(costs[name]) for name in (one, other)}
    return f"{one} {mean[one]:.2f} ms ÷ {other} {mean[other]:.2f} ms: {middle:.2f} ({low:.2f}-{high:.2f})"


async def measure(databases: Databases, engine: Engine, rounds: int, server: PostgresServer | None) -> None:
    """Print what quotes cost on one engine."""
    async with AsyncExitStack() as stack:

        async def shop(*plugins: str) -> Shop:
            opening = opened_shop(databases.empty(engine), plugins_wanted(plugins))
            return await stack.enter_async_context(opening)

        bare = Api.of(await shop())
        hundred = await offer(await shop("rewards"), [promotion(n) for n in range(100)])
        some = await offer(await shop("rewards"), [promotion(n, can_apply=n % 4 == 0) for n in range(100)])
        five = await offer(await shop("rewards"), [promotion(n) for n in range(5)])
        many = await offer(await shop("rewards"), [promotion(n, can_apply=n < 5) for n in range(200)])
        numbers = iter(range(10**9))

        async def record() -> None:
            n = next(numbers)
            given = {"reference": f"R{n}", "lines": LINES, "idempotencyKey": f"K{n}"}
            answer = await bare.data(_RECORD, input=given)
            assert answer["purchaseRecord"]["userErrors"] == []

        def quote(api: Api, more: str = "") -> Work:
            document = _QUOTE % more
            return lambda: api.data(document, input={"lines": LINES})

        works = {
            "purchaseRecord": record, "quote of 100": quote(hundred), "quote of 100 with skipped": quote(hundred, _SKIPPED),
            "quote of 100 of which 25 can apply": quote(some), "quote of 5": quote(five), "quote of 200": quote(many),
        }  # fmt: skip
        costs = await by_turns(Meter(server), works, rounds)
    print(f"{engine}:")
    print("  " + told(costs, "quote of 100", "purchaseRecord"))
    print("  " + told(costs, "quote of 100 with skipped", "purchaseRecord"))
    print("  " + told(costs, "quote of 100 of which 25 can apply", "purchaseRecord"))
    print("  " + told(costs, "quote of 200", "quote of 5"))


def main() -> None:
    """Measure on one engine or on both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    options = parser.parse_args()
    engines = ENGINES if options.engine == "both" else (options.engine,)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for engine in engines:
            beside = server if engine == "postgres" else None
            asyncio.run(measure(Databases(Path(folder), lambda: server), engine, options.rounds, beside))


if __name__ == "__main__":
    main()
