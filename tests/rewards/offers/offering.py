"""Baskets and promotions as tests of offers write them: amounts as text, settings as a shop gives them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from regulars_core.plugin import LATEST, Checks, Instant, RuleData, UsableRule, settings_from, to_minor
from regulars_rewards.offers.box import BOX
from regulars_rewards.offers.engine import Candidate, Evaluation, evaluate
from regulars_rewards.offers.facts import PIECE, OfferBasket, OfferLine
from regulars_rewards.offers.promotion import Promotion, PromotionData, ScopeData, ScopeMode

AT = Instant(1_772_712_000_000)  # Thursday 2026-03-05T12:00Z
DAY = 739_680
KINDS = {kind.name: kind for kind in BOX}


def minor(amount: str, currency: str = "USD") -> int:
    found = to_minor(Decimal(amount), currency)
    assert found is not None
    return found


def basket(*lines: OfferLine | str | tuple[str, str], currency: str = "USD", **more: Any) -> OfferBasket:
    """A basket of lines; a line may be the price of one piece, or how many at which price each."""
    made = [one if isinstance(one, OfferLine) else line(one, currency=currency) for one in lines]
    placed = tuple(one._replace(place=n) for n, one in enumerate(made))
    given = {"at": AT, "day": DAY, "minute": 720, "store_id": "s1", "customer_id": None, "channel": None, **more}
    return OfferBasket(currency=currency, lines=placed, **given)


def line(
    price: str | tuple[str, str],
    sku: str | None = None,
    *,
    by_hand: str = "0",
    brand: str | None = None,
    category: str | None = None,
    currency: str = "USD",
) -> OfferLine:
    """A line: the price of one piece, or how many at which price each."""
    count, each = ("1", price) if isinstance(price, str) else price
    quantity, unit = int(Decimal(count) * PIECE), minor(each, currency)
    less = minor(by_hand, currency)
    return OfferLine(0, sku, sku or "Article", brand, category, quantity, unit, less, quantity * unit // PIECE - less)


def rule(kind: str, currency: str = "USD", **told: Any) -> UsableRule:
    """A rule of the box; what is told as a shop does, `from` with an underscore behind it."""
    return _rule(kind, currency, tuple(_pairs(told)))


def _pairs(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in told.items():
        for one in value if isinstance(value, list) else [value]:
            yield name.rstrip("_"), str(one)


@lru_cache(maxsize=10_000)
def _rule(kind: str, currency: str, pairs: tuple[tuple[str, str], ...]) -> UsableRule:
    checks = Checks()
    settings = settings_from(KINDS[kind].settings, pairs, currency, checks)
    assert settings is not None, checks.problems
    return UsableRule(KINDS[kind], settings)


def wrong(kind: str, **told: Any) -> str:
    """Why a rule cannot be told this."""
    checks = Checks()
    assert settings_from(KINDS[kind].settings, _pairs(told), "USD", checks) is None
    return " ".join(one.message for one in checks.problems)


def only(*skus: str, mode: ScopeMode = ScopeMode.APPLY_ONLY_TO, **more: Any) -> ScopeData:
    """A scope of these articles."""
    return ScopeData(mode=mode, skus=skus, **more)


_numbers = iter(range(1, 10**9))


def promotion(
    discount: UsableRule | None,
    *conditions: UsableRule | None,
    priority: int = 0,
    id_: str | None = None,
    name: str = "Offer",
    needs_coupon: bool = False,
    starts_at: Instant = AT,
    ends_at: Instant = LATEST,
    failed: Sequence[str] = (),
    **data: Any,
) -> Promotion:
    """A promotion; of two the one that was made first is the older."""
    number = id_ or f"{next(_numbers):032x}"
    told = PromotionData(discount=RuleData(kind="ANY"), **data)
    return Promotion(
        number, 1, name, priority, needs_coupon, starts_at, ends_at, told, discount, conditions, failed
    )  # fmt: skip


def offered(goods: OfferBasket, *offers: Promotion | Candidate | UsableRule, explains: bool = True) -> Evaluation:
    """What these do to a basket; a mere rule is a promotion of nothing else."""
    candidates = []
    for one in offers:
        offer = promotion(one) if isinstance(one, UsableRule) else one
        candidates.append(Candidate(offer) if isinstance(offer, Promotion) else offer)
    return evaluate(goods, candidates, explains=explains)


def total(goods: OfferBasket, *offers: Promotion | Candidate | UsableRule) -> str:
    """What is left to pay."""
    found = offered(goods, *offers)
    return goods.amount(sum(one.left for one in goods.lines) - sum(one.amount for one in found.applied))


def shares(goods: OfferBasket, *offers: Promotion | Candidate | UsableRule) -> list[list[str]]:
    """What each offer that applies takes off each line."""
    return [
        [goods.amount(one.shares.get(n, 0)) for n in range(len(goods.lines))] for one in offered(goods, *offers).applied
    ]


def reasons(goods: OfferBasket, *offers: Promotion | Candidate | UsableRule) -> list[list[str]]:
    """Why those do not apply that do not."""
    return [[other.reason for other in one.obstacles] for one in offered(goods, *offers).skipped]
