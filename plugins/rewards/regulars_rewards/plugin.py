"""Everything of rewards that another plugin may use."""

from regulars_rewards.offers.facts import OfferBasket, OfferLine

__all__ = ["OfferBasket", "OfferLine"]
