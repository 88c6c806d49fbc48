"""How far below zero the customers of a group may spend credit.

A limit is looked at when somebody spends. Whoever moves to another group, because that one is removed or for any other reason,
goes on owing what is owed, and spends no more until the new group's limit allows it. Where a limit is lowered while somebody
goes below zero by it, one of the two waits for the other: nobody goes below the limit that stands.
"""

from collections.abc import Mapping

from regulars_core.plugin import Problem, Refused, Shop, inserting, lock

FIELD = "creditLimit"
"""The name of the field of a group."""
_USED = (
    "SELECT 1 FROM customer c JOIN loyalty_account a ON a.customer_id = c.id AND a.unit = $2"
    " WHERE c.group_id = $1 AND (a.debt > 0 OR a.held > 0) AND a.debt + a.held - a.amount > $3 LIMIT 1"
)


async def set_limits(shop: Shop, limits: Mapping[str, int | None]) -> None:
    """Set the limits of groups, in minor units of the shop's currency; None is no limit. What is held below zero counts as spent.
    Raises Refused with LIMIT_IN_USE where customers of the group are further below zero already than one that is lowered."""
    database = shop.database
    rows = await lock(database, "loyalty_group_limit", limits, ("group_id", "amount"), key="group_id")
    before: Mapping[str, int] = {row[0]: row[1] for row in rows}
    for group_id, limit in sorted(limits.items()):
        wanted = limit or 0
        is_lower = wanted < before.get(group_id, 0)
        if is_lower and await database.row(_USED, group_id, shop.currency, wanted):
            message = "Customers of the group are further below zero than this."
            raise Refused(Problem("LIMIT_IN_USE", message, (FIELD,)))
        if wanted:
            sql, values = inserting("loyalty_group_limit", ("group_id", "amount"), [(group_id, wanted)])
            await database.run(f"{sql} ON CONFLICT (group_id) DO UPDATE SET amount = excluded.amount", *values)
        elif group_id in before:
            await database.run("DELETE FROM loyalty_group_limit WHERE group_id = $1", group_id)
