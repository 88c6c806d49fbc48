"""What a reward system would have given over the shop's own past, beside the one in whose place it comes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regulars_core.plugin import (
    LATEST,
    NEVER,
    Checks,
    Instant,
    PastPurchases,
    Problem,
    Refused,
    RuleSimulation,
    Shop,
    SimulationTotals,
    check_segments,
    exponent_of,
    new_id,
)
from regulars_rewards.simulations.giving import Gifts, gifts, worth_of
from regulars_rewards.simulations.sources import Sources
from regulars_rewards.systems.changes import SystemDraft, check_system
from regulars_rewards.systems.known import read_systems, version_of
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.occasions import OccasionTrigger
from regulars_rewards.uses.tiers import tiers_before

MAX_PURCHASES = 10_000
"""On so many purchases a reward system is tried within a request."""


@dataclass(frozen=True, slots=True)
class TriedSystem:
    """A reward system to try, and the one in whose place it comes, None beside all others."""

    system: RewardSystem
    replaces: RewardSystem | None = None

    @property
    def systems(self) -> Sequence[RewardSystem]:
        """Both, the one that is tried first."""
        return [self.system] if self.replaces is None else [self.system, self.replaces]

    @property
    def unit(self) -> str | None:
        """What it gives is counted in; None for money."""
        return worth_of(self.system.current).unit

    @property
    def is_comparable(self) -> bool:
        """Whether both give the same."""
        return self.replaces is None or worth_of(self.replaces.current).unit == self.unit

    @property
    def is_of_days(self) -> bool:
        """Whether anybody may get something, who buys and who does not."""
        return any(isinstance(one.kind, OccasionTrigger) for each in self.systems for one in each.versions)


async def tried_system(shop: Shop, draft: SystemDraft, replaces: str | None = None) -> TriedSystem:
    """A reward system as it can be tried, collecting at any time. Raises Malformed with what `create_system` raises, and with
    INVALID_RULE for a trigger by changes of tiers, of which there are none while it is tried; and Refused with NOT_FOUND at
    `replacesId`."""
    checks = Checks("rewardSystem")
    check_system(shop, draft.data, checks)
    await check_segments(shop, {("audience",): draft.data.audience}, checks)
    data = draft.data.model_copy(update={"starts_at": Instant(0), "ends_at": LATEST, "is_enabled": True})
    version = version_of(shop, new_id(), 1, NEVER, data)
    if isinstance(version.kind, OccasionTrigger) and "tier" in version.kind.of:
        checks.fail("INVALID_RULE", "A trigger by changes of tiers cannot be tried on the past.", "triggerRule", "kind")
    checks.refuse()
    system = RewardSystem(version.system_id, draft.name, False, (version,))
    if replaces is None:
        return TriedSystem(system)
    existing = (await read_systems(shop)).by_id.get(replaces)
    if existing is None or existing.is_shadow:
        raise Refused(Problem("NOT_FOUND", "There is no such reward system.", ("replacesId",)))
    return TriedSystem(system, existing)


async def simulate_system(
    shop: Shop, tried: TriedSystem, since: Instant | None, until: Instant | None, sample: int
) -> RuleSimulation:
    """What a reward system would have given from an instant on and before another one, a year before now if they are not given,
    beside what the one gives in whose place it comes: both found anew."""
    span = PastPurchases.span_of(since, until)
    sampled = await PastPurchases.sampled(shop, *span, most=MAX_PURCHASES, everybody=tried.is_of_days)
    totals = SimulationTotals(exponent_of(shop.currency) if tried.unit is None else 0)
    costs: list[int | None] = [0, 0]
    failures, untold = set[str](), set[str]()
    for customers, ids in sampled.by_customers():
        sources = Sources(shop, tried.systems, span, customers, ids, failures, untold)
        changes, bought = await sources.changes(), dict[str, int]()
        for sale in sources.sales:
            bought[str(sale.customer_id)] = bought.get(str(sale.customer_id), 0) + 1
        for customer_id in customers:
            each = [gifts(one, changes.get((one.id, customer_id), ())) for one in tried.systems]
            for n, own in enumerate(each):
                costs[n] = _sum(costs[n], own.cost)
            given_now = each[1].count if len(each) > 1 and tried.is_comparable else 0
            _add(totals, customer_id, each[0], given_now, bought.get(customer_id, 0))
    cost, cost_now = (None if one is None else shop.money(one) for one in costs)
    tiers = await tiers_before(shop, totals.customer_ids, span[1])
    notes = [] if sampled.is_whole else [totals.note_of_sample(sampled.buyers)]
    notes += notes_of(tried, failures, untold)
    unit = shop.currency if tried.unit is None else tried.unit
    return totals.simulation(span, unit, (cost, cost_now if tried.replaces is not None else None), tiers, sample, notes)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _add(totals: SimulationTotals, customer_id: str, own: Gifts, given_now: int, purchases: int) -> None:
    for step in own.steps:
        if step.explain is not None:
            totals.add(customer_id, step.at, 0, 0, [step.explain], purchases=0)
    if own.count or given_now or purchases:
        totals.add(customer_id, Instant(0), own.count, given_now, purchases=purchases)


def notes_of(tried: TriedSystem, failures: set[str], untold: set[str]) -> Iterator[str]:
    """What must be known to read the figures of a reward system that was tried."""
    yield (
        "Progress begins at nothing at the first instant. What was voided or wholly given back is left out; what was given "
        "back in part is taken back when it was."
    )
    yield "Nothing that is given is used in between: what comes back takes back what was given for it."
    if not tried.is_comparable:
        yield "The one in whose place it comes gives something else, which is not compared."
    if failures:
        yield f"These kinds have failed, and brought nothing: {', '.join(sorted(failures))}."
    if untold:
        why = "since a plugin that they need is off or has failed"
        yield f"For whom these are cannot be told, {why}; so they brought nothing: {', '.join(sorted(untold))}."
