"""What the ledger keeps of rewards that reward systems gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import Shop


@dataclass(frozen=True, slots=True)
class Given:
    """What was given for a reward: by which transfer, of which lot, and how much of it has expired, whosesoever it was then."""

    transfer_id: str
    unit: str
    amount: int
    origin_id: str
    expired: int


async def given_for(shop: Shop, reward_ids: Sequence[str]) -> Mapping[str, Given]:
    """What was given for each of these rewards; those for which nothing was are missing. One statement."""
    expired = (
        "SELECT coalesce(sum(u.amount), 0) FROM loyalty_lot o JOIN loyalty_lot_use u ON u.lot_id = o.id"
        " JOIN loyalty_transfer e ON e.id = u.transfer_id WHERE o.origin_id = l.origin_id AND e.kind = 'EXPIRE'"
    )
    rows = await shop.database.read(
        f"SELECT t.event_id, t.id, t.unit, t.amount, l.origin_id, CAST(({expired}) AS BIGINT) FROM loyalty_transfer t"
        f" JOIN loyalty_lot l ON l.transfer_id = t.id WHERE {shop.database.dialect.among('t.event_id', 1)}"
        " AND t.event_kind = 'REWARD' AND t.target = 'LOTS'",
        list(reward_ids),
    )
    return {row[0]: Given(*tuple(row)[1:]) for row in rows}
