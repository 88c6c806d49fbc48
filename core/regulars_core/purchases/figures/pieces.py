"""How many pieces purchases hold, as it is kept beside each."""

from collections.abc import AsyncIterator

from regulars_core.shop.shop import Shop

PIECES = (
    "(SELECT CAST(coalesce(sum(l.quantity - l.refunded_quantity), 0) AS BIGINT) FROM purchase_line l"
    " WHERE l.purchase_id = purchase.id AND l.quantity > 0)"
)
"""How many millionths of pieces the lines of a row of `purchase` hold that were sold, less what came back. What comes back
without a known sale is no piece."""
_BATCH = 1_000
_START = "0" * 32


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for every purchase of which something else is kept."""
    last: str | None = _START
    sql = f"SELECT id, pieces, {PIECES} FROM purchase WHERE id > $1 ORDER BY id LIMIT {_BATCH}"
    while last is not None:
        found = await shop.database.rows(sql, last)
        for id_, kept, counted in found:
            if kept != counted:
                yield f"purchase_{id_}: {kept} millionths of pieces are kept, {counted} counted"
        last = found[-1][0] if len(found) == _BATCH else None
