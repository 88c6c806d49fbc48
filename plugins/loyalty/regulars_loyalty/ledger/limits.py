"""Down to how far below zero credit may be spent."""

from collections.abc import Collection, Mapping, Sequence

from regulars_core.plugin import Database, Dialect, Lookup


def lookup_limits(dialect: Dialect, customer_ids: Collection[str]) -> Lookup:
    """The limits of customers by their groups, of those who have one."""
    condition, keys = dialect.keyed("c.id", 1, sorted(customer_ids))
    joined = "customer c JOIN loyalty_group_limit g ON g.group_id = c.group_id"
    return f"SELECT c.id, g.amount FROM {joined} WHERE {condition} AND g.amount > 0", [keys]


async def limits_of_groups(database: Database, group_ids: Sequence[str]) -> Mapping[str, int]:
    """The limits of groups that have one, in minor units of the shop's currency."""
    among = database.dialect.among("group_id", 1)
    sql = f"SELECT group_id, amount FROM loyalty_group_limit WHERE {among} AND amount > 0"
    return {row[0]: row[1] for row in await database.read(sql, list(dict.fromkeys(group_ids)))}
