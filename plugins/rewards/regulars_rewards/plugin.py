"""Everything of rewards that another plugin may use."""

from regulars_rewards.offers.facts import OfferBasket, OfferLine, Pieces
from regulars_rewards.offers.kinds import Met, Off, OfferConditionKind, OfferDiscountKind, Unmet
from regulars_rewards.offers.obstacles import Reason

__all__ = [
    "Met",
    "Off",
    "OfferBasket",
    "OfferConditionKind",
    "OfferDiscountKind",
    "OfferLine",
    "Pieces",
    "Reason",
    "Unmet",
]
