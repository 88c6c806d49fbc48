"""Everything of rewards that another plugin may use."""

from regulars_rewards.hookspecs import Giver, SystemReward
from regulars_rewards.offers.facts import OfferBasket, OfferLine, Pieces
from regulars_rewards.offers.kinds import Met, Off, OfferConditionKind, OfferDiscountKind, Unmet
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.triggers.histories import HistoryTrigger
from regulars_rewards.triggers.kinds import PurchaseTrigger, RewardTriggerKind, Undone
from regulars_rewards.triggers.occasions import CustomerDates, Occasion, OccasionTrigger, TierChange
from regulars_rewards.triggers.spans import Span

__all__ = [
    "CustomerDates",
    "Giver",
    "HistoryTrigger",
    "Met",
    "Occasion",
    "OccasionTrigger",
    "Off",
    "OfferBasket",
    "OfferConditionKind",
    "OfferDiscountKind",
    "OfferLine",
    "Pieces",
    "PurchaseTrigger",
    "Reason",
    "RewardTriggerKind",
    "Span",
    "SystemReward",
    "TierChange",
    "Undone",
    "Unmet",
]
