"""A sale with offers: what was told is compared with what applies, refused or recorded, and what was used is written down."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from regulars_core.plugin import (
    Dialect,
    Forbidden,
    Lookup,
    Problem,
    PurchaseOutline,
    Questioned,
    Quoted,
    RecordedPurchase,
    Refused,
    Shop,
    acting,
    inserting,
    now,
)
from regulars_rewards.coupons.guesses import charge_wrong_codes
from regulars_rewards.coupons.standing import CouponStanding
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.refusals import coupon_refused
from regulars_rewards.permissions import COUPONS_REDEEM, OFFERS_TRUST
from regulars_rewards.purchases.told import (
    CODES,
    OFFERS,
    TRUSTED,
    ToldOffers,
    keys_named,
    promotions_named,
    takes_part,
    told_offers,
)
from regulars_rewards.quotes.offer_quotes import Offer, present_of, quote_in
from regulars_rewards.settings import Offers, RewardsSettings
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import Claim, Exhausted
from regulars_rewards.uses.limits import LimitStanding
from regulars_rewards.uses.rows import KeptUse, kept_uses, lookup_run_out, own_of
from regulars_rewards.uses.tiers import lookup_shown_tiers, shown_tiers_from

Extras = Sequence[Mapping[str, Any]]
_LIMITING = frozenset({Reason.LIMIT_REACHED, Reason.RESERVED, Reason.REVOKED, Reason.UNKNOWN_CODE})
"""What stands in the way of a use that is recorded all the same, and then does not count."""


@dataclass(frozen=True, slots=True)
class OffersChanged(Problem):
    """The offers that were told are not those that apply. `quoted` is the basket as it was quoted in that transaction, None where
    it could not be; nothing was written, and this is not kept."""

    quoted: Quoted | None = None


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline], extras: Extras) -> Sequence[Lookup]:
    """What has to be known to record these purchases, beside what is quoted; three look-ups where any takes part in offers."""
    part = [(one, extra) for one, extra in zip(purchases, extras, strict=True) if _uses_offers(extra)]
    if not part:
        return []
    dialect = shop.database.dialect
    named = sorted({key for _, extra in part for key in promotions_named(extra)})
    keys = sorted({key for _, extra in part for key in keys_named(extra)})
    present = present_of(min(one.purchased_at for one, _ in part), now())
    return [
        _lookup_told(dialect, named, keys),
        lookup_run_out(dialect, keys, present, named),
        *lookup_shown_tiers(shop, [one.customer_id for one, _ in part if one.customer_id is not None]),
    ]


def _lookup_told(dialect: Dialect, promotion_ids: Sequence[str], keys: Sequence[str]) -> Lookup:
    """The promotions that were told and those that codes open, also where they have ended or are not asked: by which version a
    use of each is decided, and its limits, which hold for what is recorded as told too."""
    coupons = dialect.among("key", 2, "text")
    return (
        "SELECT p.id, p.version, l.total_limit, l.budget, l.used, l.amount FROM rewards_promotion p LEFT JOIN rewards_limit l"
        f" ON l.promotion_id = p.id WHERE p.id IN (SELECT id FROM rewards_promotion WHERE {dialect.among('id', 1)}"
        f" UNION ALL SELECT promotion_id FROM rewards_coupon WHERE {coupons})",
        [promotion_ids, keys],
    )


def _uses_offers(extra: Mapping[str, Any]) -> bool:
    return bool(extra.get(OFFERS) or extra.get(CODES))


@dataclass(frozen=True)
class _Known:
    """What was looked up: the versions of promotions that were named and their limits, reservations that have run out, and who is
    in which tier."""

    versions: Mapping[str, int]
    limits: Mapping[str, LimitStanding]
    run_out: Sequence[KeptUse]
    tiers: Mapping[str, str]


async def _known(shop: Shop, found: Sequence[Sequence[Any]]) -> _Known:
    if not found:
        return _Known({}, {}, (), {})
    tiers = await shown_tiers_from(shop, found[2:])
    limits = {
        id_: LimitStanding(id_, total, budget, used, amount, 0, 0, None)
        for id_, _, total, budget, used, amount in found[0]
        if used is not None
    }
    return _Known({row[0]: row[1] for row in found[0]}, limits, kept_uses(found[1]), tiers)


async def record(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Extras,
    found: Sequence[Sequence[Any]],
    quoted: Sequence[Quoted | None],
) -> None:
    """Write down what these purchases used of offers. Raises Refused, Forbidden and BadInput for those that may not
    be."""
    sales = [
        _Sale(shop, purchase, extra, whole)
        for purchase, extra, whole in zip(purchases, extras, quoted, strict=True)
        if takes_part(extra)
    ]
    if not sales:
        return
    known = await _known(shop, found)
    for sale in sales:
        sale.charge()
        sale.decide()
        await sale.write(known)


class _Sale:
    """A sale that takes part in offers."""

    def __init__(self, shop: Shop, purchase: RecordedPurchase, extra: Mapping[str, Any], quoted: Quoted | None) -> None:
        self._shop, self._purchase, self._quoted = shop, purchase, quoted
        self._quote = quote_in(quoted)
        self._extra = extra
        self._allow()
        discounts = [line.discount_minor for line in purchase.lines]
        self._told: ToldOffers = told_offers(extra, discounts, purchase.currency)
        self._is_strict = shop.settings.of(RewardsSettings).offers is Offers.STRICT and not self._told.is_trusted

    def _allow(self) -> None:
        actor, store = acting(), self._purchase.store_id
        wanted = [COUPONS_REDEEM] if self._extra.get(CODES) is not None else []
        wanted += [OFFERS_TRUST] if self._extra.get(TRUSTED) else []
        for permission in wanted if actor is not None else ():
            assert actor is not None
            if not actor.may(permission, store):
                raise Forbidden(permission, store=store)

    @property
    def _computed(self) -> Mapping[Offer, int]:
        return self._quote.amounts if self._quote else {}

    @property
    def _is_different(self) -> bool:
        told = dict(self._told.amounts)
        if self._quote is None:
            return bool(told or self._told.codes)
        return told != dict(self._computed) or list(self._told.line_amounts) != list(self._quote.taken)

    def charge(self) -> None:
        """Let the caller pay for codes that there are not, also where the sale is recorded all the same."""
        if self._quote is not None:
            charge_wrong_codes(sum(one.coupon is None for one in self._quote.codes))

    def decide(self) -> None:
        """Refuse what does not apply, unless it is recorded as it was told."""
        if not self._is_strict:
            return
        quote = self._quote
        if quote is not None:
            refused = [
                coupon_refused(obstacles, *path)
                for key, path in self._told.codes
                if (obstacles := quote.obstacles_of(key))
            ]
            if refused:
                raise Refused(*refused)
        if self._is_different:
            raise Questioned(self._changed())

    def _changed(self) -> OffersChanged:
        field = OFFERS if self._extra.get(OFFERS) is not None else CODES
        if self._quote is None:
            message = "What applies cannot be told at the moment, because offers have failed."
            return OffersChanged("OFFERS_CHANGED", message, (field,))
        message = "The offers that were told are not those that apply; nothing was recorded."
        return OffersChanged("OFFERS_CHANGED", message, (field,), self._quoted)

    async def write(self, known: _Known) -> None:
        """Write down what was used, what offers gave of each line, and how what was told compares."""
        await self._use(known)
        lines = [
            (line.id, line.purchase_id, amount)
            for line, amount in zip(self._purchase.lines, self._told.line_amounts, strict=True)
            if amount
        ]
        writes = [inserting("rewards_check", _CHECK, [self._check()])]
        if lines:
            writes.append(inserting("rewards_line", ("line_id", "purchase_id", "amount"), lines))
        await self._shop.database.defer(writes)

    def _check(self) -> tuple[Any, ...]:
        obstacles = self._obstacles()
        is_different = self._is_different or bool(obstacles)
        told = json.dumps([{**asdict(one), "reason": one.reason.value} for one in obstacles]) if obstacles else None
        computed = sum(self._computed.values())
        return self._purchase.id, self._told.total, computed, is_different, self._told.is_trusted, told

    def _obstacles(self) -> Sequence[Obstacle]:
        """What stands against the offers that were told and do not apply, and against codes that were told alone."""
        if self._quote is None:
            return [Obstacle(Reason.UNAVAILABLE, "Offers have failed.")] if self._is_different else []
        against: list[Obstacle] = []
        if self._extra.get(OFFERS) is None:
            against += [one for key, _ in self._told.codes for one in self._quote.obstacles_of(key)]
        for promotion_id, key in self._told.amounts:
            if (promotion_id, key) not in self._computed:
                against += self._against(promotion_id, key)
        return list(dict.fromkeys(against))

    def _against(self, promotion_id: str, key: str | None) -> Sequence[Obstacle]:
        assert self._quote is not None
        if key is not None:
            coupon = self._quote.coupon_of((promotion_id, key))
            if coupon is not None and coupon.promotion_id != promotion_id:
                return [Obstacle(Reason.UNKNOWN_CODE, "The code is of another promotion.")]
            return self._quote.obstacles_of(key)
        skipped = self._quote.skipped
        return next((one.obstacles for one in skipped if (one.promotion_id, one.code) == (promotion_id, None)), ())

    async def _use(self, known: _Known) -> None:
        offers = {**dict.fromkeys(self._alone()), **self._told.amounts}
        if not offers and not (self._quote and self._quote.own):
            return
        limits = {**known.limits, **(self._quote.limits if self._quote else {})}
        changes = UseChanges(self._shop, limits, known.run_out)
        # Whatever the till's order is: as they applied, and then what was told beside them.
        applied = [offer for offer in {**self._computed, **offers} if offer in offers]
        used = {
            own.row.id
            for n, (offer, amount) in enumerate(offers.items())
            if (own := self._claim(changes, known, offer, amount or 0, n, applied.index(offer))) is not None
        }
        for left in self._quote.own if self._quote else ():  # what was reserved for the basket, and not used in it
            if left.row.is_reserved and left.row.id not in used and not left.row.has_run_out(now()):
                changes.release(left, now())
        await changes.write()

    def _alone(self) -> Sequence[Offer]:
        """What the codes open that were told without offers: it is used, though nobody knows what it took off."""
        if self._extra.get(OFFERS) is not None or self._quote is None:
            return []
        opened = [(one.coupon.promotion_id, one.key) for one in self._quote.codes if one.coupon is not None]
        return [offer for offer in opened if offer[1] is not None]

    def _claim(
        self,
        changes: UseChanges,
        known: _Known,
        offer: Offer,
        amount: int,
        n: int,
        position: int,
    ) -> KeptUse | None:
        """Use an offer; answers what the basket had of it already."""
        purchase, promotion_id = self._purchase, offer[0]
        coupon = self._coupon(offer)
        version = self._version(promotion_id, known)
        if version is None:
            raise Refused(Problem("NOT_FOUND", "There is no such promotion.", (OFFERS, str(n), "offerId")))
        claim = Claim(
            promotion_id, version, coupon.counters if coupon else None, purchase.customer_id, purchase.store_id,
            purchase.purchased_at, purchase.basket, purchase.id, amount, known.tiers.get(purchase.customer_id or ""),
            position=position,
        )  # fmt: skip
        own = own_of(self._quote.own if self._quote else (), promotion_id, claim.coupon.id if claim.coupon else None)
        counts = self._is_strict or not (
            self._is_anothers(coupon) or any(one.reason in _LIMITING for one in self._against_or_none(offer))
        )
        try:
            changes.claim(claim, own, counts=counts)
        except Exhausted:
            if self._is_strict:
                raise Refused(coupon_refused([_NO_MORE], *self._path(offer))) from None
            changes.claim(claim, own, counts=False)
        return own

    def _against_or_none(self, offer: Offer) -> Sequence[Obstacle]:
        return () if self._quote is None or offer in self._computed else self._against(*offer)

    def _coupon(self, offer: Offer) -> CouponStanding | None:
        """The coupon by which an offer came, if that opens it."""
        coupon = self._quote.coupon_of(offer) if self._quote and offer[1] is not None else None
        return coupon if coupon and coupon.promotion_id == offer[0] else None

    def _is_anothers(self, coupon: CouponStanding | None) -> bool:
        """Whether a coupon is somebody else's, from whom nobody takes it by telling its code."""
        return coupon is not None and coupon.customer_id not in (None, self._purchase.customer_id)

    def _version(self, promotion_id: str, known: _Known) -> int | None:
        by_quote = (
            {one.candidate.promotion.id: one.candidate.promotion for one in self._quote.evaluation.applied}
            if self._quote
            else {}
        )
        return by_quote[promotion_id].version if promotion_id in by_quote else known.versions.get(promotion_id)

    def _path(self, offer: Offer) -> tuple[str, ...]:
        return next((path for key, path in self._told.codes if key == offer[1]), (OFFERS,))


_NO_MORE = Obstacle(Reason.LIMIT_REACHED, "This offer was used as often as it may be.")
_CHECK = ("purchase_id", "recorded", "computed", "is_different", "is_trusted", "obstacles")
