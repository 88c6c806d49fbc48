"""Writing the journal, in the transactions of what happens."""

from collections.abc import Sequence

import orjson

from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.shop.shop import Shop


async def write(shop: Shop, kind: str, ids: Sequence[str]) -> None:
    """Note an event. A shop in which no plugin was ever on has nobody to note it for, and notes nothing."""
    if shop.keeps_journal:
        row = (new_id(), kind, orjson.dumps(list(ids)).decode(), " ".join(shop.plugins.names), now())
        await shop.database.defer([inserting("journal", ("id", "kind", "ids", "took_part", "at"), [row])])
