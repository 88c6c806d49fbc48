"""Changing what the team wrote down about a sale, after it."""

from collections.abc import Collection
from typing import TypedDict

from regulars_core.audit import changed
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


class PurchaseChanges(TypedDict, total=False):
    """What to change of a purchase: what is absent stays, None clears."""

    note: str | None


async def change_purchase(
    shop: Shop, purchase_id: str, changes: PurchaseChanges, stores: Collection[str] | None = None
) -> bool:
    """Change a recorded purchase; answers whether anything is different now. It stays the purchase that was recorded: sent again
    as it was, it is answered. One of a store that is not among `stores`, if they are given, is as good as none. Raises
    Refused."""
    checks = Checks()
    note = checks.prose(changes.get("note"), "note", 2_000)
    checks.refuse()

    async def work() -> bool:
        values = Values(shop.database.dialect, purchase_id)
        here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
        rows = await lock_where(shop.database, "purchase", f"id = $1{here}", values.all, ["note"])
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("id",)))
        is_different = "note" in changes and rows[0][0] != note
        changed({"note": None} if is_different else {})
        if is_different:
            await shop.database.run("UPDATE purchase SET note = $2 WHERE id = $1", purchase_id, note)
        return is_different

    return await shop.database.transaction(work)
