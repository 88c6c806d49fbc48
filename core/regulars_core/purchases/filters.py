"""What purchases can be filtered by, as SQL over `purchase p`."""

from collections.abc import Sequence

from regulars_core.queries.where import Condition, Leaf, Values, compared, exists_in, present


def _of_customers(conditions: Sequence[Condition], values: Values) -> str:
    """Of one of the customers to whom these ids lead."""
    [(_, ids)] = conditions
    leads_to = f"SELECT coalesce(a.merged_into_id, a.id) FROM customer a WHERE {values.among('a.id', ids, 'uuid')}"
    # As an array, PostgreSQL seeks each of them in the index.
    return (
        f"p.customer_id {f'= ANY (ARRAY({leads_to}))' if values.dialect.engine == 'postgres' else f'IN ({leads_to})'}"
    )


LEAVES = {
    leaf.name: leaf
    for leaf in (
        Leaf("status", compared("p.status")),
        Leaf("store", compared("p.store_id", "uuid")),
        Leaf("customer", _of_customers),
        Leaf("channel", compared("p.channel")),
        Leaf("register", compared("nullif(p.register, '')")),
        Leaf("purchasedAt", compared("p.purchased_at")),
        Leaf("recordedAt", compared("p.recorded_at")),
        Leaf("total", compared("p.total")),
        Leaf("due", compared("p.due")),
        Leaf("hasNote", present("p.note")),
        Leaf("paymentMethod", exists_in("payment y", "y.purchase_id = p.id", compared("y.method"))),
        Leaf("brand", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.brand"))),
        Leaf("category", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.category"))),
        Leaf("sku", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.sku"))),
    )
}
