"""Everything of loyalty that another plugin may use."""

from regulars_loyalty.hookspecs import PostedEntry

__all__ = ["PostedEntry"]
