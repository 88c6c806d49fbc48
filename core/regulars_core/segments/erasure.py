"""Forgetting a customer in segments: what their conditions compare may be the customer's own, such as a tax id."""

from collections.abc import Sequence

import orjson

from regulars_core.audiences.named import tree_of
from regulars_core.audiences.owned import LEAVES, owned_by
from regulars_core.primitives.clock import now
from regulars_core.queries.locks import lock_where
from regulars_core.shop.shop import Shop

_ASKING = " OR ".join(f"conditions LIKE '%\"{leaf}\"%'" for leaf in LEAVES)


async def forget_in_segments(shop: Shop, customers: Sequence[str]) -> int:
    """Take out of the conditions of segments, also of those that they had, what was these customers' own, before it is erased
    itself: they match nobody by it any more; what somebody else has too stays. Answers how many segments were changed."""
    own = await owned_by(shop, customers)
    if not own:
        return 0
    changed = 0
    for id_, text in await lock_where(shop.database, "segment", _ASKING, [], ("id", "conditions")):
        after = own.without(tree_of(text))
        if after != tree_of(text):
            changed += 1
            sql = "UPDATE segment SET conditions = $2, version = version + 1, updated_at = $3 WHERE id = $1"
            await shop.database.run(sql, id_, orjson.dumps(after).decode(), now())
    for id_, text in await shop.database.rows(f"SELECT id, conditions FROM segment_version WHERE {_ASKING}"):
        after = own.without(tree_of(text))
        if after != tree_of(text):
            sql = "UPDATE segment_version SET conditions = $2 WHERE id = $1"
            await shop.database.run(sql, id_, orjson.dumps(after).decode())
    return changed
