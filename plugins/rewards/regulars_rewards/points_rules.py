"""Points for what an offer was used in: a kind of loyalty's rules, there whether or not that plugin is on. Pure."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import Given, Number, PointsRuleKind, Sale


class PerOffer(BaseModel):
    """What `PER_OFFER` is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: int = Field(gt=0, le=10**9, description="How many points.")
    promotion: str = Field(
        pattern=r"^promotion_[0-9a-f]{32}$", description="The promotion that must be used in the purchase, by id."
    )


def _per_offer(settings: PerOffer, sale: Sale) -> Given:
    points, is_used = settings.points, settings.promotion.rpartition("_")[2] in sale.offers
    text = (
        f"{_points(points)} for the purchase, in which the offer was used"
        if is_used
        else "the offer was not used in the purchase"
    )
    figures: dict[str, Number] = {"BASE": Decimal(sale.amount(sale.net)), "RATE": points}
    return Given(points if is_used else 0, figures=figures, text=text)


def _points(count: int) -> str:
    return f"{count} point{'' if count == 1 else 's'}"


PER_OFFER = PointsRuleKind(
    "PER_OFFER",
    PerOffer,
    "Points for a purchase in which a promotion was used",
    _per_offer,
    is_monotone=True,
    sentence=lambda settings, _: f"{_points(settings.points)} per purchase in which the promotion is used",
)
