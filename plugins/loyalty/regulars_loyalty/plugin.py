"""Everything of loyalty that another plugin may use."""

from regulars_loyalty.hookspecs import PostedEntry, RedeemedExchange, RewardGiver
from regulars_loyalty.points.facts import EarnOn, Sale, SaleLine, Tax
from regulars_loyalty.points.kinds import Given, PointsRuleKind

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
