"""Uses of offers as they are shown: one by one, and those of promotions and coupons, the latest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import Database, Instant, Order, Page, Readable, SortKey, Window, by_ids, now, pages_of
from regulars_rewards.uses.rows import COLUMNS, UseRow


@dataclass(slots=True)
class ShownUse:
    """A use as it is shown: it is exactly one of reserved, redeemed and released, and a reservation that has run out is released,
    whether or not somebody has freed it yet."""

    id: str
    promotion_id: str
    coupon_id: str | None
    customer_id: str | None
    store_id: str
    basket: str | None
    purchase_id: str | None
    minor: int
    is_counted: bool
    reserved_until: Instant | None
    redeemed_at: Instant | None
    released_at: Instant | None


def shown_use(row: UseRow, present: Instant | None = None) -> ShownUse:
    """A use as it is shown now."""
    released = row.released_at
    if row.has_run_out(now() if present is None else present):
        released = row.reserved_until
    is_over = released is not None
    return ShownUse(
        row.id, row.promotion_id, row.coupon_id, row.customer_id, row.store_id, row.basket, row.purchase_id, row.amount,
        bool(row.is_counted), None if is_over or row.redeemed_at is not None else row.reserved_until,
        None if is_over else row.redeemed_at, released,
    )  # fmt: skip


LATEST_FIRST = Order(SortKey("ID", "u.id", "u.id", str), descending=True)


def _readable(owner: str) -> Readable[ShownUse]:
    columns = [f"u.{name}" for name in COLUMNS]
    return Readable("rewards_use u", f"u.{owner}", columns, lambda *row: shown_use(UseRow(*row)))


_USES = _readable("id")


async def uses_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ShownUse]:
    """Uses by id."""
    return await by_ids(database, _USES, ids)


async def uses_of_promotions(database: Database, ids: Sequence[str], window: Window) -> Sequence[Page[ShownUse]]:
    """A page of each promotion's uses."""
    return await pages_of(database, _USES, "u.promotion_id", ids, window)


async def uses_of_coupons(database: Database, ids: Sequence[str], window: Window) -> Sequence[Page[ShownUse]]:
    """A page of each coupon's uses."""
    return await pages_of(database, _USES, "u.coupon_id", ids, window)
