"""What is kept of the offers of purchases: how they compare, what was used, and what they gave of each line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regulars_core.plugin import Condition, Database, Leaf, Values, divided_half_up
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.uses.reads import ShownUse, shown_use
from regulars_rewards.uses.rows import COLUMNS, UseRow


@dataclass(frozen=True, slots=True)
class CheckRow:
    """How the offers that were told of a purchase compare with those that were computed; amounts in minor units."""

    purchase_id: str
    recorded: int
    computed: int
    is_different: bool
    is_trusted: bool
    told: str | None

    @property
    def obstacles(self) -> Sequence[Obstacle]:
        """What stood against them."""
        return [Obstacle(**{**one, "reason": Reason(one["reason"])}) for one in json.loads(self.told or "[]")]


async def checks_of(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, CheckRow]:
    """The checks of purchases, by purchase; those that took no part have none."""
    rows = await database.read(
        "SELECT purchase_id, recorded, computed, is_different, is_trusted, obstacles FROM rewards_check"
        f" WHERE {database.dialect.among('purchase_id', 1)}",
        list(dict.fromkeys(purchase_ids)),
    )
    return {row[0]: CheckRow(row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5]) for row in rows}


async def uses_of(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, list[ShownUse]]:
    """What was used in purchases, by purchase, in the order in which it applied."""
    columns = ", ".join(f"u.{name}" for name in COLUMNS)
    rows = await database.read(
        f"SELECT {columns} FROM rewards_use u WHERE {database.dialect.among('u.purchase_id', 1)} ORDER BY u.position, u.id",
        list(dict.fromkeys(purchase_ids)),
    )
    found: dict[str, list[ShownUse]] = {}
    for row in rows:
        use = shown_use(UseRow(*row))
        found.setdefault(str(use.purchase_id), []).append(use)
    return found


async def shares_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, Decimal]:
    """The part of the purchases of customers in which an offer was used, 0 to 1 with four digits behind the point; who has no
    purchase that counts has none. What counts is what `purchaseCount` counts."""
    used = (
        "SELECT count(DISTINCT p.id) FROM rewards_use u JOIN purchase p ON p.id = u.purchase_id WHERE u.customer_id ="
        " s.customer_id AND u.redeemed_at IS NOT NULL AND u.released_at IS NULL AND p.customer_id = s.customer_id"
        " AND p.status IN ('PAID', 'PARTIALLY_REFUNDED') AND p.total >= 0"
    )
    rows = await database.read(
        f"SELECT s.customer_id, s.purchase_count, ({used}) FROM customer_stats s"
        f" WHERE {database.dialect.among('s.customer_id', 1)} AND s.purchase_count > 0",
        list(dict.fromkeys(customer_ids)),
    )
    return {row[0]: Decimal(divided_half_up(row[2] * _PARTS, row[1])) / _PARTS for row in rows}


_PARTS = 10_000


async def line_amounts_of(database: Database, line_ids: Sequence[str]) -> Mapping[str, int]:
    """What offers gave of the discount of lines, where they gave something."""
    among = database.dialect.among("line_id", 1)
    sql = f"SELECT line_id, amount FROM rewards_line WHERE {among}"
    return {row[0]: row[1] for row in await database.read(sql, list(dict.fromkeys(line_ids)))}


def _differ(conditions: Sequence[Condition], _: Values) -> str:
    different = "p.id IN (SELECT k.purchase_id FROM rewards_check k WHERE k.is_different)"
    return " AND ".join(different if wanted else f"NOT {different}" for _, wanted in conditions)


DIFFER_LEAF = Leaf("offersDiffer", _differ)
