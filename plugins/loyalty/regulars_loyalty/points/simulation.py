"""Trying a program on the shop's own past, by the code that would apply it; nothing is written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from regulars_core.plugin import (
    DAY_MS,
    NEVER,
    Checks,
    Instant,
    RecordedPurchase,
    RuleExplanation,
    RuleSimulation,
    RuleSimulationSample,
    RuleSimulationShare,
    Shop,
    now,
    recorded_before_refunds,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.earning import tried_earnings
from regulars_loyalty.points.facts import Sale
from regulars_loyalty.points.outcomes import Outcome
from regulars_loyalty.points.program import Program, ProgramData, Version, Versions, compiled
from regulars_loyalty.points.program_versions import kinds_of, versions_of
from regulars_loyalty.points.tiers import tiers_before

MAX_CUSTOMERS = 1_000
"""Of whom purchases are looked at: a sample, chosen by the ends of their ids, which are random."""
MAX_PURCHASES = 20_000
"""In all: those of the customers who come first."""
MAX_STEPS = 20
_BATCH = 100
YEAR_MS = 365 * DAY_MS
SalesOf = Callable[[Shop, Sequence[RecordedPurchase]], Awaitable[Sequence[Sale]]]
"""Purchases as rules look at them, with what was paid by points and credit."""


@dataclass
class _Total:
    """What one customer gets by the program that is tried, and by those in force."""

    given: int = 0
    now: int = 0
    steps: list[tuple[Instant, Outcome]] = field(default_factory=list)


async def simulate(
    shop: Shop, data: ProgramData, since: Instant | None, until: Instant | None, sample: int, sales_of: SalesOf
) -> RuleSimulation:
    """What a program would have given for purchases from an instant on and before another one, a year before now if they are not
    given, beside what those in force give for them: both found anew."""
    end = now() if until is None else until
    start = Instant(end - YEAR_MS) if since is None else since
    before = await versions_of(shop)
    after = _only(compiled(data, kinds_of(shop), shop.currency, Checks()))
    customers, buyers = await _buyers(shop, start, end)
    totals: dict[str, _Total] = {}
    purchases, is_cut = 0, False
    for n in range(0, len(customers), _BATCH):
        ids = await _purchases(shop, customers[n : n + _BATCH], start, end, MAX_PURCHASES - purchases)
        rows = await recorded_before_refunds(shop.database, ids)
        sales = await sales_of(shop, list(rows.values()))
        tried, present = await tried_earnings(shop, after, sales), await tried_earnings(shop, before, sales)
        for sale, new, old in zip(sales, tried, present, strict=True):
            total = totals.setdefault(str(sale.customer_id), _Total())
            total.given += sum(one.points for one in new)
            total.now += sum(one.points for one in old)
            total.steps += [(sale.at, one) for one in new if one.points]
        purchases += len(sales)
        if purchases >= MAX_PURCHASES:
            is_cut = True
            break
    rate = after.all[0].program.rate
    then = before.at(end)
    given, given_now = sum(one.given for one in totals.values()), sum(one.now for one in totals.values())
    rate_now = then.program.rate if then else None
    tiers = await tiers_before(shop, list(totals), end)
    return RuleSimulation(
        start,
        end,
        POINTS,
        purchases,
        len(totals),
        sum(one.given > one.now for one in totals.values()),
        sum(one.given < one.now for one in totals.values()),
        Decimal(given),
        Decimal(given_now),
        shop.money(rate.cost(given)) if rate else None,
        shop.money(rate_now.cost(given_now)) if rate_now else None,
        _shares(totals, tiers),
        _sample(shop, totals, sample),
        _notes(buyers, len(totals), is_cut, [*after.all, *before.all], has_tiers=bool(tiers)),
    )


def _only(program: Program) -> Versions:
    """A program that was always in force."""
    return Versions.of([(0, NEVER, program)], (0, 0))


async def _buyers(shop: Shop, since: Instant, until: Instant) -> tuple[list[str], int]:
    """Some customers who may have bought then, the same each time, and how many there are."""
    tail = (
        "right(CAST(s.customer_id AS TEXT), 12)" if shop.database.engine == "postgres" else "substr(s.customer_id, -12)"
    )
    rows = await shop.database.rows(
        f"SELECT s.customer_id, count(*) OVER () FROM customer_stats s WHERE s.merged_into_id IS NULL"
        " AND s.last_purchase_at >= $1 AND s.first_purchase_at < $2 AND s.first_purchase_at > $3"
        f" ORDER BY {tail}, s.customer_id LIMIT {MAX_CUSTOMERS}",
        since,
        until,
        NEVER,
    )
    return [row[0] for row in rows], int(rows[0][1]) if rows else 0


async def _purchases(
    shop: Shop, customer_ids: Sequence[str], since: Instant, until: Instant, most: int
) -> Sequence[str]:
    """The purchases of these in that time that stand."""
    rows = await shop.database.rows(
        f"SELECT p.id FROM purchase p WHERE {shop.database.dialect.among('p.customer_id', 1)}"
        " AND p.purchased_at >= $2 AND p.purchased_at < $3 AND p.status NOT IN ('VOIDED', 'REFUNDED')"
        f" ORDER BY p.customer_id, p.purchased_at, p.id LIMIT {most}",
        list(customer_ids),
        since,
        until,
    )
    return [row[0] for row in rows]


def _shares(totals: Mapping[str, _Total], tiers: Mapping[str, tuple[int, str]]) -> Sequence[RuleSimulationShare]:
    """The totals by tier, the highest first; those that nobody has are left out."""
    by_tier: dict[tuple[int, str], list[_Total]] = {}
    for id_, tier in tiers.items():
        by_tier.setdefault(tier, []).append(totals[id_])
    return [
        RuleSimulationShare(
            tier[1], len(own), Decimal(sum(one.given for one in own)), Decimal(sum(one.now for one in own))
        )
        for tier, own in sorted(by_tier.items(), reverse=True)
    ]


def _sample(shop: Shop, totals: Mapping[str, _Total], most: int) -> Sequence[RuleSimulationSample]:
    """Those with the largest differences, explained."""
    others = [(id_, one) for id_, one in totals.items() if one.given != one.now]
    others.sort(key=lambda pair: (-abs(pair[1].given - pair[1].now), pair[0]))
    return [
        RuleSimulationSample(id_, Decimal(one.given), Decimal(one.now), _explained(shop, one.steps))
        for id_, one in others[:most]
    ]


def _explained(shop: Shop, steps: Sequence[tuple[Instant, Outcome]]) -> Sequence[RuleExplanation]:
    """The latest first."""
    latest = sorted(steps, key=lambda step: -step[0])[:MAX_STEPS]
    return [one.explained(shop) for _, one in latest]


def _notes(buyers: int, looked_at: int, is_cut: bool, versions: Sequence[Version], *, has_tiers: bool) -> Sequence[str]:
    """What must be known to read the figures."""
    notes = []
    if buyers > MAX_CUSTOMERS or is_cut:
        how = "a sample by the ends of their ids, the same each time"
        notes.append(f"Purchases of {looked_at} of about {buyers} customers were looked at: {how}.")
    notes.append("What was voided or wholly given back is left out; what was given back in part counts whole.")
    if any(rule.is_once for version in versions for rule in version.program.rules):
        notes.append("What is given once per customer is given for the first purchase of that time.")
    if has_tiers:
        notes.append("By tier, customers are in the tier that they have at the end of that time, by what is known now.")
    return notes
