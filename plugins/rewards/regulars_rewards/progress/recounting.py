"""What progress should be by all that it is made of: what sources brought, what was given by hand, and the rewards that live."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from regulars_core.plugin import Database, Dialect, Lookup, survivors_then
from regulars_rewards.progress.law import Standing

LIVE = "taken_back_at IS NULL"


@dataclass(slots=True)
class Recount:
    """What a customer has in a system, each part counted by itself."""

    units: Fraction = Fraction(0)
    granted: int = 0
    cost: int = 0
    issued: int = 0

    @property
    def standing(self) -> Standing:
        """How far that is."""
        return Standing(self.units, floor(self.units) + self.granted - self.cost)


def lookups_of_parts(dialect: Dialect, customer_ids: Collection[str]) -> list[Lookup]:
    """What `recounted` counts: what is earned and what lives by whose it is now, and what was given by hand by the records on
    which it stands, those that lead to these customers among them."""
    ids = sorted(customer_ids)
    theirs = dialect.among("customer_id", 1)
    merged = dialect.among("c.merged_into_id", 1)
    return [
        (
            "SELECT customer_id, system_id, per, CAST(sum(earned - reversed) AS BIGINT) FROM rewards_earning"
            f" WHERE {theirs} GROUP BY customer_id, system_id, per",
            [ids],
        ),
        (
            f"SELECT customer_id, system_id, CAST(sum(cost) AS BIGINT), count(*) FROM rewards_given WHERE {theirs} AND {LIVE}"
            " GROUP BY customer_id, system_id",
            [ids],
        ),
        (
            "SELECT e.customer_id, e.system_id, CAST(sum(e.delta) AS BIGINT) FROM rewards_entry e"
            f" WHERE e.cause = 'GRANT' AND ({dialect.among('e.customer_id', 1)} OR e.customer_id IN"
            f" (SELECT c.id FROM customer c WHERE {merged})) GROUP BY e.customer_id, e.system_id",
            [ids],
        ),
    ]


async def recounted(database: Database, customer_ids: Collection[str]) -> Mapping[tuple[str, str], Recount]:
    """What these customers have, by customer and system; in a replay, of the records that led to them as of the event."""
    earned, live, granted = await database.read_together(lookups_of_parts(database.dialect, customer_ids))
    found: dict[tuple[str, str], Recount] = {}
    for customer_id, system_id, per, units in earned:
        found.setdefault((customer_id, system_id), Recount()).units += Fraction(units, per)
    for customer_id, system_id, cost, count in live:
        one = found.setdefault((customer_id, system_id), Recount())
        one.cost, one.issued = cost, count
    leads_to = await survivors_then(database, {row[0] for row in granted})
    for customer_id, system_id, delta in granted:
        owner = leads_to.get(customer_id, customer_id)
        if owner in customer_ids:
            found.setdefault((owner, system_id), Recount()).granted += delta
    return found
