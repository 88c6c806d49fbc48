"""Deciding about stores."""

import re
from typing import TypedDict

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID, new_id
from regulars_core.shop.shop import Shop
from regulars_core.stores.models import Store

MAIN = "MAIN"
"""The code of the store that purchases without a store belong to."""
_CODE = re.compile(r"[A-Z0-9]{1,16}")


class StoreChanges(TypedDict, total=False):
    """What to change of a store; what is absent stays."""

    name: str | None
    is_active: bool | None


def checked_name(checks: Checks, name: str | None) -> str:
    """The name of a store in the form in which it is kept. Problems are noted in `checks`."""
    return checks.text(name or "", "name", 120, required=True) or ""


def checked_code(checks: Checks, code: str) -> str:
    """The code of a store in capitals. Problems are noted in `checks`."""
    upper = code.strip().upper()
    if not _CODE.fullmatch(upper):
        checks.fail("INVALID_CODE", "A store's code is 1 to 16 letters and digits, such as S07.", "code")
    return upper


async def create_store(shop: Shop, code: str, name: str) -> str:
    """Open a store and answer its id. Raises Refused."""
    checks = Checks()
    code, name = checked_code(checks, code), checked_name(checks, name)
    checks.refuse()

    async def work() -> str:
        if await Store.filter(code=code).exists():
            raise Refused(Problem("CODE_TAKEN", "There is a store with this code already.", ("code",)))
        present = now()
        store = await Store.create(id=new_id(), code=code, name=name, created_at=present, updated_at=present)
        return store.id

    return await shop.database.transaction(work)


async def change_store(shop: Shop, store_id: str, changes: StoreChanges) -> None:
    """Rename a store, close it or open it again; `MAIN` stays open. Raises Refused."""
    columns: dict[str, str | bool] = {}
    checks = Checks()
    if "name" in changes:
        columns["name"] = checked_name(checks, changes["name"])
    if "is_active" in changes:
        if changes["is_active"] is None:
            checks.fail("REQUIRED", "A store is either open or closed.", "isActive")
        columns["is_active"] = bool(changes["is_active"])
    checks.refuse()
    if store_id == MAIN_STORE_ID and columns.get("is_active") is False:
        raise Refused(Problem("MAIN_STORE", "The store MAIN cannot be closed.", ("isActive",)))

    async def work() -> None:
        if not await Store.filter(id=store_id).update(**columns, updated_at=now()):
            raise Refused(Problem("NOT_FOUND", "There is no store with this id.", ("id",)))

    await shop.database.transaction(work)
