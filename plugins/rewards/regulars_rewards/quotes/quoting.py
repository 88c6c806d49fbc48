"""Asking what offers take off baskets: what has to be looked up, and what follows from it. The hooks of core ask it, so that the
query and the sale answer alike.

What is looked up follows from what this process remembers of promotions. Where that turns out to be old, Outdated is raised, and
the question is asked anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from regulars_core.plugin import (
    LATEST,
    Basket,
    BasketOutline,
    CustomerMoment,
    Instant,
    Lookup,
    Outdated,
    Shop,
    now,
)
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.coupons.standing import CouponStanding, coupons_from, lookup_codes, obstacles_of_code
from regulars_rewards.offers.engine import Candidate, Evaluation, evaluate
from regulars_rewards.offers.menu import Menu
from regulars_rewards.offers.obstacles import Obstacle, Reason, joined
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.audiences import Belongings, belonging_lookups, belongings_of
from regulars_rewards.promotions.known import (
    KnownPromotions,
    known_promotions,
    lookup_promotions,
    remembered_promotions,
)
from regulars_rewards.quotes import candidates
from regulars_rewards.quotes.candidates import Situation, standing_obstacles
from regulars_rewards.quotes.offer_quotes import OfferQuote, TypedCode, offer_basket, present_of, quoted_offers
from regulars_rewards.uses.limits import (
    CustomerUses,
    LimitStanding,
    Taken,
    customer_uses_from,
    limits_from,
    lookup_customer_uses,
    lookup_limits,
)
from regulars_rewards.uses.rows import KeptUse, UseRow, kept_uses, lookup_uses_of_basket, of_basket

Extras = Sequence[Mapping[str, Any]]
CODES = "couponCodes"
"""The field that carries the codes that were typed."""
EXPLAINS = "explains"
"""What says that all that stands in the way of offers will be told; no input has it."""


@dataclass(frozen=True)
class _Question:
    """What is asked about one basket: which of the promotions may count, and so what has to be known of its customer."""

    shop: Shop
    basket: BasketOutline
    typed: Sequence[str]
    menu: Menu
    revision: int
    present: Instant
    explains: bool

    @cached_property
    def keys(self) -> Sequence[str]:
        """By what the typed codes are found."""
        return sorted({key for one in self.typed if (key := key_of_code(one)) is not None})

    @cached_property
    def asked(self) -> Menu:
        """The promotions that may apply: those by a coupon only where a code was typed."""
        return self.menu if self.keys else self.menu.by_themselves

    @property
    def who(self) -> Sequence[tuple[str, Instant]]:
        """Who buys, and when, where any of the promotions is for known customers alone."""
        if self.basket.customer_id is None:
            return []
        needed = bool(self.keys) or self.asked.needs_customer
        return [(self.basket.customer_id, self.basket.at)] if needed else []

    def lookups(self) -> Iterator[tuple[str, Lookup]]:
        """What has to be looked up, each by what it is of."""
        asked, name, dialect = self.asked, self.basket.name, self.shop.database.dialect
        if self.keys:
            yield "codes", lookup_codes(dialect, self.keys, self.present)
            yield "ends", _lookup_ends(self.shop, self.keys)
        if asked.is_limited:
            since = Instant(min(self.present, self.basket.at))
            yield "limits", lookup_limits(name, self.present, since, revision=self.revision)
        if name is not None and asked.promotions:
            yield "own", lookup_uses_of_basket(name, self.basket.at)
        for customer_id, _ in self.who:
            yield "status", ("SELECT status FROM customer WHERE id = $1", [customer_id])
            if asked.counts_customers:
                yield "uses", lookup_customer_uses(customer_id, self.present)
        for n, one in enumerate(belonging_lookups(self.shop, asked.with_audience, self.who)):
            yield f"audience {n}", one


def _lookup_ends(shop: Shop, keys: Sequence[str]) -> Lookup:
    """The promotions that coupons open, and when each ends."""
    return (
        "SELECT p.id, p.ends_at FROM rewards_promotion p WHERE p.id IN"
        f" (SELECT c.promotion_id FROM rewards_coupon c WHERE {shop.database.dialect.among('c.key', 1, 'text')})",
        [list(keys)],
    )


def lookups(shop: Shop, baskets: Sequence[BasketOutline], extras: Extras) -> Sequence[Lookup]:
    """What has to be looked up to quote these baskets."""
    if not baskets:
        return []
    named = [lookup_promotions(shop, Instant(min(basket.at for basket in baskets)))]
    remembered = remembered_promotions(shop)
    if remembered is not None:
        for question in _questions(shop, baskets, extras, remembered):
            named += [one for _, one in question.lookups()]
    return named


def _questions(
    shop: Shop, baskets: Sequence[BasketOutline], extras: Extras, known: KnownPromotions
) -> Sequence[_Question]:
    present = now()
    return [
        _Question(
            shop,
            basket,
            [str(one) for one in extra.get(CODES) or ()],
            known.menu.at(basket.at),
            known.revision,
            present_of(basket.at, present),
            extra.get(EXPLAINS) is True,
        )
        for basket, extra in zip(baskets, extras, strict=True)
    ]


def quotes(
    shop: Shop, baskets: Sequence[Basket], extras: Extras, found: Sequence[Sequence[Any]]
) -> Sequence[OfferQuote]:
    """What offers take off these baskets. Raises Outdated where what was looked up was named by other promotions."""
    if not baskets:
        return []
    known = known_promotions(shop, found[0])
    if not known.is_as_looked_up:
        raise Outdated
    rows, answered = list(found[1:]), []
    for question, basket in zip(_questions(shop, baskets, extras, known), baskets, strict=True):
        names = [name for name, _ in question.lookups()]
        own, rows = rows[: len(names)], rows[len(names) :]
        answered.append(_quoted(question, basket, _Found(dict(zip(names, own, strict=True)))))
    return answered


@dataclass(frozen=True)
class _Found:
    """The rows of what was looked up about one basket."""

    rows: Mapping[str, Sequence[Any]]

    def of(self, name: str) -> Sequence[Any]:
        """The rows of one look-up, none where it was not named."""
        return self.rows.get(name, ())

    @property
    def belonging_rows(self) -> Sequence[Sequence[Any]]:
        """The rows of audiences."""
        return [rows for name, rows in self.rows.items() if name.startswith("audience ")]


def _quoted(question: _Question, basket: Basket, found: _Found) -> OfferQuote:
    own = of_basket(kept_uses(found.of("own")), basket.customer_id, basket.store_id, basket.at, question.present)
    limits = limits_from(found.of("limits"))
    status = next((row[0] for row in found.of("status")), None)
    deciding = Deciding(
        Situation(basket.at, basket.store_id, basket.customer_id, status),
        question.present,
        limits,
        customer_uses_from(found.of("uses")),
        own,
        belongings_of(question.shop, question.asked.with_audience, question.who, found.belonging_rows),
    )
    coupons = coupons_from(found.of("codes"))
    ends = {row[0]: row[1] for row in found.of("ends")}
    codes = [deciding.code(one, coupons, question.asked.by_id, ends) for one in _once(question.typed)]
    by_codes = [one.candidate for one in codes if one.candidate is not None]
    goods, menu = offer_basket(basket, question.shop.settings.zone), question.menu

    def evaluated(explains: bool) -> Evaluation:
        by_themselves = menu.by_themselves.promotions if explains else menu.by_themselves.about(goods)
        # At time and place the engine looks itself.
        automatic = [
            deciding.candidate(one) if one.id in limits or one.needs_customer else Candidate(one)
            for one in by_themselves
        ]
        return evaluate(goods, [*by_codes, *automatic], grouped=menu.grouped, explains=explains)

    return quoted_offers(basket, codes, evaluated, limits, own, explains=question.explains)


def _once(typed: Sequence[str]) -> Sequence[str]:
    """Codes that were typed without those that are the same."""
    return list({key_of_code(one) or one: one for one in reversed(typed)}.values())[::-1]


@dataclass(frozen=True)
class Deciding:
    """What decides, whatever is in the basket. `own` is what the basket at hand has used or reserved already."""

    where: Situation
    present: Instant
    limits: Mapping[str, LimitStanding]
    uses: Mapping[str, CustomerUses]
    own: Sequence[KeptUse]
    belongings: Belongings

    def candidate(self, promotion: Promotion, coupon: CouponStanding | None = None) -> Candidate:
        """A promotion as it may apply: by itself, or by a coupon."""
        limit = self.limits.get(promotion.id)
        of_code = [] if coupon is None else self._of_code(coupon)
        obstacles = of_code or self._standing(promotion, limit, coupon)
        if of_code and of_code[0].reason is not Reason.NOT_THEIRS:
            obstacles = joined(of_code, self._standing(promotion, limit, coupon))
        budget = None if limit is None else limit.budget_left
        if coupon is None:
            return Candidate(promotion, obstacles=obstacles, budget_left=budget)
        return Candidate(promotion, coupon.code, coupon.id, obstacles, budget)

    def _of_code(self, coupon: CouponStanding) -> Sequence[Obstacle]:
        used = any(one.row.coupon_id == coupon.id and one.row.is_counted for one in self.own)
        return obstacles_of_code(coupon, self.where.customer_id, self.where.at, own=int(used))

    def _standing(
        self, promotion: Promotion, limit: LimitStanding | None, coupon: CouponStanding | None
    ) -> Sequence[Obstacle]:
        return standing_obstacles(
            promotion,
            self.where,
            limit=None if limit is None else self._limit(promotion, limit),
            uses=self._uses_of_customer(promotion),
            belonging=None if self.where.customer_id is None else self._belonging(promotion),
            is_owned=coupon is not None and coupon.customer_id is not None,
        )

    def _belonging(self, promotion: Promotion) -> Any:
        return self.belongings.get((promotion.id, CustomerMoment(str(self.where.customer_id), self.where.at)))

    def _own(self, promotion: Promotion) -> Sequence[UseRow]:
        """What counts of the promotion and is the same use."""
        return [one.row for one in self.own if one.row.promotion_id == promotion.id and one.row.is_counted]

    def _uses_of_customer(self, promotion: Promotion) -> Taken | None:
        uses = self.uses.get(promotion.id)
        if uses is None:
            return None
        own = [one for one in self._own(promotion) if one.customer_id == self.where.customer_id]
        reserved = uses.used - uses.redeemed - len({one.group for one in own if one.is_reserved})
        redeemed = uses.redeemed - len({one.group for one in own if not one.is_reserved})
        return Taken(max(0, reserved) + max(0, redeemed), max(0, reserved))

    def _limit(self, promotion: Promotion, limit: LimitStanding) -> candidates.LimitStanding:
        own = {one.group for one in self._own(promotion)}
        used = max(0, limit.used - limit.run_out - len(own))
        taken = Taken(used, min(limit.reserved, used), limit.free_at)
        return candidates.LimitStanding(limit.total_limit, limit.budget, taken, limit.amount)

    def code(
        self,
        typed: str,
        coupons: Mapping[str, CouponStanding],
        promotions: Mapping[str, Promotion],
        ends: Mapping[str, Instant],
    ) -> TypedCode:
        """What there is of a code that was typed."""
        key, capitals = key_of_code(typed), typed[:200].upper()
        coupon = None if key is None else coupons.get(key)
        if coupon is None:
            return TypedCode(key, capitals, None, None, obstacles_of_code(None, None, self.where.at))
        promotion = promotions.get(coupon.promotion_id)
        if promotion is not None:
            return TypedCode(key, capitals, coupon, self.candidate(promotion, coupon))
        of_code = self._of_code(coupon)
        if of_code and of_code[0].reason is Reason.NOT_THEIRS:
            return TypedCode(key, capitals, coupon, None, of_code)
        at = ends.get(coupon.promotion_id, LATEST)
        ended = Obstacle(Reason.EXPIRED, "This offer has ended.", at=None if at == LATEST else at)
        return TypedCode(key, capitals, coupon, None, joined([ended], of_code))
