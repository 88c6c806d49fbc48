"""What the ledger tells of purchases: what they have earned, what was paid by points, and which of their lines sold credit."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from regulars_core.plugin import Database


async def points_earned(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, int]:
    """The points that each purchase has earned, whoever's it is, less what was taken back; those without any are missing."""
    rows = await database.read(
        "SELECT t.purchase_id, CAST(sum(CASE WHEN t.target IN ('LOTS', 'DEBT') THEN t.amount ELSE -t.amount END) AS BIGINT)"
        f" FROM loyalty_transfer t WHERE {database.dialect.among('t.purchase_id', 1)} AND t.unit = 'PTS'"
        " AND 'ISSUED' IN (t.source, t.target) GROUP BY t.purchase_id",
        list(dict.fromkeys(purchase_ids)),
    )
    return {row[0]: row[1] for row in rows}


async def points_paid(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, int]:
    """How many points each payment of these purchases took when it was made, by the payment's id."""
    rows = await database.read(
        "SELECT t.payment_id, CAST(sum(t.amount) AS BIGINT) FROM loyalty_transfer t"
        f" WHERE {database.dialect.among('t.purchase_id', 1)} AND t.unit = 'PTS' AND t.payment_id IS NOT NULL"
        " AND t.target = 'PAID' AND t.reverses_id IS NULL GROUP BY t.payment_id",
        list(dict.fromkeys(purchase_ids)),
    )
    return {row[0]: row[1] for row in rows}


async def credit_lines(database: Database, line_ids: Sequence[str]) -> AbstractSet[str]:
    """Those of these lines that sold credit."""
    among = database.dialect.among("line_id", 1)
    sql = f"SELECT line_id FROM loyalty_credit_line WHERE {among}"
    return {row[0] for row in await database.read(sql, list(dict.fromkeys(line_ids)))}
