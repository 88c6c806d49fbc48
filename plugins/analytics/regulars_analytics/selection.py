"""Which purchases figures are of, as SQL over `purchase p`."""

from dataclasses import dataclass

from regulars_core.plugin import COUNTED, NEVER, NOT_VOIDED, Instant, Values, Where


@dataclass(frozen=True, slots=True)
class Selection:
    """Purchases from a `first` instant on and `before` another one, in these stores, of customers for whom conditions hold. What
    is None does not narrow; purchases by nobody are there where no conditions are."""

    first: Instant | None = None
    before: Instant | None = None
    stores: frozenset[str] | None = None
    where: Where | None = None

    def conditions(self, values: Values) -> str:
        """The conditions on purchases, those of when they were made among them; the values go to `values`."""
        return " AND ".join([self.belongs(values), *self.bounds(values)])

    def bounds(self, values: Values) -> list[str]:
        """The conditions on when purchases were made."""
        ends = ((">=", self.first), ("<", self.before))
        return [f"p.purchased_at {sign} {values.bind(at)}" for sign, at in ends if at is not None]

    def belongs(self, values: Values) -> str:
        """The conditions on purchases but for when they were made: who asks for a customer's first one needs the earlier ones."""
        parts = [NOT_VOIDED]
        if self.stores is not None:
            parts.append(values.among("p.store_id", sorted(self.stores), "uuid"))
        if self.where is not None:
            parts.append(f"p.customer_id IN ({customers(self.where, values)})")
        return " AND ".join(parts)

    def firsts(self, values: Values) -> str:
        """The SELECT of when each customer bought for the first time, whenever that was: `customer_id`, `first_at`. Of the whole
        shop it is kept."""
        if self.stores is None:
            chosen = "" if self.where is None else f" AND s.customer_id IN ({customers(self.where, values)})"
            return (
                "SELECT s.customer_id, s.first_purchase_at AS first_at FROM customer_stats s"
                f" WHERE s.first_purchase_at > {NEVER + 1} - 1{chosen}"
            )
        return (
            "SELECT p.customer_id, min(p.purchased_at) AS first_at FROM purchase p"
            f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND {self.belongs(values)} GROUP BY p.customer_id"
        )


def customers(where: Where, values: Values) -> str:
    """The SELECT of the ids of customers for whom conditions hold."""
    return f"SELECT c.id FROM customer c JOIN customer_stats s ON s.customer_id = c.id WHERE {where.compile(values)}"
