"""Which offers would apply to customers, and what stands in their way whatever is in a basket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import CustomerRow, Instant, Shop, day_and_minute, now
from regulars_rewards.coupons.standing import CouponStanding, held_from, lookup_held
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.kinds import OfferConditionKind, Unmet
from regulars_rewards.offers.obstacles import Obstacle, Reason, in_order
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.audiences import read_belongings
from regulars_rewards.promotions.known import read_promotions
from regulars_rewards.promotions.stored import promotion_of, promotions_by_ids
from regulars_rewards.quotes.candidates import Situation
from regulars_rewards.quotes.quoting import Deciding
from regulars_rewards.uses.limits import limits_from, lookup_limits, lookup_uses_of_customers, uses_of_customers_from

_NO_COUPON = Obstacle(Reason.UNKNOWN_CODE, "It applies by a coupon, and the customer holds none.")


@dataclass(frozen=True, slots=True)
class OfferStanding:
    """Whether a promotion would apply to a customer, by a coupon where one is named: `obstacles` are all that stands in its way
    but what a basket decides, in the order of reasons."""

    promotion_id: str
    coupon_id: str | None
    obstacles: Sequence[Obstacle]

    @property
    def is_applicable(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.obstacles


async def offer_standings(
    shop: Shop, customers: Sequence[CustomerRow], at: Instant | None = None, store_id: str | None = None
) -> Mapping[str, Sequence[OfferStanding]]:
    """Of each of these customers, by key: every promotion that had not ended at an instant, now if it is None, in the order in
    which they apply, and the coupons that the customer holds with theirs. In a store, in any if it is None. What is used and
    reserved is as of now. The number of statements depends neither on how many customers there are nor on what they hold."""
    present = now()
    instant = present if at is None else at
    known = await read_promotions(shop, instant)
    ids, dialect = [one.id for one in customers], shop.database.dialect
    held_rows, limit_rows, use_rows = await shop.database.read_together(
        [
            lookup_held(dialect, ids, present),
            lookup_limits(None, present, Instant(min(present, instant))),
            lookup_uses_of_customers(dialect, ids, present),
        ]
    )
    held = held_from(held_rows)
    promotions = dict(known.at(instant).by_id)
    promotions |= await _ended(shop, promotions, held)
    who = [(id_, instant) for id_ in ids]
    belongings = await read_belongings(shop, list(promotions.values()), who)
    limits, uses = limits_from(limit_rows), uses_of_customers_from(use_rows)
    hours = {id_: _of_hours(shop, one, instant) for id_, one in promotions.items()}
    standings = {}
    for customer in customers:
        where = Situation(instant, store_id, customer.id, customer.status)
        deciding = Deciding(where, present, limits, uses.get(customer.id, {}), (), belongings)
        own = [one for one in held if one.customer_id == customer.id]
        standings[customer.id] = _standings(deciding, promotions, own, hours)
    return standings


async def _ended(
    shop: Shop, promotions: Mapping[str, Promotion], held: Sequence[CouponStanding]
) -> Mapping[str, Promotion]:
    """The promotions that have ended and of which somebody holds a coupon."""
    missing = {one.promotion_id for one in held} - promotions.keys()
    if not missing:
        return {}
    rows = await promotions_by_ids(shop.database, sorted(missing))
    return {id_: promotion_of(shop, row) for id_, row in rows.items()}


def _standings(
    deciding: Deciding,
    promotions: Mapping[str, Promotion],
    held: Sequence[CouponStanding],
    hours: Mapping[str, Sequence[Obstacle]],
) -> Sequence[OfferStanding]:
    coupons: dict[str, list[CouponStanding]] = {}
    for one in held:
        coupons.setdefault(one.promotion_id, []).append(one)
    standings = []
    for promotion in sorted(promotions.values(), key=lambda one: one.order):
        has_ended = promotion.ends_at <= deciding.where.at
        by_coupon: Sequence[CouponStanding | None] = coupons.get(promotion.id, [])
        if not promotion.needs_coupon and not has_ended:
            by_coupon = [None, *by_coupon]
        for coupon in by_coupon or ([] if has_ended else [None]):
            found = [*deciding.candidate(promotion, coupon).obstacles, *hours[promotion.id]]
            if promotion.needs_coupon and coupon is None:
                found.append(_NO_COUPON)
            standings.append(OfferStanding(promotion.id, coupon.id if coupon else None, in_order(found)))
    return standings


def _of_hours(shop: Shop, promotion: Promotion, at: Instant) -> Sequence[Obstacle]:
    """What stands in the way of a promotion by the time of day: conditions that look at it say so of an empty basket."""
    day, minute = day_and_minute(at, shop.settings.zone)
    basket = OfferBasket(at, day, minute, shop.currency, "", None, None, ())
    found = []
    for rule in promotion.conditions:
        if rule is None or not isinstance(rule.kind, OfferConditionKind):
            continue
        try:
            answer = rule.kind.answer(rule.settings, basket)
            if isinstance(answer, Unmet) and answer.reason is Reason.HOURS:
                found.append(Obstacle(Reason.HOURS, answer.said))
        except Exception:  # it is a stranger's code, and may count on lines; the basket that comes will tell
            continue
    return found
