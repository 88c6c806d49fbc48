"""Uses of offers as they are kept, together with what is to be known to change them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from regulars_core.plugin import DAY_MS, Dialect, Instant, Lookup


@dataclass(slots=True)
class UseRow:
    """A row of rewards_use. Reserved while it has `reserved_until`; else redeemed, unless it was released."""

    id: str
    promotion_id: str
    coupon_id: str | None
    customer_id: str | None
    store_id: str
    basket: str | None
    purchase_id: str | None
    position: int
    first_id: str | None
    amount: int
    tier: str | None
    is_counted: bool
    created_at: Instant
    reserved_until: Instant | None
    redeemed_at: Instant | None
    released_at: Instant | None
    sharing: int = 0

    @property
    def group(self) -> str:
        """The use that it is: of purchases that share a basket the first one's."""
        return self.first_id or self.id

    @property
    def is_reserved(self) -> bool:
        """Whether it is a reservation, run out or not."""
        return self.released_at is None and self.redeemed_at is None

    def has_run_out(self, at: Instant) -> bool:
        """Whether it is a reservation that counts no more."""
        return self.is_reserved and self.reserved_until is not None and self.reserved_until <= at


COLUMNS = tuple(field.name for field in fields(UseRow))


@dataclass(slots=True)
class KeptUse:
    """A use that may be changed: when the first purchase of its basket redeemed it, how often others came or went until now, the
    version of its promotion, and how many other purchases of its basket stand for the same use, and how many of them count."""

    row: UseRow
    first_at: Instant | None
    sharing: int
    promotion_version: int
    beside: int
    counted_beside: int


_BESIDE = (
    "FROM rewards_use o WHERE (o.id = u.first_id OR o.first_id = coalesce(u.first_id, u.id)) AND o.id <> u.id"
    " AND o.released_at IS NULL"
)


def _of_first(column: str) -> str:
    of_other = f"(SELECT o.{column} FROM rewards_use o WHERE o.id = u.first_id)"
    return f"(CASE WHEN u.first_id IS NULL THEN u.{column} ELSE {of_other} END)"


_KEPT = (
    f"{', '.join(f'u.{name}' for name in COLUMNS)}, {_of_first('redeemed_at')} AS first_at, {_of_first('sharing')} AS shared,"
    f" p.version AS promotion_version,"
    f" (SELECT count(*) {_BESIDE}) AS beside, (SELECT count(*) {_BESIDE} AND o.is_counted) AS counted_beside"
)
_SOURCE = "rewards_use u JOIN rewards_promotion p ON p.id = u.promotion_id"


def lookup_uses_of_purchases(dialect: Dialect, purchase_ids: Sequence[str]) -> Lookup:
    """All uses of these purchases, released ones too, in the order in which they were made. Read by `kept_uses`."""
    among = dialect.among("u.purchase_id", 1)
    return f"SELECT {_KEPT} FROM {_SOURCE} WHERE {among} ORDER BY u.id", [sorted(purchase_ids)]


def lookup_uses(dialect: Dialect, use_ids: Sequence[str]) -> Lookup:
    """The uses with these ids. Read by `kept_uses`."""
    return f"SELECT {_KEPT} FROM {_SOURCE} WHERE {dialect.among('u.id', 1)} ORDER BY u.id", [sorted(use_ids)]


SHARED_MS = DAY_MS
"""For how long from its first purchase on a basket's name means the same basket: a till may use names again."""


def lookup_uses_of_basket(basket: str, at: Instant) -> Lookup:
    """What is reserved for a basket or was redeemed about an instant under its name, and not released; run-out reservations too,
    the latest first. Read by `kept_uses`."""
    stands = "u.basket = $1 AND u.released_at IS NULL"
    return (
        f"SELECT {_KEPT} FROM {_SOURCE} WHERE ({stands} AND u.redeemed_at IS NULL)"
        f" OR ({stands} AND u.redeemed_at BETWEEN $2 AND $3) ORDER BY u.id DESC LIMIT {MAX_OWN}",
        [basket, at - 2 * SHARED_MS, at + 2 * SHARED_MS],
    )


MAX_OWN = 500
"""Uses of one basket that are looked at; its name may be one that is used again and again."""


def of_basket(
    uses: Sequence[KeptUse], customer_id: str | None, store_id: str, at: Instant, present: Instant
) -> Sequence[KeptUse]:
    """What is the basket's own of all that was looked up by its name: reservations that keep something, and what the same
    customer, or a stranger too, redeemed in the same store, if the first of its purchases was no more than SHARED_MS away."""
    return [one for one in uses if _is_of_basket(one, customer_id, store_id, at, present)]


def _is_of_basket(use: KeptUse, customer_id: str | None, store_id: str, at: Instant, present: Instant) -> bool:
    row = use.row
    if row.is_reserved:
        return not row.has_run_out(present)
    is_same = (row.customer_id, row.store_id) == (customer_id, store_id)
    return is_same and use.first_at is not None and abs(at - use.first_at) <= SHARED_MS


