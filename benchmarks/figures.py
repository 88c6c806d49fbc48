"""How long do the first page and the figures of the whole shop take, among more and more purchases?

    python -m benchmarks.figures [--engine sqlite|postgres] [--purchases 500000] [--times 10] [--rounds 5] [--data DIR]

Fills shops of two sizes, ten purchases to a customer and over the same years, with a payment for each purchase, and asks each
figure by itself, as the API does. The milliseconds in both shops are printed, and how many times as long the larger one takes.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import regulars_analytics
from benchmarks.filled import Place, Size, opened, places
from benchmarks.population import STORES, TODAY, fill
from benchmarks.sales import Sales, count_regulars, put_sales
from regulars_core.plugin import Shop, plugins_on
from regulars_schema.testing import Api

AT = datetime.fromtimestamp(TODAY / 1000, UTC).isoformat()
YEAR = '{ from: "2025-11-22", to: "2026-11-21" }'
DAYS = '{ from: "2026-08-24", to: "2026-11-21" }'
ASKED = {
    "customers": f'{{ dashboard(at: "{AT}") {{ customerCount newCustomersToday }} }}',
    "active": f'{{ dashboard(at: "{AT}") {{ activeCustomerCount buyersToday }} }}',
    "top customers": f'{{ dashboard(at: "{AT}") {{ topCustomers {{ purchaseCount }} }} }}',
    "new and returning, 90 days": f'{{ dashboard(at: "{AT}") {{ newVersusReturning(days: {DAYS}) {{ newCount }} }} }}',
    "ways of paying, 90 days": f'{{ dashboard(at: "{AT}") {{ paymentMethods(days: {DAYS}) {{ method }} }} }}',
    "peak times, 90 days": f'{{ dashboard(at: "{AT}") {{ peakTimes(days: {DAYS}) {{ hour }} }} }}',
    "totals": "{ insight { purchaseCount totalSpent { amount } customerCount repeatRate } }",
    "totals, a year": f"{{ insight(days: {YEAR}) {{ purchaseCount totalSpent {{ amount }} customerCount }} }}",
    "months, a year": f"{{ insight(days: {YEAR}) {{ series(interval: MONTH) {{ purchaseCount }} }} }}",
    "by hour": "{ insight { breakdown(by: HOUR) { label } } }",
    "by store": "{ insight { breakdown(by: STORE) { label } } }",
    "by article, 90 days": f"{{ insight(days: {DAYS}) {{ breakdown(by: PRODUCT) {{ label }} }} }}",
    "retention": "{ retention { activeRate churnRate } }",
    "cohorts": "{ cohorts { customerCount } }",
}


async def filling(shop: Shop, size: Size) -> None:
    """Let them buy, and pay."""
    await fill(shop.database, size.customers, buying=False)
    await put_sales(shop.database, size.customers, size.purchases, Sales(stores=STORES))
    await count_regulars(shop.database)

    async def pay() -> None:
        await shop.database.allow(3_600)
        await shop.database.run(
            "INSERT INTO payment (id, purchase_id, position, method, amount)"
            " SELECT id, id, 0, CASE WHEN total % 3 = 0 THEN 'cash' ELSE 'card' END, total FROM purchase"
        )

    await shop.database.transaction(pay)


async def asked(shop: Shop, document: str, rounds: int) -> float:
    """The milliseconds that it takes, the median."""
    api, taken = Api.of(shop), []
    for _ in range(rounds):
        begun = time.perf_counter()
        await api.data(document)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def measured(place: Place, sizes: Sequence[Size], rounds: int) -> None:
    """Fill, ask, print."""
    plugins = plugins_on({"analytics": regulars_analytics})
    for size in sizes:
        await place.filled(size, partial(filling, size=size), plugins)
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(opened(place.url(size), plugins)) for size in sizes]
        print(f"| | {' | '.join(f'{size.purchases:,}' for size in sizes)} | times |")
        for name, document in ASKED.items():
            times = [await asked(shop, document, rounds) for shop in shops]
            print(f"| {name} | {' | '.join(f'{one:,.1f}' for one in times)} | {times[-1] / times[0]:.2f} |", flush=True)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--purchases", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled databases.")
    chosen = parser.parse_args()
    numbers = sorted({chosen.purchases, chosen.purchases * chosen.times})
    with places(chosen.engine, chosen.data) as place:
        asyncio.run(measured(place, [Size(number // 10, number, "figures") for number in numbers], chosen.rounds))


if __name__ == "__main__":
    main()
