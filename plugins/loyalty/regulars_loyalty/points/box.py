"""The kinds of points rules that are always there. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import (
    EarnOn,
    Given,
    MinorUnits,
    NoSettings,
    Number,
    PointsRuleKind,
    Sale,
    SaleLine,
    Tax,
    decimal_text,
    exponent_of,
)

_MAX = 10**9
_POINTS = Field(gt=0, le=_MAX, description="How many points.")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Scoped(_Settings):
    """For rules that may be about some articles only: those of which the code, the brand or the category is named."""

    skus: tuple[str, ...] = Field(
        (), alias="sku", max_length=200, description="Codes of articles; all if nothing is named."
    )
    brands: tuple[str, ...] = Field((), alias="brand", max_length=200, description="Brands, without regard to case.")
    categories: tuple[str, ...] = Field(
        (), alias="category", max_length=200, description="Categories, without regard to case."
    )

    def lines(self, sale: Sale) -> Sequence[SaleLine]:
        """The lines that the rule is about."""
        if not (self.skus or self.brands or self.categories):
            return sale.lines
        return [line for line in sale.lines if self._names(line)]

    def _names(self, line: SaleLine) -> bool:
        named = (self.skus, line.sku), (self.brands, line.brand), (self.categories, line.category)
        return any(one and one.casefold() in {name.casefold() for name in names} for names, one in named)

    @property
    def scope(self) -> str:
        """What it is about, as it reads behind the rest; nothing where that is everything."""
        named = [
            f"{what} {', '.join(names)}"
            for what, names in (("article", self.skus), ("brand", self.brands), ("category", self.categories))
            if names
        ]
        return f" on {' or '.join(named)}" if named else ""


class PerAmount(_Scoped):
    """What `PER_AMOUNT` is told."""

    points: int = _POINTS
    per: MinorUnits = Field(gt=0, le=10**12, description="For which amount these points are.")
    in_steps: bool = Field(False, alias="inSteps", description="Whether only whole amounts count.")
    earn_on: EarnOn = Field(
        EarnOn.NET,
        alias="earnOn",
        description="What was paid after discounts, points and given credit, or before these.",
    )
    tax: Tax = Field(Tax.EXCLUDED, description="Whether the tax on the articles earns.")
    earn_on_bought_credit: bool = Field(
        True, alias="earnOnBoughtCredit", description="Whether what is paid with credit that was bought earns."
    )


def _money(minor: int, currency: str) -> str:
    return decimal_text(minor, exponent_of(currency))


def _decimal(minor: int, currency: str) -> Decimal:
    return Decimal(_money(minor, currency))


def points(count: Any) -> str:
    """A number of points in words."""
    return f"{count} point{'' if count == 1 else 's'}"


def _per_amount(settings: PerAmount, sale: Sale) -> Given:
    basis = settings.earn_on, settings.tax, settings.earn_on_bought_credit
    lines = settings.lines(sale)
    base = sum([line.worths[basis] for line in lines])
    counted = base - base % settings.per if settings.in_steps else base
    per, counts = _money(settings.per, sale.currency), _money(counted, sale.currency)
    whole = f" of {sale.amount(base)}" if counted != base else ""
    return Given(
        Fraction(counted * settings.points, settings.per),
        lines,
        lambda line: line.worths[basis],
        {
            "BASE": _decimal(base, sale.currency),
            "RATE": settings.points,
            "PER": _decimal(settings.per, sale.currency),
        },
        f"{points(settings.points)} × {counts}{whole} ÷ {per}",
    )


PER_AMOUNT = PointsRuleKind(
    "PER_AMOUNT",
    PerAmount,
    "Points for what is spent",
    _per_amount,
    is_monotone=True,
    sentence=lambda settings, currency: (
        f"{points(settings.points)} per {'whole ' * settings.in_steps}{_money(settings.per, currency)}{settings.scope}"
    ),
)


class PerPurchase(_Settings):
    """What `PER_PURCHASE` is told."""

    points: int = _POINTS
    minimum: MinorUnits | None = Field(
        None,
        gt=0,
        description="What the articles come to at least, after discounts, points and given credit, without tax.",
    )
    once_per_customer: bool = Field(
        False, alias="oncePerCustomer", description="Whether each customer gets them once only, as a welcome."
    )


def _per_purchase(settings: PerPurchase, sale: Sale) -> Given:
    is_enough = settings.minimum is None or sale.net >= settings.minimum
    text = (
        f"{points(settings.points)} for the purchase" if is_enough else f"{sale.amount(sale.net)} is below the minimum"
    )
    figures: dict[str, Number] = {"BASE": _decimal(sale.net, sale.currency), "RATE": settings.points}
    return Given(settings.points if is_enough else 0, None, None, figures, text)


PER_PURCHASE = PointsRuleKind(
    "PER_PURCHASE",
    PerPurchase,
    "Points for a purchase, whatever it comes to",
    _per_purchase,
    is_monotone=True,
    sentence=lambda settings, currency: (
        f"{points(settings.points)} per purchase"
        f"{'' if settings.minimum is None else f' from {_money(settings.minimum, currency)} on'}"
        f"{', once per customer' * settings.once_per_customer}"
    ),
    is_once=lambda settings: settings.once_per_customer,
)


class PerItem(_Scoped):
    """What `PER_ITEM` is told."""

    points: int = _POINTS


def _per_item(settings: PerItem, sale: Sale) -> Given:
    lines = [line for line in settings.lines(sale) if line.pieces]
    pieces = sum(line.pieces for line in lines)
    figures = {"PIECES": pieces, "RATE": settings.points}
    return Given(settings.points * pieces, lines, None, figures, f"{points(settings.points)} × {pieces}")


PER_ITEM = PointsRuleKind(
    "PER_ITEM",
    PerItem,
    "Points for each piece; what is weighed has none",
    _per_item,
    is_monotone=True,
    sentence=lambda settings, _: f"{points(settings.points)} a piece{settings.scope}",
)


class Multiplier(_Settings):
    """What `MULTIPLIER` is told."""

    factor: Decimal = Field(
        gt=1, le=1_000, max_digits=10, decimal_places=6, description="By what points are multiplied."
    )


MULTIPLIER = PointsRuleKind(
    "MULTIPLIER",
    Multiplier,
    "Multiplies what the other rules give",
    lambda settings, _: settings.factor,
    is_multiplier=True,
    sentence=lambda settings, _: f"points × {settings.factor:f}",
)
TIER_MULTIPLIER = PointsRuleKind(
    "TIER_MULTIPLIER",
    NoSettings,
    "Multiplies what the other rules give by what the customer's tier brings",
    lambda _, sale: max(sale.tier_multiplier, Decimal(1)),
    is_multiplier=True,
    needs_tier=True,
    sentence=lambda _, __: "points × what the tier brings",
)
BOX: Sequence[PointsRuleKind] = (PER_AMOUNT, PER_PURCHASE, PER_ITEM, MULTIPLIER, TIER_MULTIPLIER)