def own_of(uses: Sequence[KeptUse], promotion_id: str, coupon_id: str | None) -> KeptUse | None:
    """What a basket has of a promotion already by this coupon, out of what is its own: the use that its purchases share, or else
    its reservation."""
    mine = [one for one in uses if (one.row.promotion_id, one.row.coupon_id) == (promotion_id, coupon_id)]
    return next((one for one in mine if not one.row.is_reserved), next(iter(mine), None))


def reserved_of(uses: Sequence[KeptUse], coupon_id: str) -> KeptUse | None:
    """A basket's reservation of a coupon, run out or not, out of all it has."""
    return next((one for one in uses if one.row.is_reserved and one.row.coupon_id == coupon_id), None)


def lookup_run_out(
    dialect: Dialect, coupon_keys: Sequence[str], present: Instant, promotion_ids: Sequence[str] = ()
) -> Lookup:
    """Reservations that have run out and are not swept yet, of coupons with these keys, and of those of these promotions and of
    the coupons' own whose counter has reached its limit: those that are released with a claim, so that they count as free at
    once. MAX_RUN_OUT of each, so that none is crowded out by others. Read by `kept_uses`."""
    return _run_out(
        f"SELECT id, promotion_id FROM rewards_coupon WHERE {dialect.among('key', 2, 'text')}",
        dialect.among("l.promotion_id", 3),
        [present, sorted(coupon_keys), sorted(promotion_ids)],
    )


def lookup_run_out_of_uses(
    dialect: Dialect, coupon_ids: Sequence[str], present: Instant, promotion_ids: Sequence[str]
) -> Lookup:
    """The same by the coupons' ids."""
    return _run_out(
        f"SELECT id, promotion_id FROM rewards_coupon WHERE {dialect.among('id', 2)}",
        dialect.among("l.promotion_id", 3),
        [present, sorted(coupon_ids), sorted(promotion_ids)],
    )


def _run_out(coupons: str, promotions: str, values: list[Any]) -> Lookup:
    full = (
        f"SELECT l.promotion_id FROM rewards_limit l WHERE l.used >= l.total_limit AND ({promotions}"
        f" OR l.promotion_id IN (SELECT c.promotion_id FROM ({coupons}) c))"
    )
    numbered = ", ".join(
        f"row_number() OVER (PARTITION BY o.{name}_id ORDER BY o.id) AS of_{name}" for name in ("promotion", "coupon")
    )
    # Found by when they run out: those that are not swept yet are few, however often a promotion was used.
    ids = (
        f"SELECT x.id FROM (SELECT o.id, o.promotion_id, o.coupon_id, {numbered} FROM rewards_use o"
        f" WHERE o.reserved_until <= $1) x WHERE (x.of_promotion <= {MAX_RUN_OUT} AND x.promotion_id IN ({full}))"
        f" OR (x.of_coupon <= {MAX_RUN_OUT} AND x.coupon_id IN (SELECT c.id FROM ({coupons}) c))"
    )
    return f"SELECT {_KEPT} FROM {_SOURCE} WHERE u.id IN ({ids}) ORDER BY u.id", values


def lookup_swept(present: Instant, most: int) -> Lookup:
    """So many of the reservations that have run out, the first ones. Read by `kept_uses`."""
    return (
        f"SELECT {_KEPT} FROM {_SOURCE} WHERE u.reserved_until <= $1 ORDER BY u.reserved_until, u.id LIMIT $2",
        [present, most],
    )


def lookup_reserved(dialect: Dialect, coupon_ids: Sequence[str]) -> Lookup:
    """What is reserved of these coupons, run out or not. Read by `kept_uses`."""
    among = dialect.among("u.coupon_id", 1)
    return (
        f"SELECT {_KEPT} FROM {_SOURCE} WHERE {among} AND u.reserved_until IS NOT NULL ORDER BY u.id",
        [sorted(coupon_ids)],
    )


def lookup_reserved_of_batch(batch_id: str, most: int) -> Lookup:
    """So many reservations of coupons of a batch, run out or not. Read by `kept_uses`."""
    return (
        f"SELECT {_KEPT} FROM {_SOURCE} WHERE u.reserved_until IS NOT NULL AND EXISTS (SELECT 1 FROM rewards_coupon c"
        " WHERE c.id = u.coupon_id AND c.batch_id = $1) ORDER BY u.id LIMIT $2",
        [batch_id, most],
    )


MAX_RUN_OUT = 1_000
"""Reservations of one promotion or coupon that one claim frees at most; a job frees the others."""


def kept_uses(rows: Sequence[Any]) -> list[KeptUse]:
    """What the look-ups above have found."""
    width = len(COLUMNS)
    found = []
    for row in rows:
        *values, first_at, sharing, version, beside, counted = tuple(row)[: width + 5]
        use = UseRow(*values)
        use.is_counted = bool(use.is_counted)
        found.append(KeptUse(use, first_at, sharing, version, beside, counted))
    return found
