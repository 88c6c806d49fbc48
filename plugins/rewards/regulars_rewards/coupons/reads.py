"""Coupons and batches as they are shown, and as they are found: what has become of a coupon is said by SQL, as of now.

A coupon's batch and promotion are joined: a batch may be revoked as a whole, and a coupon expires with its promotion at the
latest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from regulars_core.plugin import (
    LATEST,
    Condition,
    Database,
    Dialect,
    Instant,
    Leaf,
    Order,
    Page,
    Readable,
    SortKey,
    Values,
    Where,
    Window,
    by_ids,
    compared,
    now,
    pages_of,
)
from regulars_rewards.coupons.standing import CouponState


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon as it is shown. `reserved_until` are the ends of its reservations, as JSON; None where it has none."""

    id: str
    code: str
    promotion_id: str
    customer_id: str | None
    batch_id: str | None
    issued_at: Instant
    own_end: Instant
    usage_limit: int | None
    reserved: int
    redeemed: int
    reserved_until: str | None
    actor: str | None
    revoked_at: Instant | None
    promotion_ends_at: Instant
    reason: str | None

    @property
    def expires_at(self) -> Instant | None:
        """When it expires by itself; None is with its promotion."""
        return None if self.own_end == LATEST else self.own_end

    @property
    def used_count(self) -> int:
        """How often it is used or reserved. Reservations that have run out are free though nobody has freed them yet."""
        present = now()
        ends: Sequence[tuple[int]] = orjson.loads(self.reserved_until or "[]")
        run_out = sum(until <= present for (until,) in ends)
        return self.reserved + self.redeemed - run_out

    @property
    def state(self) -> CouponState:
        """What has become of it by now: the same as `_STATE` says."""
        limit = self.usage_limit
        if limit is not None and self.redeemed >= limit:
            return CouponState.REDEEMED
        if self.revoked_at is not None:
            return CouponState.REVOKED
        if min(self.own_end, self.promotion_ends_at) <= now():
            return CouponState.EXPIRED
        return CouponState.RESERVED if limit is not None and self.used_count >= limit else CouponState.ISSUED


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Coupons that were generated together."""

    id: str
    promotion_id: str
    coupon_count: int
    created_at: Instant


_REVOKED = "coalesce(c.revoked_at, b.revoked_at)"
_ENDS = "(CASE WHEN c.expires_at < p.ends_at THEN c.expires_at ELSE p.ends_at END)"
_RESERVED = (
    "(CASE WHEN c.reserved > 0 THEN (SELECT {what} FROM rewards_use u WHERE u.coupon_id = c.id AND u.is_counted AND"
    " u.reserved_until {which}) END)"
)
_RUN_OUT = f"coalesce({_RESERVED.format(what='count(*)', which='<= {now}')}, 0)"
_STATE = (
    "(CASE WHEN c.redeemed >= c.usage_limit THEN 'REDEEMED'"
    f" WHEN {_REVOKED} IS NOT NULL THEN 'REVOKED' WHEN {_ENDS} <= {{now}} THEN 'EXPIRED'"
    f" WHEN c.reserved + c.redeemed - {_RUN_OUT} >= c.usage_limit THEN 'RESERVED' ELSE 'ISSUED' END)"
)
JOINED = (
    "rewards_coupon c JOIN rewards_promotion p ON p.id = c.promotion_id LEFT JOIN rewards_batch b ON b.id = c.batch_id"
)
_JOINS = {
    "p": "JOIN rewards_promotion p ON p.id = c.promotion_id",
    "b": "LEFT JOIN rewards_batch b ON b.id = c.batch_id",
    "r": "LEFT JOIN rewards_reason r ON r.coupon_id = c.id",
}


@lru_cache
def _coupons(dialect: Dialect) -> Readable[CouponRow]:
    """How coupons are read. What has run out by now is counted where they are shown: a statement that named the moment would be
    another one each time, and planned anew."""
    reserved = _RESERVED.format(what=dialect.bundle("u.reserved_until"), which="IS NOT NULL")
    columns = [
        "c.id", "c.code", "c.promotion_id", "c.customer_id", "c.batch_id", "c.issued_at", "c.expires_at", "c.usage_limit",
        "c.reserved", "c.redeemed", reserved, "c.actor", _REVOKED, "p.ends_at",
        "CASE WHEN c.revoked_at IS NULL AND b.revoked_at IS NOT NULL THEN b.revoked_reason ELSE r.reason END",
    ]  # fmt: skip
    return Readable("rewards_coupon c", "c.id", columns, CouponRow, _JOINS)


LATEST_FIRST = Order(SortKey("ID", "c.id", "c.id", str), descending=True)
BY_CODE = Order(SortKey("KEY", "c.key", "c.id", str))


async def coupons_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, CouponRow]:
    """Coupons by id."""
    return await by_ids(database, _coupons(database.dialect), ids)


async def coupon_by_key(database: Database, key: str) -> CouponRow | None:
    """The coupon with this key of its code."""
    kind = _coupons(database.dialect)
    rows = await database.read(f"SELECT {kind.column_list} FROM {kind.source} WHERE c.key = $1", key)
    return kind.make(*rows[0]) if rows else None


async def coupons_of(
    database: Database, owner: str, ids: Sequence[str], window: Window, where: Where | None
) -> Sequence[Page[CouponRow]]:
    """A page of the coupons of each owner: `customer_id`, `promotion_id` or `batch_id`."""
    return await pages_of(database, _coupons(database.dialect), f"c.{owner}", ids, window, where)


_BATCHES = Readable("rewards_batch b", "b.id", ["b.id", "b.promotion_id", "b.coupon_count", "b.created_at"], BatchRow)


async def batches_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, BatchRow]:
    """Batches by id."""
    return await by_ids(database, _BATCHES, ids)


def state_is(states: Sequence[str], values: Values) -> str:
    """A condition on coupons `c`, joined with their promotions `p` and batches `b`: one of these has become of them."""
    return values.among(_STATE.format(now=values.bind(now())), states)


def _state(conditions: Sequence[Condition], values: Values) -> str:
    return " AND ".join(state_is(states, values) for _, states in conditions)


def _expires(conditions: Sequence[Condition], values: Values) -> str:
    """What never expires matches nothing."""
    found: Callable[..., str] = compared(_ENDS)
    return f"{_ENDS} < {values.bind(LATEST)} AND {found(conditions, values)}"


STATE_LEAF = Leaf("state", _state)
PROMOTION_LEAF = Leaf("promotion", compared("c.promotion_id", "uuid"))
ISSUED_LEAF = Leaf("issuedAt", compared("c.issued_at"))
EXPIRES_LEAF = Leaf("expiresAt", _expires)


def _customer_has(conditions: Sequence[Condition], values: Values) -> str:
    """A customer `c` has a coupon of these states, and of these promotions if any are given."""
    given: dict[str, Any] = dict(conditions)
    wanted = [state_is(given["state"], values)]
    if given.get("promotion") is not None:
        wanted.append(values.among("c.promotion_id", given["promotion"], "uuid"))
    inner = f"SELECT c.customer_id FROM {JOINED} WHERE c.customer_id IS NOT NULL AND {' AND '.join(wanted)}"
    return f"c.id IN ({inner})"


def _customer_used(conditions: Sequence[Condition], values: Values) -> str:
    """A customer `c` has redeemed one of these promotions, and it stands."""
    return " AND ".join(
        "c.id IN (SELECT u.customer_id FROM rewards_use u WHERE u.customer_id IS NOT NULL AND u.redeemed_at IS NOT NULL"
        f" AND u.released_at IS NULL AND {values.among('u.promotion_id', ids, 'uuid')})"
        for _, ids in conditions
    )


HAS_COUPON_LEAF = Leaf("coupon", _customer_has)
USED_LEAF = Leaf("usedPromotion", _customer_used)
