"""Which purchases figures are of, as SQL over `purchase p`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regulars_core.plugin import COUNTED, NEVER, NOT_VOIDED, SPENT, Instant, Shop, Values, Where

MAX_MEMBERS = 20_000
"""So many customers are named to the database one by one."""

_SUMS = (
    f"sum(CASE WHEN {COUNTED} THEN 1 ELSE 0 END) AS times, sum({SPENT}) AS spent,"
    f" min(CASE WHEN {COUNTED} THEN p.purchased_at END) AS first_at"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Purchases from a `first` instant on and `before` another one, in these stores, of customers for whom conditions hold. What
    is None does not narrow; purchases by nobody are there where no conditions are. Where some customers' are asked for, these are
    to be sought by `by_customer`: SQLite would take the index of the stores, which have many more. `members` are the ids of the
    customers for whom the conditions hold, where they were found already."""

    first: Instant | None = None
    before: Instant | None = None
    stores: frozenset[str] | None = None
    where: Where | None = None
    by_customer: bool = False
    members: Sequence[str] | None = None

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
            unsought = "+" if self.by_customer and values.dialect.engine == "sqlite" else ""
            parts.append(values.among(f"{unsought}p.store_id", sorted(self.stores), "uuid"))
        if self.where is not None:
            parts.append(self._is_one("p.customer_id", self.where, values))
        return " AND ".join(parts)

    def members_only(self, values: Values, alias: str) -> list[str]:
        """The condition that the conditions hold for the customer of a row, if there are any."""
        return [] if self.where is None else [self._is_one(f"{alias}.customer_id", self.where, values)]

    def per_customer(self, values: Values, own: str = "") -> str:
        """The SELECT of what each customer bought: `customer_id`, how many `times`, what was `spent`, and when that was for the
        first time, `first_at`; and of purchases by nobody together, without a customer. `own` narrows it to some customers, by
        the `{customer_id}` that is put into it. Where everything counts that ever was bought it is kept."""
        if self.stores is not None or self.first is not None or self.before is not None:
            chosen = own and f" AND {own.format(customer_id='p.customer_id')}"
            return f"SELECT p.customer_id, {_SUMS} FROM purchase p WHERE {self.conditions(values)}{chosen} GROUP BY p.customer_id"
        chosen = own and f" AND {own.format(customer_id='s.customer_id')}"
        if self.where is not None:
            chosen += f" AND {self._is_one('s.customer_id', self.where, values)}"
        kept = (
            "SELECT s.customer_id, s.purchase_count AS times, s.total_spent AS spent, s.first_purchase_at AS first_at"
            f" FROM customer_stats s WHERE (s.purchase_count > 0 OR s.total_spent <> 0){chosen}"
        )
        if chosen:
            return kept
        return f"{kept} UNION ALL SELECT NULL, {_SUMS} FROM purchase p WHERE p.customer_id IS NULL AND {NOT_VOIDED}"

    def firsts(self, values: Values, own: str = "") -> str:
        """The SELECT of when each customer bought for the first time, whenever that was: `customer_id`, `first_at`; narrowed by
        `own` as in `per_customer`. Of the whole shop it is kept."""
        if self.stores is None:
            chosen = own and f" AND {own.format(customer_id='s.customer_id')}"
            if self.where is not None:
                chosen += f" AND {self._is_one('s.customer_id', self.where, values)}"
            return (
                "SELECT s.customer_id, s.first_purchase_at AS first_at FROM customer_stats s"
                f" WHERE s.first_purchase_at > {NEVER + 1} - 1{chosen}"
            )
        chosen = own and f" AND {own.format(customer_id='p.customer_id')}"
        return (
            "SELECT p.customer_id, min(p.purchased_at) AS first_at FROM purchase p"
            f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND {self.belongs(values)}{chosen} GROUP BY p.customer_id"
        )

    def _is_one(self, column: str, where: Where, values: Values) -> str:
        """The condition that a column is a customer for whom the conditions hold."""
        if self.members is not None:
            return " AND ".join([values.among(column, self.members, "uuid"), *values.own_plan()])
        return f"{column} IN ({customers(where, values)})"


async def with_members(shop: Shop, selections: Sequence[Selection]) -> Sequence[Selection]:
    """The same with their members, where these are not too many to be named: of a small segment many figures are asked, and what
    its conditions mean is looked for once. One statement; none where there are no conditions."""
    asked = [n for n, one in enumerate(selections) if one.where is not None]
    values, found = Values(shop.database.dialect, whole=True), list(selections)
    selects = [
        f"SELECT * FROM (SELECT {n} AS n, m.id FROM ({customers(where, values)}) m LIMIT {MAX_MEMBERS + 1}) m{n}"
        for n in asked
        if (where := selections[n].where) is not None
    ]
    members: dict[int, list[str]] = {n: [] for n in asked}
    for n, id_ in await shop.database.rows(" UNION ALL ".join(selects), *values.all) if selects else ():
        members[n].append(id_)
    for n, ids in members.items():
        if len(ids) <= MAX_MEMBERS:
            found[n] = replace(selections[n], members=ids)
    return found


def customers(where: Where, values: Values) -> str:
    """The SELECT of the ids of customers for whom conditions hold. PostgreSQL would go through all customers by the plan for any
    conditions of this kind, where few have what is asked for."""
    conditions = " AND ".join([where.compile(values), *values.own_plan()])
    return f"SELECT c.id FROM customer c JOIN customer_stats s ON s.customer_id = c.id WHERE {conditions}"
