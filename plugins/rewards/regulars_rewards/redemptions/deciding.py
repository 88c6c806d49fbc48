"""Whether a code may be used here and now, by the same function that quotes baskets; what only goods decide is left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.plugin import Basket, BasketOutline, Instant, Lookup, Outdated, Refused, Shop
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.coupons.guesses import charge_wrong_codes
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.offers.refusals import coupon_refused
from regulars_rewards.quotes import quoting
from regulars_rewards.quotes.offer_quotes import OfferQuote, TypedCode
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import CouponCounters
from regulars_rewards.uses.limits import LimitStanding
from regulars_rewards.uses.rows import KeptUse, kept_uses, lookup_run_out, own_of
from regulars_rewards.uses.tiers import lookup_shown_tiers, shown_tiers_from

CODE = "couponCode"
"""Where the code is in the input."""
_MAX_ANEW = 3
_OF_GOODS = frozenset(
    {
        Reason.SCOPE, Reason.MIN_NOT_REACHED, Reason.MAX_EXCEEDED, Reason.CONDITION, Reason.NOTHING_LEFT,
        Reason.EXCLUDED_BY,
    }
)  # fmt: skip
"""What is decided by what is in a basket, which nobody tells here."""


@dataclass(frozen=True, slots=True)
class Usable:
    """A code that may be used: what it opens, by which coupon, what the same basket has of it already, in which tier the customer
    is, and what is written."""

    promotion: Promotion
    coupon: CouponCounters
    limit: LimitStanding | None
    own: KeptUse | None
    tier: str | None
    changes: UseChanges


def lookups_of_code(
    shop: Shop, code: str, customer_id: str | None, basket: str | None, present: Instant
) -> Sequence[Lookup]:
    """What `usable_code` looks up."""
    asked = BasketOutline(customer_id, present, shop.currency, None, basket, ())
    quoted = quoting.lookups(shop, [asked], [{quoting.CODES: [code]}])
    return [*_lookups_before(shop, code, customer_id, present), *quoted]


def _lookups_before(shop: Shop, code: str, customer_id: str | None, present: Instant) -> Sequence[Lookup]:
    keys = [key for key in (key_of_code(code),) if key is not None]
    run_out = lookup_run_out(shop.database.dialect, keys, present)
    return [run_out, *lookup_shown_tiers(shop, [customer_id] if customer_id else [])]


async def usable_code(
    shop: Shop, code: str, customer_id: str | None, store_id: str, basket: str | None, present: Instant
) -> Usable:
    """What a code opens for a customer, None for a stranger, in a store, for a basket. In the transaction that uses it. Raises
    Refused with all that stands in its way."""
    asked = Basket(customer_id, present, shop.currency, None, basket, (), store_id=store_id)
    extras = [{quoting.CODES: [code]}]
    before = len(_lookups_before(shop, code, customer_id, present))
    for attempt in range(_MAX_ANEW + 1):
        found = await shop.database.read_together(lookups_of_code(shop, code, customer_id, basket, present))
        try:
            [quote] = quoting.quotes(shop, [asked], extras, found[before:])
            break
        except Outdated:
            if attempt == _MAX_ANEW:
                raise
    [typed] = quote.codes
    charge_wrong_codes(int(typed.coupon is None))
    obstacles = _obstacles(quote, typed)
    if obstacles:
        raise Refused(coupon_refused(obstacles, CODE))
    assert typed.candidate is not None
    assert typed.coupon is not None
    promotion, coupon = typed.candidate.promotion, typed.coupon
    own = own_of(quote.own, promotion.id, coupon.id)
    changes = UseChanges(shop, quote.limits, kept_uses(found[0]))
    tiers = await shown_tiers_from(shop, found[1:before])
    tier = tiers.get(customer_id or "")
    return Usable(promotion, coupon.counters, quote.limits.get(promotion.id), own, tier, changes)


def _obstacles(quote: OfferQuote, typed: TypedCode) -> Sequence[Obstacle]:
    if typed.candidate is None:
        return typed.obstacles
    skipped = (one for one in quote.explained.skipped if one.candidate is typed.candidate)
    return [obstacle for one in skipped for obstacle in one.obstacles if obstacle.reason not in _OF_GOODS]


def exhausted() -> Refused:
    """The refusal of who was too late for the last use."""
    return Refused(coupon_refused([Obstacle(Reason.LIMIT_REACHED, "It was used as often as it may be.")], CODE))
