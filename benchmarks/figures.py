"""How long do the first page and the figures of the whole shop take, among more and more purchases?

    python -m benchmarks.figures [--engine sqlite|postgres] [--purchases 500000] [--times 10] [--rounds 5] [--data DIR] [--crowd]
        [--before] [--only WORDS]

Fills shops of two sizes, ten purchases to a customer and over the same years, with a payment for each purchase, lets what the
purchases of each day come to be kept, and asks each figure by itself, as the API does, by turns in both shops. The milliseconds
in both are printed, and how many times as long the larger one takes: by the median, and by the quickest of each. `--crowd` takes
the shops that `benchmarks.many` fills, five purchases to a customer. `--before` asks as if nothing was kept of days.
"""

import argparse
import asyncio
import math
import resource
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import regulars_analytics
from benchmarks.crowd import PURCHASES, crowd_of, fill_crowd
from benchmarks.filled import Place, Size, opened, places
from benchmarks.loading import without_triggers
from benchmarks.population import STORES, TODAY, fill
from benchmarks.sales import Sales, count_regulars, put_sales
from regulars_core.plugin import Shop, plugins_on
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_schema.testing import Api

AT = datetime.fromtimestamp(TODAY / 1000, UTC).isoformat()
YEAR = '{ from: "2025-11-22", to: "2026-11-21" }'
DAYS = '{ from: "2026-08-24", to: "2026-11-21" }'
_WARM, _OFTEN, _LONG_MS, _TOLD_SECONDS = 6, 5, 300.0, 5.0
PAGE = f"""{{ dashboard(at: "{AT}") {{
  customerCount activeCustomerCount newCustomersToday buyersToday topCustomers {{ purchaseCount }}
  newVersusReturning {{ newCount newTotal {{ amount }} returningCount returningTotal {{ amount }} }}
  paymentMethods {{ method purchaseCount total {{ amount }} }} peakTimes {{ weekday hour purchaseCount }} }} }}"""
ASKED = {
    "the first page": PAGE,
    "customers": f'{{ dashboard(at: "{AT}") {{ customerCount newCustomersToday }} }}',
    "active": f'{{ dashboard(at: "{AT}") {{ activeCustomerCount buyersToday }} }}',
    "top customers": f'{{ dashboard(at: "{AT}") {{ topCustomers {{ purchaseCount }} }} }}',
    "new and returning, 90 days": f'{{ dashboard(at: "{AT}") {{ newVersusReturning(days: {DAYS}) {{ newCount }} }} }}',
    "ways of paying, 90 days": f'{{ dashboard(at: "{AT}") {{ paymentMethods(days: {DAYS}) {{ method }} }} }}',
    "peak times, 90 days": f'{{ dashboard(at: "{AT}") {{ peakTimes(days: {DAYS}) {{ hour }} }} }}',
    "totals": "{ insight { purchaseCount totalSpent { amount } customerCount repeatRate } }",
    "totals, a year": f"{{ insight(days: {YEAR}) {{ purchaseCount totalSpent {{ amount }} customerCount }} }}",
    "months, a year": f"{{ insight(days: {YEAR}) {{ series(interval: MONTH) {{ purchaseCount }} }} }}",
    "purchases a month": "{ insight { purchasesPerMonth } }",
    "discounts and baskets": "{ insight { discountRate averageBasketSize } }",
    "by hour": "{ insight { breakdown(by: HOUR) { label customerCount } } }",
    "by hour, a year": f"{{ insight(days: {YEAR}) {{ breakdown(by: HOUR) {{ label customerCount }} }} }}",
    "by payment, a year": f"{{ insight(days: {YEAR}) {{ breakdown(by: PAYMENT_METHOD) {{ label customerCount }} }} }}",
    "by payment": "{ insight { breakdown(by: PAYMENT_METHOD) { label customerCount } } }",
    "by store": "{ insight { breakdown(by: STORE) { label } } }",
    "by article, 90 days": f"{{ insight(days: {DAYS}) {{ breakdown(by: PRODUCT) {{ label }} }} }}",
    "retention": "{ retention { activeRate churnRate } }",
    "cohorts": "{ cohorts { customerCount } }",
}

_WAS = "status, store_id, channel, total, refunded, discount, pieces"
MOVED = {"sale": "", "refund": _WAS}
"""What is noted of what the latest purchase was, when it is new and when something was given back."""


