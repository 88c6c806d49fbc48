"""Everything of loyalty that another plugin may use."""

from regulars_core.plugin import EarnOn, Given, PointsRuleKind, Sale, SaleLine, Tax
from regulars_loyalty.hookspecs import PostedEntry, RedeemedExchange, RewardGiver

__all__ = [
    "EarnOn",
    "Given",
    "PointsRuleKind",
    "PostedEntry",
    "RedeemedExchange",
    "RewardGiver",
    "Sale",
    "SaleLine",
    "Tax",
]
