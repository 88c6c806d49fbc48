"""Trying a program on the shop's own past, by the code that would apply it; nothing is written."""

from collections.abc import Sequence
from functools import partial

from regulars_core.plugin import (
    NEVER,
    Checks,
    Instant,
    PastPurchases,
    RuleSimulation,
    Shop,
    SimulationTotals,
    past_sales,
    recorded_before_refunds,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.earning import tried_earnings
from regulars_loyalty.points.program import Program, ProgramData, Version, Versions, compiled
from regulars_loyalty.points.program_versions import kinds_of, versions_of
from regulars_loyalty.points.tiers import tiers_before


async def simulate(
    shop: Shop, data: ProgramData, since: Instant | None, until: Instant | None, sample: int
) -> RuleSimulation:
    """What a program would have given for purchases from an instant on and before another one, a year before now if they are not
    given, beside what those in force give for them: both found anew."""
    start, end = PastPurchases.span_of(since, until)
    before = await versions_of(shop)
    after = _only(compiled(data, kinds_of(shop), shop.currency, Checks()))
    sampled, totals = await PastPurchases.sampled(shop, start, end), SimulationTotals()
    for _, ids in sampled.by_customers():
        rows = await recorded_before_refunds(shop.database, ids)
        sales = await past_sales(shop, list(rows.values()))
        tried, present = await tried_earnings(shop, after, sales), await tried_earnings(shop, before, sales)
        for sale, new, old in zip(sales, tried, present, strict=True):
            given, given_now = sum(one.points for one in new), sum(one.points for one in old)
            steps = [partial(one.explained, shop) for one in new if one.points]
            totals.add(sale.customer_id, sale.at, given, given_now, steps)
    rate, then = after.all[0].program.rate, before.at(end)
    rate_now = then.program.rate if then else None
    costs = (
        shop.money(rate.cost(totals.given)) if rate else None,
        shop.money(rate_now.cost(totals.given_now)) if rate_now else None,
    )
    tiers = await tiers_before(shop, totals.customer_ids, end)
    notes = [] if sampled.is_whole else [totals.note_of_sample(sampled.buyers)]
    notes += _notes([*after.all, *before.all])
    return totals.simulation((start, end), POINTS, costs, tiers, sample, notes)


def _only(program: Program) -> Versions:
    """A program that was always in force."""
    return Versions.of([(0, NEVER, program)], (0, 0))


def _notes(versions: Sequence[Version]) -> Sequence[str]:
    """What must be known to read the figures."""
    if any(rule.is_once for version in versions for rule in version.program.rules):
        return [
            SimulationTotals.GIVEN_BACK,
            "What is given once per customer is given for the first purchase of that time.",
        ]
    return [SimulationTotals.GIVEN_BACK]
