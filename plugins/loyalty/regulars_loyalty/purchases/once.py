"""What was given once per customer, was taken back, and is to be there again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import Shop
from regulars_loyalty.purchases.standing import Posted


@dataclass
class Marks:
    """By which rule each transfer gave once per customer, of those that give anything once, and which (customer, rule) have had
    it, and by which transfer."""

    rules: Mapping[str, str] = field(default_factory=dict)
    had: dict[tuple[str, str], str] = field(default_factory=dict)

    def has(self, root: Posted) -> bool:
        """Whether it counts as given."""
        return self.had.get((root.customer_id, self.rules.get(root.id, ""))) == root.id

    def may_stand(self, root: Posted) -> bool:
        """Whether something may be given again as it was posted: not what another purchase has given once since."""
        rule = self.rules.get(root.id)
        return rule is None or self.had.setdefault((root.customer_id, rule), root.id) == root.id


async def marks_of(shop: Shop, roots: Sequence[Posted]) -> Marks:
    """What must be known of what these transfers gave. One look, and none where there are none."""
    if not roots:
        return Marks()
    dialect = shop.database.dialect
    transfers = f"SELECT transfer_id, rule FROM loyalty_once WHERE {dialect.among('transfer_id', 1)}"
    customers = f"SELECT customer_id, rule, transfer_id FROM loyalty_once WHERE {dialect.among('customer_id', 1)}"
    rules, had = await shop.database.read_together(
        [(transfers, [[one.id for one in roots]]), (customers, [sorted({one.customer_id for one in roots})])]
    )
    return Marks({row[0]: row[1] for row in rules}, {(row[0], row[1]): row[2] for row in had})
