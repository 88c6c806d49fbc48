"""What purchases can be filtered by, as SQL over `purchase p`; and customers by what they bought, as SQL over `customer c` with
`customer_stats s`."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from regulars_core.purchases.figures.calendar import PARTS
from regulars_core.queries.where import Condition, Leaf, Values, Where, compared, exists_in, present


def _of_customers(conditions: Sequence[Condition], values: Values) -> str:
    """Of one of the customers to whom these ids lead."""
    [(_, ids)] = conditions
    leads_to = f"SELECT coalesce(a.merged_into_id, a.id) FROM customer a WHERE {values.among('a.id', ids, 'uuid')}"
    # As an array, PostgreSQL seeks each of them in the index.
    return (
        f"p.customer_id {f'= ANY (ARRAY({leads_to}))' if values.dialect.engine == 'postgres' else f'IN ({leads_to})'}"
    )


ZONE = "zone"
"""The part of the conditions of the calendar that is the name of the zone; the others are lists of whole numbers."""


def _calendar(conditions: Sequence[Condition], values: Values) -> str:
    """In one of these hours, on one of these days of the week (1 is Monday) and in one of these months, by the clocks of the
    zone."""
    wanted = dict(conditions)
    zone = ZoneInfo(wanted.pop(ZONE))
    numbers = {name: ", ".join(str(int(one)) for one in wanted[name]) for name in wanted}
    return " AND ".join(
        f"{PARTS[name](values.dialect, zone)} IN ({listed})" if listed else "1=0" for name, listed in numbers.items()
    )


_ARTICLE = compared("l.sku")


def _of_articles(conditions: Sequence[Condition], values: Values) -> str:
    """With a line of one of these articles. By themselves few lines are found by their index: what EXISTS, SQLite looks for in
    each purchase."""
    return f"p.id IN (SELECT l.purchase_id FROM purchase_line l WHERE {_ARTICLE(conditions, values)})"


LEAVES = {
    leaf.name: leaf
    for leaf in (
        Leaf("status", compared("p.status")),
        Leaf("store", compared("p.store_id", "uuid")),
        Leaf("customer", _of_customers),
        Leaf("channel", compared("p.channel")),
        Leaf("register", compared("nullif(p.register, '')")),
        Leaf("purchasedAt", compared("p.purchased_at")),
        Leaf("calendar", _calendar),
        Leaf("recordedAt", compared("p.recorded_at")),
        Leaf("total", compared("p.total")),
        Leaf("due", compared("p.due")),
        Leaf("hasNote", present("p.note")),
        Leaf("paymentMethod", exists_in("payment y", "y.purchase_id = p.id", compared("y.method"))),
        Leaf("brand", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.brand"))),
        Leaf("category", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.category"))),
        Leaf("sku", _of_articles),
    )
}


WHERE, COUNT, TOTAL = "where", "count", "total"
"""The parts of the conditions of BOUGHT: a tree on purchases or None, and conditions on how many they are and on their sum."""
_STANDS = "p.status IN ('PAID', 'PARTIALLY_REFUNDED')"
"""Neither voided nor refunded in full. By one below zero more came back than was bought: it is no purchase, but takes off what
all come to, as in the statistics."""
_COUNT = "count(CASE WHEN p.total >= 0 THEN 1 END)"
_TOTAL = "coalesce(sum(p.total - p.refunded), 0)"
_AT_LEAST_ONE: Sequence[Condition] = [(">=", 1)]
_NONE: Sequence[Condition] = [("=", 0), ("<=", 0), ("<", 1)]
_HOLDS_OF_NONE: Mapping[str, Callable[[int], bool]] = {
    "=": lambda bound: bound == 0,
    ">=": lambda bound: bound <= 0,
    ">": lambda bound: bound < 0,
    "<=": lambda bound: bound >= 0,
    "<": lambda bound: bound > 0,
}
_RARE = "sku"
"""The leaf that few purchases meet, by an index."""


def _bought(conditions: Sequence[Condition], values: Values) -> str:
    """That so many purchases for which a tree holds come to so much; at least one unless their number is told.

    Where none are left out it is asked of the customer's statistics. Else it is asked of each customer, by the index of the
    customer's purchases: so a page costs what its rows cost. Where all customers are asked anyway, or few purchases are meant,
    the purchases are added up instead, by customer.
    """
    parts = dict(conditions)
    counted, summed, tree = parts.get(COUNT, _AT_LEAST_ONE), parts.get(TOTAL, ()), parts[WHERE]
    if tree is None:  # what all purchases come to is kept
        kept = [f"s.purchase_count {operator} {values.bind(bound)}" for operator, bound in counted]
        return " AND ".join([*kept, *(f"s.total_spent {operator} {values.bind(bound)}" for operator, bound in summed)])
    assert isinstance(tree, Where)
    narrowed, rare = f" AND {tree.compile(values)}", _is_rare(tree)
    theirs = f"SELECT p.customer_id FROM purchase p WHERE p.customer_id IS NOT NULL AND {_STANDS}{narrowed}"
    rows = f"FROM purchase p WHERE p.customer_id = c.id AND {_STANDS}{narrowed}"
    if not summed and list(counted) == _AT_LEAST_ONE:
        return f"c.id IN ({theirs} AND p.total >= 0)" if rare else f"EXISTS (SELECT 1 {rows} AND p.total >= 0)"
    if not summed and counted and all(condition in _NONE for condition in counted):
        return f"NOT EXISTS (SELECT 1 {rows} AND p.total >= 0)"
    having = [f"{_COUNT} {operator} {values.bind(bound)}" for operator, bound in counted]
    having += [f"{_TOTAL} {operator} {values.bind(bound)}" for operator, bound in summed]
    holds = " AND ".join(having)
    if not (values.whole or rare):
        return f"(SELECT CASE WHEN {holds} THEN 1 END {rows}) = 1"
    theirs += " GROUP BY p.customer_id HAVING"
    if all(_HOLDS_OF_NONE[operator](bound) for operator, bound in (*counted, *summed)):
        others = f"{theirs} ({holds}) IS NOT TRUE"  # it holds of who has bought nothing
        if values.dialect.engine == "sqlite":
            return f"c.id NOT IN ({others})"
        # PostgreSQL goes through what does not fit into its memory for each customer, as NOT IN has it.
        return f"NOT EXISTS (SELECT 1 FROM ({others}) o WHERE o.customer_id = c.id)"
    return f"c.id IN ({theirs} {holds})"


def _is_rare(tree: Where) -> bool:
    """Whether what a tree is about must have an article."""
    if tree.leaf is not None:
        return tree.leaf.name == _RARE
    return tree.op == "all" and any(map(_is_rare, tree.parts))


BOUGHT = Leaf("purchases", _bought)
