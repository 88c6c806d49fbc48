"""What is kept of the offers of purchases: how they compare, what was used, and what they gave of each line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import Condition, Database, Leaf, Values
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
        f"SELECT {columns} FROM rewards_use u JOIN rewards_promotion p ON p.id = u.promotion_id"
        f" WHERE {database.dialect.among('u.purchase_id', 1)} ORDER BY p.rank, p.id, u.id",
        list(dict.fromkeys(purchase_ids)),
    )
    found: dict[str, list[ShownUse]] = {}
    for row in rows:
        use = shown_use(UseRow(*row))
        found.setdefault(str(use.purchase_id), []).append(use)
    return found


async def line_amounts_of(database: Database, line_ids: Sequence[str]) -> Mapping[str, int]:
    """What offers gave of the discount of lines, where they gave something."""
    among = database.dialect.among("line_id", 1)
    sql = f"SELECT line_id, amount FROM rewards_line WHERE {among}"
    return {row[0]: row[1] for row in await database.read(sql, list(dict.fromkeys(line_ids)))}


def _differ(conditions: Sequence[Condition], _: Values) -> str:
    different = "p.id IN (SELECT k.purchase_id FROM rewards_check k WHERE k.is_different)"
    return " AND ".join(different if wanted else f"NOT {different}" for _, wanted in conditions)


DIFFER_LEAF = Leaf("offersDiffer", _differ)
