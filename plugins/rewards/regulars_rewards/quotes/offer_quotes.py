"""What offers do to a basket, as it was asked: the one function over what was looked up, and what a code is refused for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from regulars_core.plugin import Adjustment, Basket, Declined, Instant, Quote, Quoted, day_and_minute
from regulars_rewards.coupons.standing import CouponStanding
from regulars_rewards.offers.engine import Applied, Candidate, Evaluation, Skipped
from regulars_rewards.offers.facts import OfferBasket, OfferLine
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.uses.limits import LimitStanding
from regulars_rewards.uses.rows import KeptUse

PLUGIN = "rewards"
MAX_ADJUSTMENTS = 10_000
"""What core takes of one quote."""
Offer = tuple[str, str | None]
"""A promotion by its key, and by which code it came, None where by none: the code as codes are compared."""


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code that was typed: how it is compared, None for the code of no coupon, and in capitals. Without a coupon, or a
    promotion that had not ended, there is no candidate for it, and `obstacles` say why; `promotion_id` is the promotion that it
    would open, as far as that is told."""

    key: str | None
    code: str
    coupon: CouponStanding | None = None
    candidate: Candidate | None = None
    obstacles: Sequence[Obstacle] = ()

    @property
    def promotion_id(self) -> str | None:
        """The promotion that it would open."""
        return self.coupon.promotion_id if self.coupon else None


@dataclass(frozen=True, slots=True)
class SkippedOffer:
    """An offer that does not apply: by which code it would, None where by itself, and why not. Of a code that is not theirs, and
    of one that there is not, no promotion is told."""

    code: str | None
    promotion_id: str | None
    obstacles: Sequence[Obstacle]


@dataclass(frozen=True)
class OfferQuote(Quote):
    """What offers take off a basket, with everything by which that was decided: `basket` is it as this plugin was asked about it,
    `own` what its name has used or reserved already, and `explain` evaluates it with all that stands in the way of offers, None
    where `evaluation` has it."""

    basket: Basket | None = None
    codes: Sequence[TypedCode] = ()
    evaluation: Evaluation = field(default_factory=Evaluation)
    limits: Mapping[str, LimitStanding] = field(default_factory=dict)
    own: Sequence[KeptUse] = ()
    explain: Callable[[], Evaluation] | None = None

    @cached_property
    def _by_code(self) -> Mapping[int, TypedCode]:
        return {id(one.candidate): one for one in self.codes if one.candidate is not None}

    def offer_of(self, one: Applied | Skipped) -> Offer:
        """The promotion of an offer, and the code by which it came, as codes are compared."""
        typed = self._by_code.get(id(one.candidate))
        return one.candidate.promotion.id, typed.key if typed else None

    def coupon_of(self, offer: Offer) -> CouponStanding | None:
        """The coupon by which an offer came."""
        return next((one.coupon for one in self.codes if one.key is not None and one.key == offer[1]), None)

    @cached_property
    def amounts(self) -> Mapping[Offer, int]:
        """What each offer that applies takes off, in the order in which they do."""
        return {self.offer_of(one): one.amount for one in self.evaluation.applied}

    @cached_property
    def explained(self) -> Evaluation:
        """The same with all that stands in the way of those that do not apply: only for telling it."""
        return self.explain() if self.explain else self.evaluation

    @cached_property
    def taken(self) -> Sequence[int]:
        """What offers take off each line."""
        taken = [0] * len(self.basket.lines if self.basket else ())
        for one in self.evaluation.applied:
            for place, amount in one.shares.items():
                taken[place] += amount
        return taken

    def obstacles_of(self, key: str | None) -> Sequence[Obstacle]:
        """What stands in the way of a code that was typed; nothing where it applies."""
        return self._refused.get(key, ())

    @cached_property
    def _refused(self) -> Mapping[str | None, Sequence[Obstacle]]:
        found: dict[str | None, Sequence[Obstacle]] = {
            one.key: one.obstacles for one in self.codes if one.candidate is None
        }
        for one in self.evaluation.skipped:
            if (typed := self._by_code.get(id(one.candidate))) is not None:
                found[typed.key] = one.obstacles
        return found

    @cached_property
    def skipped(self) -> Sequence[SkippedOffer]:
        """All offers that do not apply, those of typed codes first, and why."""
        reasons = {id(one.candidate): one.obstacles for one in self.explained.skipped}
        told = []
        for one in self.codes:
            obstacles = one.obstacles if one.candidate is None else reasons.get(id(one.candidate), ())
            if obstacles:
                told.append(_skipped_code(one, obstacles))
        by_themselves = [one for one in self.explained.skipped if one.candidate.coupon_code is None]
        return [*told, *(SkippedOffer(None, one.candidate.promotion.id, one.obstacles) for one in by_themselves)]


