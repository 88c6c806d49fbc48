"""What purchases can be filtered by, as SQL over `purchase p`."""

from regulars_core.queries.where import Leaf, compared, exists_in

LEAVES = {
    leaf.name: leaf
    for leaf in (
        Leaf("status", compared("p.status")),
        Leaf("store", compared("p.store_id", "uuid")),
        Leaf("customer", compared("p.customer_id", "uuid")),
        Leaf("channel", compared("p.channel")),
        Leaf("purchasedAt", compared("p.purchased_at")),
        Leaf("total", compared("p.total")),
        Leaf("paymentMethod", exists_in("payment y", "y.purchase_id = p.id", compared("y.method"))),
        Leaf("brand", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.brand"))),
        Leaf("category", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.category"))),
        Leaf("sku", exists_in("purchase_line l", "l.purchase_id = p.id", compared("l.sku"))),
    )
}
