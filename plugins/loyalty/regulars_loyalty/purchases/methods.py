"""Payments that are called almost as credit or points are, and are not: nothing is taken for them."""

import re
from collections.abc import AsyncIterator

from regulars_core.plugin import Shop
from regulars_loyalty.settings import LoyaltySettings

LATEST = 1_000
"""So many purchases that were recorded last are looked at, and so many refunds."""
PASSED = 10 * LATEST
"""Among so many recorded last, purchases out of files are passed over."""
_NO_LETTER = re.compile(r"[\W_]+")
_PARTS = (
    "payment y JOIN (SELECT id FROM (SELECT id, origin FROM purchase ORDER BY id DESC LIMIT {passed}) x"
    " WHERE origin <> 'IMPORT' ORDER BY id DESC LIMIT {latest}) p ON p.id = y.purchase_id",
    "refund_payment y JOIN (SELECT id FROM refund ORDER BY id DESC LIMIT {latest}) r ON r.id = y.refund_id",
)


async def misspelt(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each method of recent payments that is one of the ledger's but for case, spaces and signs."""
    settings = shop.settings.of(LoyaltySettings)
    own = {_folded(one): one for one in (settings.credit_method, settings.points_method)}
    parts = [f"SELECT y.method FROM {one.format(latest=LATEST, passed=PASSED)}" for one in _PARTS]
    sql = f"SELECT method, count(*) FROM ({' UNION ALL '.join(parts)}) recent GROUP BY method ORDER BY method"
    for method, count in await shop.database.rows(sql):
        meant = own.get(_folded(method))
        if meant is not None and method not in own.values():
            yield f"{method!r} is not {meant!r}: nothing is taken or given for payments called so, such as {count} recent ones"


def _folded(method: str) -> str:
    return _NO_LETTER.sub("", method.casefold())
