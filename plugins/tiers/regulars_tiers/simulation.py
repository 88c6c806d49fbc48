"""Trying a policy on the shop's own history, by the code that would apply it; nothing is written."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import Instant, Shop, now
from regulars_tiers.histories import histories_of
from regulars_tiers.policy_versions import versions_of
from regulars_tiers.reassessment import BATCH
from regulars_tiers.rules.explanation import Explainer, Standing
from regulars_tiers.rules.policy import Policy, Versions


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
    sample: list[Moved] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many would have another tier."""
        return sum(count for (before, after), count in self.moves.items() if before != after)


async def simulate(
    shop: Shop, policy: Policy, *, effective_at: Instant | None = None, at: Instant | None = None, sample: int = 20
) -> Simulation:
    """Compare the tiers at an instant with what they would be if the policy were in force from an instant on.

    Both are now where they are not given; the tiers are then compared as of the later of the two.
    """
    begins = now() if effective_at is None else effective_at
    moment = max(begins, now()) if at is None else at
    before = await versions_of(shop)
    existing = [(version.number, version.begins, version.policy) for version in before.all]
    after = Versions.of([*existing, (before.latest + 1, begins, policy)])
    simulation = Simulation(moment, before, after)
    async for ids in _customers(shop):
        histories = await histories_of(shop, ids)
        for customer_id in ids:
            old, new = (
                Explainer(versions, customer_id, histories[customer_id], shop.settings.zone)
                for versions in (before, after)
            )
            codes = old.tier_at(moment), new.tier_at(moment)
            simulation.customers += 1
            simulation.moves[codes] += 1
            if codes[0] != codes[1] and len(simulation.sample) < sample:
                simulation.sample.append(Moved(customer_id, old.standing(moment), new.standing(moment)))
    return simulation


async def _customers(shop: Shop) -> AsyncIterator[Sequence[str]]:
    """All customers, in batches by id."""
    last = "0" * 32
    while True:
        rows = await shop.database.rows(f"SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT {BATCH}", last)
        if rows:
            yield [row[0] for row in rows]
        if len(rows) < BATCH:
            return
        last = rows[-1][0]
