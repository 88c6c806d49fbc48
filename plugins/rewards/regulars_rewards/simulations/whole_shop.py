"""Trying rules on all that a shop has sold, for commands: what every customer gets in two ways, in batches.

result = await promotions_over_all(shop, tried, against, span, totals, progress)      in the order of time
await written(shop, result, totals, target, form)                                      CSV or JSON, streamed
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TextIO

from regulars_core.plugin import (
    Instant,
    PastPurchases,
    Shop,
    customers_by_ids,
    exponent_of,
    printed,
)
from regulars_rewards.simulations.giving import gifts
from regulars_rewards.simulations.promotions import TriedPromotion, notes_of
from regulars_rewards.simulations.runs import Run
from regulars_rewards.simulations.sources import Sources
from regulars_rewards.simulations.systems import TriedSystem
from regulars_rewards.simulations.systems import notes_of as system_notes_of
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.trials import BATCH, Trial, promotions_between
from regulars_rewards.uses.tiers import tiers_before

Progress = Callable[[int, int], None]
"""Told of how many purchases, or customers, of how many are done."""


class Form(StrEnum):
    """How a result is written."""

    CSV = "csv"
    JSON = "json"


@dataclass
class Result:
    """What was tried on everything: `second` is what the other way is called, and amounts are whole numbers of which 10 to the
    `exponent` are one `unit`."""

    since: Instant
    until: Instant
    unit: str
    exponent: int
    second: str
    purchases: int
    notes: Sequence[str] = ()
    per_tier: dict[tuple[int, str], Counter[str]] = field(default_factory=dict)

    def amount(self, minor: int) -> str:
        """A number of the smallest units in units."""
        return format(Decimal(minor).scaleb(-self.exponent), "f")


async def promotions_over_all(
    shop: Shop,
    tried: TriedPromotion,
    against: TriedPromotion | None,
    span: tuple[Instant, Instant],
    totals: Totals,
    progress: Progress,
) -> Result:
    """What a promotion takes off everything that was sold, with those of that time, beside what `against` takes off with them, or
    they by themselves. Limits and budgets are kept in the order of time."""
    runs = [
        tried.run(totals.counts()),
        Run(counts=totals.counts()) if against is None else against.run(totals.counts()),
    ]
    stored = await promotions_between(shop, *span)
    trial, done, expected = Trial(shop, stored, runs), 0, await PastPurchases.count(shop, *span)
    async for places in PastPurchases.in_time(shop, *span, BATCH):
        sales = await trial.over([one.id for one in places])
        totals.add((one.customer_id, *one.amounts) for one in sales)  # type: ignore[misc]
        done += len(sales)
        progress(done, expected)
    notes = list(notes_of(shop, runs[0], stored, trial.failures))
    if against is not None:
        notes += [f"The other one: {note}" for note in notes_of(shop, runs[1], (), set())]
    second = "givenNow" if against is None else "against"
    return Result(*span, shop.currency, exponent_of(shop.currency), second, done, notes)


async def systems_over_all(
    shop: Shop,
    tried: TriedSystem,
    against: TriedSystem | None,
    span: tuple[Instant, Instant],
    totals: Totals,
    progress: Progress,
) -> Result:
    """What a reward system gives everybody, beside what `against` gives, or the one in whose place it comes."""
    both = tried if against is None else TriedSystem(tried.system, against.system)
    [(expected,)] = await shop.database.rows("SELECT count(*) FROM customer")
    purchases, done, failures, untold = 0, 0, set[str](), set[str]()
    async for customers in PastPurchases.customers_in_batches(shop, BATCH):
        ids = [one.id for one in await PastPurchases.of(shop, customers, *span)]
        sources = Sources(shop, both.systems, span, customers, ids, failures, untold)
        changes = await sources.changes()
        buyers = {str(sale.customer_id) for sale in sources.sales}
        for customer_id in customers:
            first, *rest = (gifts(one, changes.get((one.id, customer_id), ())).count for one in both.systems)
            second = sum(rest) if both.is_comparable else 0
            if first or second or customer_id in buyers:
                totals.add([(customer_id, first, second)])
        purchases, done = purchases + len(ids), done + len(customers)
        progress(done, int(expected))
    is_money = both.unit is None
    return Result(
        *span,
        shop.currency if both.unit is None else both.unit,
        exponent_of(shop.currency) if is_money else 0,
        "givenNow" if against is None else "against",
        purchases,
        list(system_notes_of(both, failures, untold)),
    )


async def written(shop: Shop, result: Result, totals: Totals, target: TextIO, form: Form) -> None:
    """Write every customer, and of JSON what they sum up to behind them."""
    write = _Csv(target, result) if form is Form.CSV else _Json(target, result)
    for batch in totals.batches():
        ids = [one.customer_id for one in batch]
        customers, tiers = await customers_by_ids(shop.database, ids), await tiers_before(shop, ids, result.until)
        for one in batch:
            tier = tiers.get(one.customer_id)
            if tier is not None:
                summed = result.per_tier.setdefault(tier, Counter())
                summed.update(customers=1, first=one.first, second=one.second)
            code = customers[one.customer_id].code if one.customer_id in customers else ""
            write.customer(
                code,
                tier[1] if tier else "",
                *(result.amount(amount) for amount in (one.first, one.second, one.first - one.second)),
            )
    write.end(summary(result, totals))


def summary(result: Result, totals: Totals) -> Mapping[str, Any]:
    """What everybody gets together; to be asked once all were written."""
    return {
        "from": printed(result.since),
        "until": printed(result.until),
        "unit": result.unit,
        "purchaseCount": result.purchases,
        "customerCount": totals.customers,
        "given": result.amount(totals.first),
        result.second: result.amount(totals.second),
        "winnerCount": totals.winners,
        "loserCount": totals.losers,
        "perTier": [
            {
                "tier": code,
                "customerCount": summed["customers"],
                "given": result.amount(summed["first"]),
                result.second: result.amount(summed["second"]),
            }
            for (_, code), summed in sorted(result.per_tier.items(), reverse=True)
        ],
        "notes": list(result.notes),
    }


class _Csv:
    def __init__(self, target: TextIO, result: Result) -> None:
        self._writer = csv.writer(target)
        second = "given_now" if result.second == "givenNow" else result.second
        self._writer.writerow(("customer", "tier", "given", second, "difference"))

    def customer(self, code: str, tier: str, given: str, second: str, difference: str) -> None:
        """A row."""
        self._writer.writerow((code, tier, given, second, difference))

    def end(self, _: Mapping[str, Any]) -> None:
        """Rows are all there is."""


class _Json:
    def __init__(self, target: TextIO, result: Result) -> None:
        self._target, self._second, self._is_first = target, result.second, True
        target.write('{"customers": [')

    def customer(self, code: str, tier: str, given: str, second: str, difference: str) -> None:
        """An object."""
        one = {"customer": code, "tier": tier or None, "given": given, self._second: second, "difference": difference}
        self._target.write(("\n" if self._is_first else ",\n") + json.dumps(one))
        self._is_first = False

    def end(self, summed: Mapping[str, Any]) -> None:
        """What they sum up to."""
        self._target.write(f"\n], {json.dumps(summed)[1:]}\n")
