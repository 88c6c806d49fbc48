"""Claiming uses of offers and giving them back, against the limits of promotions and coupons.

What a transaction changes is collected and then written by statements that are deferred: of a sale they are part of its one
statement. The counters of promotions with limits and of coupons are changed only where what is claimed still fits, so that of two
who want the last use one is Overtaken, decides anew and is told. Locks are taken in the order batches, promotions, limits,
coupons, uses; who holds customers does that before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars_core.plugin import Guarded, Instant, Shop, inserting, new_id
from regulars_rewards.hookspecs import UsedOffer, UseState
from regulars_rewards.uses.claims import Claim, CouponCounters, Exhausted
from regulars_rewards.uses.limits import LimitStanding
from regulars_rewards.uses.rows import COLUMNS, KeptUse, UseRow
from regulars_rewards.uses.statements import (
    REDEEMED,
    RESERVED,
    RUN_OUT,
    Freed,
    counting,
    decided_by,
    releases,
    returns,
    sharings,
    takings_over,
    unrevoked,
    values_of_use,
)

USED = "rewards_offers_used"


@dataclass(slots=True)
class _Delta:
    """By how much the figures of a promotion or coupon change, and whether anything is claimed of it."""

    uses: int = 0
    amount: int = 0
    reserved: int = 0
    redeemed: int = 0
    is_claimed: bool = False


@dataclass
class UseChanges:
    """What is used and given back in one transaction. `limits` are those of the promotions that have some, and `run_out` the
    reservations that count as free although they stand: as many as a claim needs are freed with it. Made for each run of the
    transaction; written once, by `write`."""

    shop: Shop
    limits: Mapping[str, LimitStanding] = field(default_factory=dict)
    run_out: Sequence[KeptUse] = ()
    _versions: dict[str, int] = field(default_factory=dict)
    _shared: dict[str, int] = field(default_factory=dict)
    _of_promotions: dict[str, _Delta] = field(default_factory=dict)
    _of_coupons: dict[str, _Delta] = field(default_factory=dict)
    _made: list[UseRow] = field(default_factory=list)
    _taken_over: list[UseRow] = field(default_factory=list)
    _freed: list[Freed] = field(default_factory=list)
    _back: list[UseRow] = field(default_factory=list)
    _passed_on: list[UseRow] = field(default_factory=list)
    _told: list[UsedOffer] = field(default_factory=list)

    def claim(self, claim: Claim, own: KeptUse | None = None, *, counts: bool = True) -> UseRow:
        """Use a promotion, or reserve it. `own` is what the same basket has of it already by the same coupon: a reservation that
        stands is taken over, and a redeemed use is the one that this purchase shares. With `counts` False it stands above the
        limits and is in no counter, and what a reservation kept for it is free. Raises Exhausted."""
        is_reservation = claim.reserved_until is not None
        shared = own.row if own is not None and not own.row.is_reserved and not is_reservation else None
        reserved = own.row if own is not None and own.row.is_reserved and own.row.id not in self._freed_ids else None
        if shared is not None and own is not None:
            self._come_or_gone(own)
        counted = counts and (shared is None or shared.is_counted)
        if counted:
            self._count(claim, reserved, is_new=shared is None)
        elif own is not None and reserved is not None and reserved.is_counted:
            self._uncount(own)
        self._decided_by(claim.promotion_id, claim.promotion_version)
        row = UseRow(
            reserved.id if reserved else new_id(), claim.promotion_id, claim.coupon.id if claim.coupon else None,
            claim.customer_id, claim.store_id, claim.basket, claim.purchase_id, claim.position,
            shared.group if shared else None, claim.amount, claim.tier, counted,
            reserved.created_at if reserved else claim.at, claim.reserved_until, None if is_reservation else claim.at, None,
        )  # fmt: skip
        (self._taken_over if reserved else self._made).append(row)
        self._tell(row, UseState.RESERVED if is_reservation else UseState.REDEEMED, claim.at)
        return row

    def _count(self, claim: Claim, reserved: UseRow | None, *, is_new: bool) -> None:
        uses = 1 if is_new and reserved is None else 0
        self._make_room(claim, uses)
        of_promotion = self._of_promotion(claim.promotion_id)
        of_promotion.uses += uses
        of_promotion.amount += claim.amount - (reserved.amount if reserved else 0)
        of_promotion.is_claimed = True
        if claim.coupon is not None:
            of_coupon = self._of_coupon(claim.coupon.id)
            of_coupon.is_claimed = True
            if reserved is not None:
                of_coupon.reserved -= 1
            if is_new and claim.reserved_until is not None:
                of_coupon.reserved += 1
            elif is_new:
                of_coupon.redeemed += 1

    def _make_room(self, claim: Claim, uses: int) -> None:
        """Free what has run out where there is no use left otherwise. Raises Exhausted."""
        limit, coupon = self.limits.get(claim.promotion_id), claim.coupon
        if limit is not None and not self._fits_limit(limit, uses, claim.amount):
            self._free_run_out(one for one in self.run_out if one.row.promotion_id == claim.promotion_id)
            if not self._fits_limit(limit, uses, claim.amount):
                raise Exhausted(claim.promotion_id)
        if coupon is not None and not self._fits_coupon(coupon, uses):
            self._free_run_out(one for one in self.run_out if one.row.coupon_id == coupon.id)
            if not self._fits_coupon(coupon, uses):
                raise Exhausted(coupon.id)

    def _fits_limit(self, limit: LimitStanding, uses: int, amount: int) -> bool:
        delta = self._of_promotion(limit.promotion_id)
        used = limit.used + delta.uses + uses
        taken = limit.amount + delta.amount + amount
        fits = limit.total_limit is None or uses <= 0 or used <= limit.total_limit
        return fits and (limit.budget is None or amount <= 0 or taken <= limit.budget)

    def _fits_coupon(self, coupon: CouponCounters, uses: int) -> bool:
        delta = self._of_coupon(coupon.id)
        used = coupon.reserved + coupon.redeemed + delta.reserved + delta.redeemed + uses
        return coupon.usage_limit is None or uses <= 0 or used <= coupon.usage_limit

    @property
    def _freed_ids(self) -> set[str]:
        return {row.id for row, *_ in self._freed}

    def _free_run_out(self, uses: Iterable[KeptUse]) -> None:
        known = {*self._freed_ids, *(row.id for row in self._taken_over)}
        for one in uses:
            if one.row.id not in known and one.row.reserved_until is not None:
                self.release(one, one.row.reserved_until, has_run_out=True)

    def release(self, use: KeptUse, at: Instant, *, has_run_out: bool = False) -> UseRow:
        """Give a use back that is reserved or redeemed. What other purchases of its basket stand for stays used."""
        row = use.row
        self._decided_by(row.promotion_id, use.promotion_version)
        if not row.is_reserved:
            self._come_or_gone(use)
        if row.is_counted:
            self._uncount(use)
        how = RUN_OUT if has_run_out else RESERVED if row.is_reserved else REDEEMED
        released = replace(row, reserved_until=None, released_at=at)
        self._freed.append((released, how, at))
        self._tell(released, UseState.RELEASED, at)
        return released

    def _uncount(self, use: KeptUse) -> None:
        row = use.row
        of_promotion = self._of_promotion(row.promotion_id)
        of_promotion.amount -= row.amount
        if use.counted_beside:
            return
        of_promotion.uses -= 1
        if row.coupon_id is not None:
            of_coupon = self._of_coupon(row.coupon_id)
            if row.is_reserved:
                of_coupon.reserved -= 1
            else:
                of_coupon.redeemed -= 1

    def take_again(self, use: KeptUse, at: Instant, coupon: CouponCounters | None) -> UseRow:
        """Let a redeemed use that was released stand again: counted where it fits, and above the limits otherwise, as where its
        coupon is worthless by now, which is None then. It counts as other purchases of its basket do that stand for the same
        use."""
        is_usable = use.row.coupon_id is None or coupon is not None
        counts = is_usable and (not use.beside or use.counted_beside > 0)
        row = replace(use.row, released_at=None, is_counted=counts)
        claim = Claim(
            row.promotion_id, use.promotion_version, coupon, row.customer_id, row.store_id, at, amount=row.amount
        )
        try:
            if row.is_counted:
                self._count(claim, None, is_new=not use.beside)
        except Exhausted:
            row.is_counted = False
        self._decided_by(row.promotion_id, use.promotion_version)
        self._come_or_gone(use)
        self._back.append(row)
        self._tell(row, UseState.REDEEMED, at)
        return row

    def pass_on(self, use: KeptUse, customer_id: str | None) -> UseRow:
        """Let a use be another customer's, or a stranger's, from now on."""
        row = replace(use.row, customer_id=customer_id)
        self._passed_on.append(row)
        return row

    def _decided_by(self, promotion_id: str, version: int) -> None:
        self._versions[promotion_id] = version

    def _come_or_gone(self, use: KeptUse) -> None:
        """Whether others stand for the same use was decided by as many as had come and gone by then."""
        self._shared.setdefault(use.row.group, use.sharing)

    def _of_promotion(self, promotion_id: str) -> _Delta:
        return self._of_promotions.setdefault(promotion_id, _Delta())

    def _of_coupon(self, coupon_id: str) -> _Delta:
        return self._of_coupons.setdefault(coupon_id, _Delta())

    def _tell(self, row: UseRow, state: UseState, at: Instant) -> None:
        self._told.append(
            UsedOffer(
                row.id, row.promotion_id, row.coupon_id, row.customer_id, row.store_id, row.basket, row.purchase_id,
                row.first_id, row.amount, row.is_counted, state, at,
            )
        )  # fmt: skip

    async def write(self) -> None:
        """Defer all of it, and tell those who listen. Raises what they raise, Refused too."""
        claimed = sorted(id_ for id_, one in self._of_coupons.items() if one.is_claimed)
        written = {row.id for row, *_ in self._freed} | {row.id for row in self._back}
        engine = self.shop.database.engine
        writes = [
            *([unrevoked(engine, claimed)] if claimed else ()),
            *decided_by(engine, self._versions),
            *self._limits(),
            *self._coupons(),
            *takings_over(self._taken_over),
            *([inserting("rewards_use", COLUMNS, [values_of_use(row) for row in self._made])] if self._made else ()),
            *releases(self.shop.database.dialect, self._freed, self._shared),
            *returns(self._back, self._shared),
            *sharings(written, self._shared),
            *(
                ("UPDATE rewards_use SET customer_id = $2 WHERE id = $1", [row.id, row.customer_id])
                for row in self._passed_on
            ),
        ]
        await self.shop.database.defer(writes)
        if self._told and self.shop.plugins.listens(USED):
            await self.shop.plugins.announce(USED, {"shop": self.shop, "uses": self._told}, only=self.shop.told)

    def _limits(self) -> list[Any]:
        """The counters of promotions, where what is claimed fits. What is only given back may have no limit."""
        changed = {id_: one for id_, one in self._of_promotions.items() if one.uses or one.amount or one.is_claimed}
        claimed = {id_: one for id_, one in changed.items() if one.is_claimed and id_ in self.limits}
        # What is claimed without a limit has none: it was decided by this version of the promotion.
        others = {id_: one for id_, one in changed.items() if not one.is_claimed and (one.uses or one.amount)}
        figures = {id_: (one.uses, one.amount) for id_, one in claimed.items()}
        fits = (
            "(total_limit IS NULL OR used + {0} <= total_limit OR {0} <= 0)"
            " AND (budget IS NULL OR amount + {1} <= budget OR {1} <= 0)"
        )
        writes: list[Any] = []
        columns = ("used", "amount")
        if figures:
            writes.append(
                Guarded(
                    *counting(self.shop.database.engine, "rewards_limit", "promotion_id", columns, figures, fits),
                    len(figures),
                )
            )
        given_back = {id_: (one.uses, one.amount) for id_, one in others.items()}
        if given_back:
            writes.append(counting(self.shop.database.engine, "rewards_limit", "promotion_id", columns, given_back))
        return writes

    def _coupons(self) -> list[Any]:
        """The counters of coupons: what is claimed of one must fit and not be revoked meanwhile."""
        claimed = {id_: (one.reserved, one.redeemed) for id_, one in self._of_coupons.items() if one.is_claimed}
        others = {
            id_: (one.reserved, one.redeemed)
            for id_, one in self._of_coupons.items()
            if not one.is_claimed and (one.reserved or one.redeemed)
        }
        fits = "revoked_at IS NULL AND (usage_limit IS NULL OR reserved + {0} + redeemed + {1} <= usage_limit OR {0} + {1} <= 0)"
        writes: list[Any] = []
        columns = ("reserved", "redeemed")
        if claimed:
            writes.append(
                Guarded(
                    *counting(self.shop.database.engine, "rewards_coupon", "id", columns, claimed, fits), len(claimed)
                )
            )
        if others:
            writes.append(counting(self.shop.database.engine, "rewards_coupon", "id", columns, others))
        return writes
