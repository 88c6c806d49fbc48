"""Trying a policy on the shop's own history, by the code that would apply it; nothing is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import Instant, PastPurchases, Shop, now
from regulars_tiers.histories import histories_of, stored_periods
from regulars_tiers.policy_versions import refuse_failing, versions_of
from regulars_tiers.rules.explanation import Explainer, Kept, Standing
from regulars_tiers.rules.policy import Policy, Versions
from regulars_tiers.rules.timeline import CriterionFailed, History, Period


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer who would have another tier, with both standings."""

    customer_id: str
    before: Standing
    after: Standing


@dataclass
class Simulation:
    """What a policy would change: customers in all, by (tier now, tier then), and a sample of those who are moved."""

    at: Instant
    before: Versions
    after: Versions
    customers: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmeasured: int = 0
    """Customers who cannot be measured, and so would keep the tier that they have."""
    sample: list[Moved] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many would have another tier."""
        return sum(count for (before, after), count in self.moves.items() if before != after)


async def simulate(
    shop: Shop, policy: Policy, *, effective_at: Instant | None = None, at: Instant | None = None, sample: int = 20
) -> Simulation:
    """Compare the tiers at an instant with what they would be if the policy were in force from an instant on.

    Both are now where they are not given; the tiers are then compared as of the later of the two. Raises Refused for a policy
    that cannot be applied.
    """
    await refuse_failing(shop, policy)
    begins = now() if effective_at is None else effective_at
    moment = max(begins, now()) if at is None else at
    before = await versions_of(shop)
    existing = [(version.number, version.begins, version.policy) for version in before.all]
    after = Versions.of([*existing, (before.latest + 1, begins, policy)])
    simulation = Simulation(moment, before, after)
    async for ids in PastPurchases.customers_in_batches(shop):
        histories, stored = await histories_of(shop, ids, after.reads), await stored_periods(shop.database, ids)
        for customer_id in ids:
            history, periods = histories[customer_id], stored.get(customer_id, ())
            old, new = (_known(versions, customer_id, history, periods, shop) for versions in (before, after))
            code = old.tier_at(moment)
            codes = (code, code if isinstance(new, Kept) else new.tier_at(moment))
            simulation.customers += 1
            simulation.unmeasured += isinstance(new, Kept)
            simulation.moves[codes] += 1
            if codes[0] != codes[1] and len(simulation.sample) < sample:
                simulation.sample.append(Moved(customer_id, old.standing(moment), new.standing(moment)))
    return simulation


def _known(
    versions: Versions, customer_id: str, history: History, periods: Sequence[Period], shop: Shop
) -> Explainer | Kept:
    """What is known of a customer by the policy, or what is stored where that cannot be measured."""
    try:
        return Explainer(versions, customer_id, history, shop.settings.zone)
    except CriterionFailed as failed:
        return Kept(versions, customer_id, periods, history.assignments, failed.metric)
