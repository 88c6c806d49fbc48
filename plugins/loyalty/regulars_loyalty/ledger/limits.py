"""Down to how far below zero credit may be spent."""

from collections.abc import Collection, Mapping, Sequence

from regulars_core.plugin import Database, Dialect, Lookup


def lookup_limits(dialect: Dialect, customer_ids: Collection[str]) -> Lookup:
    """The limits of customers by their groups, of those who have one."""
    return (
        "SELECT c.id, g.amount FROM customer c JOIN loyalty_group_limit g ON g.group_id = c.group_id"
        f" WHERE {dialect.among('c.id', 1)} AND g.amount > 0",
        [sorted(customer_ids)],
    )


async def limits_of_groups(database: Database, group_ids: Sequence[str]) -> Mapping[str, int]:
    """The limits of groups that have one, in minor units of the shop's currency."""
    among = database.dialect.among("group_id", 1)
    sql = f"SELECT group_id, amount FROM loyalty_group_limit WHERE {among} AND amount > 0"
    return {row[0]: row[1] for row in await database.read(sql, list(dict.fromkeys(group_ids)))}