def quote_in(quoted: Quoted | None) -> OfferQuote | None:
    """What offers take off, of what all plugins do; None where they were not asked, or have failed."""
    quote = None if quoted is None else quoted.quotes.get(PLUGIN)
    return quote if isinstance(quote, OfferQuote) else None


def _skipped_code(typed: TypedCode, obstacles: Sequence[Obstacle]) -> SkippedOffer:
    hidden = obstacles[0].reason in (Reason.NOT_THEIRS, Reason.UNKNOWN_CODE)
    code = typed.coupon.code if typed.coupon and not hidden else typed.code
    return SkippedOffer(code, None if hidden else typed.promotion_id, obstacles)


def quoted_offers(
    basket: Basket,
    codes: Sequence[TypedCode],
    evaluated: Callable[[bool], Evaluation],
    limits: Mapping[str, LimitStanding],
    own: Sequence[KeptUse],
    *,
    explains: bool = False,
) -> OfferQuote:
    """What offers take off a basket: `evaluated` finds it, and whether it explains those that do not apply. Unless it `explains`,
    why those do not that apply by themselves is found when it is asked."""
    explain = None if explains else partial(evaluated, True)
    quote = OfferQuote((), (), basket, codes, evaluated(explains), limits, own, explain)
    declined = [
        Declined(obstacles[0].reason.value, obstacles[0].message) for obstacles in quote._refused.values() if obstacles
    ]
    return replace(quote, adjustments=_adjustments(quote), declined=declined)


def _adjustments(quote: OfferQuote) -> list[Adjustment]:
    each = [
        Adjustment(place, amount, "COUPON" if one.candidate.coupon_code else "PROMOTION", one.candidate.promotion.name)
        for one in quote.evaluation.applied
        for place, amount in one.shares.items()
        if amount
    ]
    if len(each) <= MAX_ADJUSTMENTS:
        return each
    return [Adjustment(n, off, "PROMOTION", "Offers") for n, off in enumerate(quote.taken) if off]


def offer_basket(basket: Basket, zone: ZoneInfo) -> OfferBasket:
    """A basket as offers look at it: what comes back and what sells no goods is left out."""
    day, minute = day_and_minute(basket.at, zone)
    lines = [
        OfferLine(
            n, one.sku, one.name, one.brand, one.category, one.quantity, one.unit_price, max(one.discount, 0), one.total
        )
        for n, one in enumerate(basket.lines)
        if one.is_goods and one.quantity >= 0 and one.total >= 0
    ]
    return OfferBasket(
        basket.at, day, minute, basket.currency, basket.store_id, basket.customer_id, basket.channel, lines
    )


def present_of(at: Instant, now: Instant) -> Instant:
    """The instant by which it is told what is still reserved: a basket's own where that is the present, and else the present,
    also for a till whose clock is ahead, since nothing runs out before its time. Told within a minute it is the same, so that
    what was looked up ahead is not looked up again."""
    return at if now - _MINUTE_MS < at <= now else Instant(now // _MINUTE_MS * _MINUTE_MS)


_MINUTE_MS = 60_000