def size_of(purchases: int, is_crowd: bool) -> Size:
    """So many purchases, and as many customers as belong to them."""
    return crowd_of(purchases // PURCHASES) if is_crowd else Size(purchases // 10, purchases, "figures")


async def filling(shop: Shop, size: Size) -> None:
    """Let them buy, and pay."""
    await fill(shop.database, size.customers, buying=False)
    await put_sales(shop.database, size.customers, size.purchases, Sales(stores=STORES))
    await count_regulars(shop.database)
    await pay(shop)


async def crowded(shop: Shop, size: Size) -> None:
    """Fill a crowd, and let it pay."""
    await fill_crowd(shop, size)
    await pay(shop)


async def pay(shop: Shop) -> None:
    """A payment for each purchase, where there is none at all."""

    async def work() -> None:
        await shop.database.allow(3_600)
        if await shop.database.row("SELECT 1 FROM payment LIMIT 1") is None:
            await without_triggers(shop.database)
            await shop.database.run(
                "INSERT INTO payment (id, purchase_id, position, method, amount)"
                " SELECT id, id, 0, CASE WHEN total % 3 = 0 THEN 'cash' ELSE 'card' END, total FROM purchase"
            )

    await shop.database.transaction(work)


async def keep(shop: Shop, size: Size) -> None:
    """Let everything be kept of each day, and tell what that took."""
    begun, used = time.perf_counter(), time.process_time()
    await settle(shop)
    took, used = time.perf_counter() - begun, time.process_time() - used
    if took > _TOLD_SECONDS:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rate = size.purchases / took
        print(
            f"kept {size.purchases:,} purchases in {took:.0f} s ({rate:,.0f} a second, {used:.0f} s of our processor, {most} MB)"
        )


@asynccontextmanager
async def forgotten(shops: Sequence[Shop], is_before: bool) -> AsyncIterator[None]:
    """As if what is kept of days was not all there, while this is open."""

    async def set_until(shop: Shop, value: str) -> None:
        await shop.database.transaction(lambda: shop.database.run(f"UPDATE rollup_state SET until = {value}"))

    for shop in shops if is_before else ():
        await set_until(shop, "reached")
    try:
        yield
    finally:
        for shop in shops if is_before else ():
            await set_until(shop, "NULL")


async def once(shop: Shop, document: str) -> float:
    """The milliseconds that it takes, endless where it is refused."""
    begun = time.perf_counter()
    answer = await Api.of(shop).ask(document)
    return math.inf if answer.errors else (time.perf_counter() - begun) * 1000


async def by_turns(shops: Sequence[Shop], document: str, rounds: int) -> Sequence[Sequence[float]]:
    """The milliseconds in each shop, asked by turns, what is quick more often; PostgreSQL plans anew the first times."""
    for shop in shops:
        for _ in range(_WARM):
            if (last := await once(shop, document)) > _LONG_MS:
                break
    taken: list[list[float]] = [[] for _ in shops]
    for _ in range(rounds if last > _LONG_MS else rounds * _OFTEN):
        for n, shop in enumerate(shops):
            taken[n].append(await once(shop, document))
    return taken


async def measured(place: Place, sizes: Sequence[Size], rounds: int, is_before: bool, only: str) -> None:
    """Fill, ask, print."""
    plugins = plugins_on({"analytics": regulars_analytics})
    for size in sizes:
        await place.filled(size, partial(crowded if size.kind == "crowd" else filling, size=size), plugins)
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(opened(place.url(size), plugins)) for size in sizes]
        for shop, size in zip(shops, sizes, strict=True):
            await pay(shop)
            await keep(shop, size)
        print(f"| | {' | '.join(f'{size.purchases:,}' for size in sizes)} | times | quickest |")
        print("|---" * (len(sizes) + 3) + "|")
        async with forgotten(shops, is_before):
            for name, document in ASKED.items():
                if only in name:
                    tell(name, await by_turns(shops, document, rounds))
        for what, note in () if is_before or only else MOVED.items():
            for name in ("the first page", "totals, a year"):
                tell(
                    f"{name}, since a {what} on the last day",
                    [[await moved(shop, ASKED[name], note) for _ in range(rounds)] for shop in shops],
                )


def tell(name: str, taken: Sequence[Sequence[float]]) -> None:
    """Print a line."""
    medians, least = [statistics.median(one) for one in taken], [min(one) for one in taken]
    grown = [f"{one[-1] / one[0]:.2f}" for one in (medians, least)]
    print(f"| {name} | {' | '.join(f'{one:,.1f}' for one in medians)} | {' | '.join(grown)} |", flush=True)


async def moved(shop: Shop, document: str, note_of: str) -> float:
    """The milliseconds while it is noted that the last purchase is new, or has moved, and nobody has counted it since."""

    async def note() -> None:
        was = note_of and f", {note_of}"
        columns = f"at, customer_id, later, told, purchase_id{was}"
        noted = f"purchased_at, customer_id, TRUE, TRUE, id{was.replace('refunded', 'refunded - 1')}"
        await shop.database.run(
            f"INSERT INTO rollup_due ({columns}) SELECT {noted} FROM purchase ORDER BY purchased_at DESC LIMIT 1"
        )

    async def undo() -> None:
        await shop.database.run("DELETE FROM rollup_due")
        await shop.database.run("UPDATE rollup_state SET steps = steps + 1")

    await shop.database.transaction(note)
    taken = await once(shop, document)
    await shop.database.transaction(undo)
    return taken


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--purchases", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crowd", action="store_true", help="The shops of `benchmarks.many`.")
    parser.add_argument("--before", action="store_true", help="As if nothing was kept of days.")
    parser.add_argument("--only", default="", help="Figures with this in their name alone.")
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled databases.")
    chosen = parser.parse_args()
    numbers = sorted({chosen.purchases, chosen.purchases * chosen.times})
    with places(chosen.engine, chosen.data) as place:
        sizes = [size_of(number, chosen.crowd) for number in numbers]
        asyncio.run(measured(place, sizes, chosen.rounds, chosen.before, chosen.only))


if __name__ == "__main__":
    main()
