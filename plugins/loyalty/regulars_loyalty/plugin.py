"""Everything of loyalty that another plugin may use."""

from regulars_loyalty.hookspecs import PostedEntry, RedeemedExchange, RewardGiver

__all__ = ["PostedEntry", "RedeemedExchange", "RewardGiver"]
