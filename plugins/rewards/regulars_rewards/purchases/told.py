"""What a till tells of the offers of a sale: which were applied, by which codes, and how much of each line's discount they
gave."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regulars_core.plugin import Checks, to_minor
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.quotes.offer_quotes import Offer
from regulars_schema.plugin import key_of, value_or_none

OFFERS, CODES, TRUSTED, LINE = "offers", "couponCodes", "offersTrusted", "offerDiscount"
"""The fields by which it is told."""
MAX_CODES = 10
MAX_OFFERS = 1_000
_KEY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ToldOffers:
    """What was told. Amounts are minor units. Of each code that was told it is known how it is compared and where in the input it
    stands; None is the code of no coupon. `amounts` are those of offers, in the order in which they applied."""

    amounts: Mapping[Offer, int]
    codes: Sequence[tuple[str | None, tuple[str, ...]]]
    line_amounts: Sequence[int]
    is_trusted: bool

    @property
    def total(self) -> int:
        """What they took off in all."""
        return sum(self.amounts.values())


def takes_part(extra: Mapping[str, Any]) -> bool:
    """Whether a sale that carries this takes part in offers."""
    return extra.get(OFFERS) is not None or extra.get(CODES) is not None


def promotions_named(extra: Mapping[str, Any]) -> Collection[str]:
    """The keys of the promotions that a sale says were applied, as far as they are some."""
    ids = [str(one.offer_id).rpartition("_")[2] for one in extra.get(OFFERS) or ()]
    return sorted({one for one in ids if _KEY.fullmatch(one)})


def codes_named(extra: Mapping[str, Any]) -> Sequence[str]:
    """The codes that were typed, as they were."""
    return [str(one) for one in extra.get(CODES) or ()]


def keys_named(extra: Mapping[str, Any]) -> Collection[str]:
    """By what the coupons are found whose codes were typed."""
    return sorted({key for one in codes_named(extra) if (key := key_of_code(one)) is not None})


def line_amounts(extra: Mapping[str, Any], number: int, currency: str) -> list[int]:
    """What offers gave of the discount of each of so many lines, 0 where that is no amount."""
    lines = extra.get("lines") or [{}] * number
    return [max(0, _minor(line.get(LINE), currency) or 0) for line in lines]


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return 0 if amount is None else to_minor(amount, currency)


def told_offers(extra: Mapping[str, Any], discounts: Sequence[int], currency: str) -> ToldOffers:
    """What a sale tells that takes part, whose lines have these discounts. Raises BadInput and Refused for what cannot be:
    INVALID_AMOUNT, TOO_MANY, and OFFERS_MISMATCH where its parts do not fit together."""
    checks = Checks()
    lines = _lines(checks, extra, discounts, currency)
    codes = _codes(checks, extra)
    offers = _offers(checks, extra, currency)
    checks.refuse()
    if extra.get(OFFERS) is not None:
        _sides(checks, extra, offers, codes)
    told = ToldOffers(offers, codes, lines, bool(extra.get(TRUSTED)))
    if sum(lines) != told.total:
        message = "What offers gave of the lines' discounts is not what the offers took off."
        checks.fail("OFFERS_MISMATCH", message, OFFERS if extra.get(OFFERS) is not None else "lines")
    checks.refuse()
    return told


def _lines(checks: Checks, extra: Mapping[str, Any], discounts: Sequence[int], currency: str) -> Sequence[int]:
    lines, amounts = extra.get("lines") or [{}] * len(discounts), []
    for n, (line, discount) in enumerate(zip(lines, discounts, strict=True)):
        amount = _minor(line.get(LINE), currency)
        if amount is None or not 0 <= amount <= max(discount, 0):
            checks.fail("INVALID_AMOUNT", "Offers give no more than the line's discount.", "lines", str(n), LINE)
        amounts.append(amount or 0)
    return amounts


def _codes(checks: Checks, extra: Mapping[str, Any]) -> Sequence[tuple[str | None, tuple[str, ...]]]:
    named = codes_named(extra)
    if len(named) > MAX_CODES:
        checks.fail("TOO_MANY", f"At most {MAX_CODES} codes.", CODES)
        return []
    found: dict[str | None, tuple[str, ...]] = {}
    for n, code in enumerate(named):
        found.setdefault(key_of_code(code), (CODES, str(n)))
    return list(found.items())


def _offers(checks: Checks, extra: Mapping[str, Any], currency: str) -> Mapping[Offer, int]:
    named = extra.get(OFFERS) or ()
    if len(named) > MAX_OFFERS:
        checks.fail("TOO_MANY", f"At most {MAX_OFFERS} offers.", OFFERS)
        return {}
    amounts: dict[Offer, int] = {}
    for n, one in enumerate(named):
        place = (OFFERS, str(n))
        promotion = key_of(str(one.offer_id), "promotion", *place, "offerId")
        amount = _minor(one.amount, currency)
        if amount is None or amount <= 0:
            checks.fail("INVALID_AMOUNT", "An offer that was applied took something off.", *place, "amount")
        code = value_or_none(one.coupon_code)
        offer = promotion, None if code is None else key_of_code(code) or ""
        if offer in amounts:
            checks.fail("OFFERS_MISMATCH", "This offer is named twice.", *place)
        amounts[offer] = amount or 0
    return amounts


def _sides(
    checks: Checks,
    extra: Mapping[str, Any],
    offers: Mapping[Offer, int],
    codes: Sequence[tuple[str | None, tuple[str, ...]]],
) -> None:
    """Each code is among the codes, and opens one of the offers."""
    typed = {code or "" for code, _ in codes}
    opened = {code for _, code in offers if code is not None}
    for n, (_, code) in enumerate(offers):
        if code is not None and code not in typed:
            checks.fail("OFFERS_MISMATCH", "The code is not among the codes.", OFFERS, str(n), "couponCode")
    for code, path in codes:
        if (code or "") not in opened:
            checks.fail("OFFERS_MISMATCH", "No offer was applied by this code.", *path)
